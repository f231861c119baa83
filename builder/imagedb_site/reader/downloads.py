"""The downloads of a site, found and compared with its documents (docs/FORMAT.md 2.14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.flat_documents import FORMATS, LINE_OF, FlatColumn, flat_row
from imagedb_site.layout import thumbnail_path
from imagedb_site.reader.decode import RowInfo
from imagedb_site.reader.shape import (
    as_count,
    as_entry,
    as_list,
    as_object,
    as_text,
    parse_json,
)
from imagedb_site.reader.site import Site


@dataclass(frozen=True)
class Part:
    """A file of downloads and how many rows it has."""

    entry: FileEntry
    rows: int


@dataclass(frozen=True)
class DownloadsIndex:
    """The columns of the downloads, and by format the files in row order."""

    columns: Sequence[FlatColumn]
    parts: Mapping[str, Sequence[Part]]


def read_downloads(site: Site) -> DownloadsIndex | None:
    """Read the index of the downloads; None if the site has none. Raises FormatError."""
    summary = site.manifest.downloads
    if summary is None:
        return None
    index = as_object(parse_json(site.read(summary.index), summary.index.path), "downloads")
    names = {field.name for field in site.manifest.fields}
    columns = [_column(item, names) for item in as_list(index.get("columns"), "downloads.columns")]
    parts: dict[str, list[Part]] = {}
    for name in summary.formats:
        where = f"downloads.{name}"
        parts[name] = [_part(item, where) for item in as_list(index.get(name), where)]
        if sum(part.rows for part in parts[name]) != site.count:
            raise FormatError(f"{where} does not have one row for each image.")
    return DownloadsIndex(columns, parts)


def _column(value: object, fields: set[str]) -> FlatColumn:
    column = as_object(value, "downloads.columns")
    field = column.get("field")
    if field is not None and field not in fields:
        raise FormatError("A column of the downloads is of a field that the site does not have.")
    name = as_text(column.get("name"), "downloads.columns.name")
    return FlatColumn(name, None if field is None else str(field))


def _part(value: object, where: str) -> Part:
    part = as_object(value, where)
    rows = as_count(part.get("rows"), f"{where}.rows")
    if not rows:
        raise FormatError(f"A file of {where} has no rows.")
    return Part(as_entry(part, where), rows)


class DownloadsCheck:
    """Compares the downloads with rows and documents that are given in row order."""

    def __init__(self, site: Site) -> None:
        self._single = site.manifest.thumbnails.extension == "webp"
        index = read_downloads(site)
        self._columns = index.columns if index else ()
        self._formats = (
            [_FormatCheck(site, index, name) for name in FORMATS if name in index.parts]
            if index
            else []
        )

    def verify(self, info: RowInfo, document: Mapping[str, Any]) -> None:
        """Check the next row. Raises FormatError if a file says something else about it."""
        if not self._formats:
            return
        place = info.thumbnail if self._single else None
        thumbnail = None if place is None else thumbnail_path(place.hash16, "webp")
        row = flat_row(document, self._columns, thumbnail)
        for one in self._formats:
            one.verify(row)


class _FormatCheck:
    """The files of one format."""

    def __init__(self, site: Site, index: DownloadsIndex, name: str) -> None:
        self._site = site
        self._names = [column.name for column in index.columns]
        self._line = LINE_OF[name]
        self._parts = iter(index.parts[name])
        self._part: Part | None = None
        self._expected = bytearray()
        self._left = 0

    def verify(self, row: dict[str, Any]) -> None:
        first = not self._left
        if first:
            self._part = next(self._parts)
            self._left = self._part.rows
        self._expected += self._line(row, self._names, first=first).encode("utf-8")
        self._left -= 1
        assert self._part is not None
        if not self._left:
            if self._site.read(self._part.entry) != self._expected:
                raise FormatError(f"{self._part.entry.path} differs from the documents.")
            self._expected.clear()
