"""A table whose rows are the collection: `build --from table FILE`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import Progress
from imagedb_site.sources.columns import field_name
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.inferred import RawRow, read_types
from imagedb_site.sources.row_source import Gathered, Log, Row, RowSource, key_of_cell
from imagedb_site.sources.rowkeys import RowKeys
from imagedb_site.sources.tables import Table

KEY_NAMES = ("id", "key", "image_name", "file_name", "filename", "md5")
"""Columns that may have the keys, best first; they are compared as field names."""


def open_table(
    path: Path,
    *,
    key: str | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> RowSource:
    """Opens the table at `path`: CSV, TSV, JSON lines, JSON or Parquet, also packed. It is read twice.

    `key` is the column with the keys. Rows without a key and rows with the key of an earlier row are left
    out. Without `key`, the first column of `KEY_NAMES` is used that has another value in each row; if there
    is none, the number of the row is its key.

    Raises `SourceError` if the table cannot be read, has no rows, or has no column `key`.
    """
    if path.is_dir():
        raise SourceError(f"{path} is a folder.", "Name the table: build --from table FILE")
    separator: str | None = None

    def read(log: Log) -> Iterator[RawRow]:
        nonlocal separator
        table = Table(path, partial=True)
        separator = table.separator
        for number, cells in table.rows():
            yield RawRow(number, cells)
        log.add(table.faults)

    log, faults = Log(), Faults(path.name)
    finder = _KeyFinder(key)
    types = read_types(
        read,
        log,
        faults,
        limit=limit,
        separator=lambda: separator,
        progress=progress,
        look=finder.look,
    )
    label, gathered = finder.chosen(path.name, faults)
    gathered.used = {spec.name for spec in types.fields}
    log.add(faults)

    def rows(log: Log) -> Iterator[Row]:
        for raw in read(log):
            found = str(raw.number) if label is None else key_of_cell(raw.cells.get(label))
            if found is not None:
                yield Row(found, f"row {raw.number} of {path.name}", types.values(raw.cells))

    return RowSource(
        "table",
        rows,
        [path],
        types.fields,
        gathered=gathered,
        problems=log.finish(path.name),
        notes=log.notes,
        private=types.private,
    )


class _Candidate:
    """A column that may have the keys: the keys, and how many rows have none."""

    def __init__(self, label: str, before: int) -> None:
        self.label = label
        self.keys = RowKeys()
        self.missing = before
        self.first_missing: list[int] = []


class _KeyFinder:
    """Looks at all rows for the column with the keys."""

    def __init__(self, key: str | None) -> None:
        self._key = key
        self._rows = 0
        self._candidates: dict[str, _Candidate] = {}
        self._labels: dict[str, str | None] = {}

    def look(self, row: RawRow) -> None:
        """Looks at the next row."""
        for label in row.cells:
            if label not in self._labels:
                self._new(label)
        for candidate in self._candidates.values():
            found = key_of_cell(row.cells.get(candidate.label))
            if found is not None:
                candidate.keys.add(found)
            else:
                candidate.missing += 1
                if len(candidate.first_missing) < 5:
                    candidate.first_missing.append(row.number)
        self._rows += 1

    def _new(self, label: str) -> None:
        name = field_name(label, 0).removeprefix("meta_")
        self._labels[label] = name
        wanted = label == self._key if self._key is not None else name in KEY_NAMES
        if wanted and name not in (c.label for c in self._candidates.values()):
            self._candidates.setdefault(
                label if self._key is not None else name, _Candidate(label, self._rows)
            )

    def chosen(self, table: str, faults: Faults) -> tuple[str | None, Gathered]:
        """Returns the label of the column with the keys, None for row numbers, and what its rows have."""
        if self._key is not None:
            return self._given(self._key, table, faults)
        for name in KEY_NAMES:
            candidate = self._candidates.get(name)
            if candidate is None:
                continue
            repeated = candidate.keys.repeated()
            if not candidate.missing and not any(repeated):
                return candidate.label, Gathered(repeated)
            faults.note(
                f'The column "{candidate.label}" of {table} does not number the rows: '
                f"{sum(repeated):,} values occur again, and {candidate.missing:,} are missing. "
                f'To use it all the same, add --key "{candidate.label}".'
            )
        return None, Gathered(bytearray(self._rows))

    def _given(self, key: str, table: str, faults: Faults) -> tuple[str, Gathered]:
        candidate = self._candidates.get(key)
        if candidate is None:
            shown = ", ".join([*self._labels][:12])
            raise SourceError(
                f'The table {table} has no column "{key}".', f"Its columns are: {shown}."
            )
        if candidate.missing:
            kind = f'rows without a value in the column "{key}" that can be a key'
            for number in candidate.first_missing:
                faults.row(kind, number, f'has no key in the column "{key}" and was left out')
            faults.count(kind, candidate.missing - len(candidate.first_missing))
        return key, Gathered(candidate.keys.repeated())
