"""A sidecar table: one row of metadata a picture, joined on the file's name.

A row belongs to the picture whose path relative to the collection it names; else to the one picture
whose path ends in the same parts (or starts them: a longer path in the table); else to the one picture
of that name without its suffix. A name that fits several pictures equally well fits none. Several rows
of one picture are merged: texts and tags are put together, of other values the first counts.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, Problem, Record, Value
from imagedb_site.sources.infer import field_name, infer
from imagedb_site.sources.tables import Cell, Row, read_table

_KEY_COLUMNS = (
    "file filename file_name filepath file_path path image image_name image_path image_file img "
    "picture photo source_file name key id"
)
KEY_COLUMNS = tuple(_KEY_COLUMNS.split())
"""Columns that may name the picture, by falling precedence (compared as field names)."""


class Sidecar:
    """A table in memory. `fields` are its columns without the one that names the picture."""

    def __init__(self, path: Path, fields: list[FieldSpec], rows: dict[str, dict[str, Value]]):
        self.path = path
        self.fields = fields
        self.problems: list[Problem] = []
        self._rows = rows
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for name in rows:
            for short in _short_names(name):
                self._by_name[short].append(name)
        self._bound: dict[str, str] | None = None
        self._used: set[str] = set()

    def bind(self, keys: Sequence[str]) -> None:
        """Settles which row belongs to which of the pictures `keys`, so that none is guessed."""
        bound: dict[str, str] = {}
        rest = []
        for key in keys:
            if _normal(key) in self._rows:
                bound[key] = _normal(key)
            else:
                rest.append(key)
        taken = set(bound.values())
        wanted: dict[str, list[str]] = defaultdict(list)
        for key in rest:
            name = self._guess(key, taken)
            if name is not None:
                wanted[name].append(key)
        for name, several in wanted.items():
            if len(several) == 1:
                bound[several[0]] = name
            else:
                reason = f"fits {len(several)} pictures, the first is {several[0]}"
                self.problems.append(Problem(name, f"a name in {self.path.name} that {reason}"))
                self._used.add(name)
        self._bound = bound
        self._used.update(bound.values())

    def values(self, key: str) -> Mapping[str, Value]:
        """Returns the values of the picture `key`, empty where the table has none."""
        if self._bound is not None:
            name = self._bound.get(key)
        else:
            name = _normal(key) if _normal(key) in self._rows else self._guess(key, set())
        if name is None:
            return {}
        self._used.add(name)
        return self._rows[name]

    def apply(self, record: Record) -> Record:
        """Returns `record` with its row's values, or `record` itself where there is none."""
        values = self.values(record.key)
        return replace(record, fields={**record.fields, **values}) if values else record

    @property
    def unmatched(self) -> list[str]:
        """The file names in the table that no picture has taken so far, in table order."""
        return [name for name in self._rows if name not in self._used]

    def _guess(self, key: str, taken: set[str]) -> str | None:
        parts = _normal(key).split("/")
        for short in _short_names(parts[-1]):
            names = [name for name in self._by_name.get(short, ()) if name not in taken]
            if names:
                ranked = sorted(names, key=lambda name: -_common(parts, name.split("/")))
                best = _common(parts, ranked[0].split("/"))
                if len(ranked) > 1 and _common(parts, ranked[1].split("/")) == best:
                    return None
                return ranked[0]
        return None


def _normal(name: str) -> str:
    parts = unicodedata.normalize("NFC", name.strip().replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def _short_names(name: str) -> Iterator[str]:
    base = name.rpartition("/")[2]
    yield base
    stem, dot, _ = base.rpartition(".")
    if dot and stem:
        yield stem


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(left[:-1]), reversed(right[:-1]), strict=False):
        if a != b:
            break
        count += 1
    return count


def load_sidecar(path: Path, key: str | None = None) -> Sidecar:
    """Reads a CSV, TSV, JSON-lines, JSON or Parquet table.

    `key` names the column that holds the pictures' file names; without it the first of `KEY_COLUMNS`
    that exists does. Column names become field names (`infer.field_name`); a name in `infer.RESERVED`
    gets the prefix `meta_`. Raises `SourceError` where the table cannot be read, has no such column, or
    two of its columns come to the same field name.
    """
    rows = list(read_table(path))
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if not columns:
        raise SourceError(f"The table {path.name} is empty.")
    chosen = _key_column(path, columns, key)
    names: dict[str, str] = {}
    for at, column in enumerate(columns):
        if column == chosen:
            continue
        name = field_name(column, at)
        if name in names:
            raise SourceError(
                f'The columns "{names[name]}" and "{column}" of {path.name} '
                f'both come to the field name "{name}".',
                "Rename or remove one of them.",
            )
        names[name] = column
    by_picture = _by_picture(rows, chosen)
    joined: dict[str, dict[str, Value]] = {name: {} for name in by_picture}
    fields = []
    for name, column in names.items():
        spec, store = infer(name, column, [row[column] for row in rows if column in row])
        fields.append(spec)
        for picture, several in by_picture.items():
            value = _merge(store(row[column]) for row in several if column in row)
            if value is not None and value != "" and value != []:
                joined[picture][name] = value
    return Sidecar(path, fields, joined)


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
        f"No column of {path.name} names the pictures.",
        f'Call it "file", or name it as in "{path.name}:{columns[0]}".',
    )


def _by_picture(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        cell: Cell | None = row.get(column)
        if cell is None or isinstance(cell, list):
            continue
        name = _normal(str(cell))
        if name:
            found[name].append(row)
    return dict(found)


def _merge(values: Iterable[Value]) -> Value | None:
    merged: Value | None = None
    for value in values:
        if merged is None:
            merged = value
        elif isinstance(merged, list) and isinstance(value, list):
            merged = list(dict.fromkeys([*merged, *value]))
        elif isinstance(merged, str) and isinstance(value, str) and value not in merged:
            merged = f"{merged}\n{value}"
    return merged
