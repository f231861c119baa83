"""A sidecar table: rows of metadata, each for the picture whose file name it has.

The table is streamed into a temporary file. Its columns get their types on the way; `join` finds the rows
of pictures. Several rows of one picture are merged: texts, categories and tags are put together, for other
types the first value wins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.sources.cells import as_text
from imagedb_site.sources.columns import (
    KEY_COLUMNS,
    MAX_COLUMNS,
    field_name,
    free_name,
)
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.infer import Store, Tally, conventions
from imagedb_site.sources.join import Joined, Names
from imagedb_site.sources.private_columns import private_labels
from imagedb_site.sources.scratch import Scratch, Stored, pack, unpack
from imagedb_site.sources.tables import Table

_SAMPLE = 1_000
_LONGEST_NAME = 300
_PICTURE_NAME = re.compile(
    r".*[^./\\]\.(?:jpe?g|png|webp|hei[cf]|avif|tiff?|gif|bmp|svg|jxl|jp2)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class _Column:
    """A column of the table: its number, what it is called there, its field, and how its cells are stored."""

    number: int
    label: str
    field: FieldSpec
    store: Store


class Sidecar:
    """A table that has been read. `fields` are its columns without the one with the file names.

    `problems` are the parts of the table that were left out, `notes` sentences about decisions, and
    `private` the fields that are published only if the owner asks for it.
    """

    def __init__(
        self,
        path: Path,
        scratch: Scratch,
        columns: Sequence[_Column],
        names: Names,
        faults: Faults,
    ) -> None:
        self.path = path
        self.problems = faults.problems()
        self.notes = faults.notes
        self._scratch = scratch
        self._columns = list(columns)
        self._names = names

    @property
    def fields(self) -> list[FieldSpec]:
        """The fields, one for each column but the one with the file names."""
        return [column.field for column in self._columns]

    @property
    def private(self) -> frozenset[str]:
        """The names of the fields that are published only if the owner asks for it."""
        labels = {column.label: column.field.name for column in self._columns}
        return frozenset(labels[label] for label in private_labels([*labels]))

    def make_text(self, name: str) -> None:
        """Makes the field `name`, if there is one, a text."""
        for at, column in enumerate(self._columns):
            if column.field.name == name:
                field = FieldSpec(name, column.field.label, "text", fts=True)
                self._columns[at] = replace(column, field=field, store=as_text)

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


def load_sidecar(path: Path, key: str | None = None, *, folder: str = "") -> Sidecar:
    """Reads a CSV, TSV, JSON-lines, JSON or Parquet table.

    `key` is the column with the pictures' file names, relative to `folder` of the collection; without it the
    first of `columns.KEY_COLUMNS` that exists is used, else the column in which most values are names of
    picture files. Column names become field names (`columns.field_name`); a name in `columns.RESERVED` gets
    the prefix `meta_`. A row or a cell that cannot be used is a problem of the `Sidecar`.

    Raises `SourceError` if the table cannot be read or has no such column, and `StorageError` if the disk
    for temporary files is full.
    """
    table = Table(path)
    reading = _Reading(table)
    reading.read()
    if not reading.columns:
        raise SourceError(f"The table {path.name} is empty.")
    number = _key_column(path, reading.columns, key)
    columns = _fields(reading, number, table.separator)
    names = Names(reading.scratch, number, folder)
    return Sidecar(path, reading.scratch, columns, names, table.faults)


@dataclass
class _Found:
    """A column while the table is read: its label, its tally, and how many values are names of pictures."""

    label: str
    tally: Tally
    pictures: int = 0


class _Reading:
    """Reads the rows of a table: stores the cells and counts the facts that decide the types of columns."""

    def __init__(self, table: Table) -> None:
        self.scratch = Scratch()
        self.columns: list[_Found] = []
        self.faults = table.faults
        self._numbers: dict[str, int] = {}
        self._table = table

    def read(self) -> None:
        numbers, columns = self._numbers, self.columns
        for row_number, row in self._table.rows():
            for name in row:
                if name not in numbers:
                    self._add_column(name)
            cells: list[Stored] = [None] * len(columns)
            for name, cell in row.items():
                number = numbers.get(name)
                if number is not None:
                    column = columns[number]
                    tally = column.tally
                    tally.add(cell, row_number)
                    if tally.count <= _SAMPLE and isinstance(cell, str):
                        column.pictures += (
                            _PICTURE_NAME.fullmatch(cell[-_LONGEST_NAME:]) is not None
                        )
                    cells[number] = pack(cell)
            self.scratch.add_row(cells, row_number)

    def _add_column(self, name: str) -> None:
        number = len(self.columns)
        if number < MAX_COLUMNS:
            taken = {column.tally.name for column in self.columns}
            field = free_name(field_name(name, number), taken)
            self._numbers[name] = number
            self.columns.append(_Found(name, Tally(field)))
            self.scratch.add_column()
        else:
            reason = f"has more than {MAX_COLUMNS} columns; the first left out is {name[:80]}"
            self.faults.once("columns", reason)


def _key_column(path: Path, columns: Sequence[_Found], key: str | None) -> int:
    """Returns the number of the column with the file names."""
    labels = [column.label for column in columns]
    if key is not None:
        if key not in labels:
            shown = ", ".join(labels[:12])
            raise SourceError(
                f'The table {path.name} has no column "{key}".', f"Its columns are: {shown}."
            )
        return labels.index(key)
    plain = {field_name(label, at): at for at, label in reversed([*enumerate(labels)])}
    for name in KEY_COLUMNS:
        number = plain.get(name, plain.get(f"meta_{name}"))
        if number is not None:
            return number
    best = max(range(len(columns)), key=lambda at: columns[at].pictures)
    if columns[best].pictures * 2 > min(columns[best].tally.cells, _SAMPLE):
        return best
    raise SourceError(
        f"{path.name} has no column with file names.", 'Rename the column that has them to "file".'
    )


def _fields(reading: _Reading, key: int, separator: str | None) -> list[_Column]:
    others = [(at, column) for at, column in enumerate(reading.columns) if at != key]
    table = conventions((column.tally for _, column in others), separator)
    return [
        _Column(number, column.label, *column.tally.column(column.label, table, reading.faults))
        for number, column in others
    ]
