"""Columns: one field's value for every row, to filter, sort and count by (docs/FORMAT.md 2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.blocks import COLUMN_BLOCK
from imagedb_site.site.column_blocks import Names, block_maker, has_column
from imagedb_site.site.column_values import ValuesWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteSettings


class ColumnsWriter:
    """The columns of all fields that have one, written block by block."""

    def __init__(
        self, files: SiteFiles, fields: Sequence[FieldSpec], count: int, settings: SiteSettings
    ) -> None:
        """`count`: the rows that will be added."""
        self._files = files
        self._block = settings.column_block or COLUMN_BLOCK
        self._columns = [
            _Column(files, spec, self._block, count, settings)
            for spec in fields
            if has_column(spec)
        ]
        self._rows = 0

    def add(self, values: Mapping[str, Value]) -> None:
        """Append the cleaned values of the next row."""
        for column in self._columns:
            column.add(values)
        self._rows += 1
        if self._rows % self._block == 0:
            self._flush()

    def finish(self) -> dict[str, Any] | None:
        """Write what is left and the index; gives the manifest's `columns`."""
        if not self._columns:
            return None
        if self._rows % self._block or not self._rows:
            self._flush()
        index = {}
        while self._columns:
            # Each column is released before the next one is made.
            column = self._columns.pop()
            index[column.name] = column.finish()
        return self._files.put_index("columns", index).to_json()

    def _flush(self) -> None:
        for column in self._columns:
            column.flush(self._rows)


class _Column:
    def __init__(
        self, files: SiteFiles, spec: FieldSpec, block: int, count: int, settings: SiteSettings
    ) -> None:
        self.name = spec.name
        self._files = files
        self._block = block
        names = Names()
        self._maker = block_maker(spec, names)
        self._entries: list[FileEntry] = []
        self._first = 0
        self._known = 0
        self._zones: list[list[float] | None] | None = None
        if spec.type in ("number", "date"):
            self._zones = []
        self._values: ValuesWriter | None = None
        if self._zones is None and count > block:
            self._values = ValuesWriter(files, spec.name, names, count, settings)

    def add(self, values: Mapping[str, Value]) -> None:
        self._maker.add(values.get(self.name))

    def flush(self, end: int) -> None:
        """Write the block of the rows since the last one, up to the row before `end`."""
        block = self._maker.take()
        header = {**block.header, "first": self._first, "count": end - self._first}
        self._entries.append(
            self._files.put_container("column", self.name, header, block.arrays, compress=True)
        )
        self._known += block.known
        if self._zones is not None:
            zone = block.zone
            self._zones.append(None if zone is None else [_plain(zone[0]), _plain(zone[1])])
        if self._values is not None and block.places is not None and block.numbers is not None:
            self._values.add(self._first, block.places, block.numbers)
        self._first = end

    def finish(self) -> dict[str, Any]:
        """The column's part of the index."""
        found: dict[str, Any] = {
            "block": self._block,
            "files": [entry.to_json() for entry in self._entries],
            "known": self._known,
        }
        if self._zones is not None:
            found["zones"] = self._zones
        values = self._values and self._values.finish()
        if values:
            found["values"] = values
        return found


def _plain(number: float) -> float:
    """The number as JSON has it: a whole one without a point."""
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number
