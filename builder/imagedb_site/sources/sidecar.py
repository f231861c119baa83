"""A sidecar table: rows of metadata, each for the picture whose file name it has.

The table is streamed into a temporary file. Its columns get their types on the way; `join` finds the rows
of pictures. Several rows of one picture are merged: texts, categories and tags are put together, for other
types the first value wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Problem, Value
from imagedb_site.sources.infer import Store, Tally, field_name
from imagedb_site.sources.join import Joined, Names
from imagedb_site.sources.scratch import Scratch, Stored, pack, unpack
from imagedb_site.sources.tables import MAX_COLUMNS, Row, read_table

_KEY_COLUMNS = (
    "file filename file_name filepath file_path path image image_name image_path image_file img "
    "picture photo source_file name key id"
)
KEY_COLUMNS = tuple(_KEY_COLUMNS.split())
"""Columns that may have the file names, best first; they are compared as field names."""


@dataclass(frozen=True)
class _Column:
    """A column of the table: its number, its field, and how its cells are stored."""

    number: int
    field: FieldSpec
    store: Store


class Sidecar:
    """A table that has been read. `fields` are its columns without the one with the file names.

    `problems` are the parts of the table that were left out.
    """

    def __init__(
        self,
        path: Path,
        scratch: Scratch,
        columns: Sequence[_Column],
        names: Names,
        problems: Sequence[Problem],
    ) -> None:
        self.path = path
        self.fields = [column.field for column in columns]
        self.problems = list(problems)
        self._scratch = scratch
        self._columns = columns
        self._names = names

    def join(self, keys: Sequence[str]) -> Joined:
        """Finds the rows of the pictures with the paths `keys`, which are relative to the collection."""
        return Joined(self._names, keys, self.path.name, self._values)

    def _values(self, rows: Sequence[int]) -> dict[str, Value]:
        several = [self._scratch.row(row) for row in rows]
        values: dict[str, Value] = {}
        for column in self._columns:
            merged: Value | None = None
            for cells in several:
                stored = cells[column.number]
                value = None if stored is None else column.store(unpack(stored))
                if value is not None:
                    merged = value if merged is None else _merge(column.field, merged, value)
            if merged is not None and merged != "" and merged != []:
                values[column.field.name] = merged
        return values


def _merge(field: FieldSpec, one: Value, other: Value) -> Value:
    if isinstance(one, list) and isinstance(other, list):
        return list(dict.fromkeys([*one, *other]))
    if field.type in ("text", "category") and str(other) not in str(one):
        return f"{one}\n{other}" if one else other
    return one


def load_sidecar(path: Path, key: str | None = None) -> Sidecar:
    """Reads a CSV, TSV, JSON-lines, JSON or Parquet table.

    `key` is the column with the pictures' file names; without it the first of `KEY_COLUMNS` that exists is
    used. Column names become field names (`infer.field_name`); a name in `infer.RESERVED` gets the prefix
    `meta_`. Raises `SourceError` if the table cannot be read, has no such column, or if two of its columns
    have the same field name, and `StorageError` if the disk for temporary files is full.
    """
    reading = _Reading(path)
    reading.read(read_table(path))
    columns = list(reading.numbers)
    if not columns:
        raise SourceError(f"The table {path.name} is empty.")
    number = columns.index(_key_column(path, columns, key))
    fields = _fields(path, columns, reading.tallies, number)
    return Sidecar(path, reading.scratch, fields, Names(reading.scratch, number), reading.problems)


class _Reading:
    """Reads the rows of a table: stores the cells and counts the facts that decide the types of columns."""

    def __init__(self, path: Path) -> None:
        self.scratch = Scratch()
        self.numbers: dict[str, int] = {}
        self.tallies: list[Tally] = []
        self.problems: list[Problem] = []
        self._path = path

    def read(self, rows: Iterable[Row]) -> None:
        numbers, tallies = self.numbers, self.tallies
        for row in rows:
            for name in row:
                if name not in numbers:
                    self._add_column(name)
            cells: list[Stored] = [None] * len(tallies)
            for name, cell in row.items():
                number = numbers.get(name)
                if number is not None:
                    tallies[number].add(cell)
                    cells[number] = pack(cell)
            self.scratch.add_row(cells)

    def _add_column(self, name: str) -> None:
        number = len(self.numbers)
        if number < MAX_COLUMNS:
            self.numbers[name] = number
            self.tallies.append(Tally(field_name(name, number)))
            self.scratch.add_column()
        elif not self.problems:
            reason = f"has more than {MAX_COLUMNS} columns; the first left out is {name[:80]}"
            self.problems.append(Problem(self._path.name, reason))


def _key_column(path: Path, columns: Sequence[str], key: str | None) -> str:
    if key is not None:
        if key not in columns:
            shown = ", ".join(columns[:12])
            raise SourceError(
                f'The table {path.name} has no column "{key}".', f"Its columns are: {shown}."
            )
        return key
    plain = {field_name(column, at): column for at, column in reversed([*enumerate(columns)])}
    for name in KEY_COLUMNS:
        column = plain.get(name) or plain.get(f"meta_{name}")
        if column is not None:
            return column
    raise SourceError(
        f"{path.name} has no column with file names.", 'Rename the column that has them to "file".'
    )


def _fields(
    path: Path, columns: Sequence[str], tallies: Sequence[Tally], key: int
) -> list[_Column]:
    fields: list[_Column] = []
    labels: dict[str, str] = {}
    for number, (label, tally) in enumerate(zip(columns, tallies, strict=True)):
        if number == key:
            continue
        if tally.name in labels:
            raise SourceError(
                f'The columns "{labels[tally.name]}" and "{label}" of {path.name} '
                f'both get the field name "{tally.name}".',
                "Rename or remove one of them.",
            )
        labels[tally.name] = label
        fields.append(_Column(number, *tally.field(label)))
    return fields
