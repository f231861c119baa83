"""Metadata to download: all documents as JSON lines and CSV (docs/FORMAT.md 2.14)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.flat_documents import (
    ALWAYS,
    LINE_OF,
    PICTURES,
    REMOTE,
    SIZES,
    FlatColumn,
    flat_columns,
    flat_row,
)
from imagedb_site.layout import DOWNLOADS_FOLDER, thumbnail_path
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.thumbnails import Places
from imagedb_site.site.types import SiteInput, SiteSettings

_MOST_BYTES = 32 << 20
"""A file is also cut when its lines have this many bytes, so that no more of it is in memory."""


@dataclass(frozen=True)
class Part:
    """A file of downloads and how many rows it has."""

    entry: FileEntry
    rows: int

    def to_json(self) -> dict[str, Any]:
        return {**self.entry.to_json(), "rows": self.rows}


@dataclass(frozen=True)
class Downloads:
    """What was written: the columns, and by format the files in row order."""

    columns: Sequence[FlatColumn]
    parts: dict[str, list[Part]]


class DownloadsWriter:
    """Takes the documents in row order and writes files of at most `download_rows` rows each."""

    def __init__(self, files: SiteFiles, site: SiteInput, places: Places) -> None:
        single = not places.packed
        self._places = places if single else None
        self._columns = flat_columns(_fixed(site, places), site.fields)
        self._formats = [
            _FormatWriter(files, site.settings, self._columns, name)
            for name in site.settings.downloads
        ]

    def add(self, number: int, document: dict[str, Any]) -> None:
        """Write the document of row `number`, which is the next one."""
        if not self._formats:
            return
        thumbnail = None
        if self._places is not None and self._places.length[number]:
            thumbnail = thumbnail_path(self._places.name[number].tobytes().hex(), "webp")
        row = flat_row(document, self._columns, thumbnail)
        for one in self._formats:
            one.add(row)

    def finish(self) -> Downloads | None:
        """Write what is left; None if the site has no downloads."""
        if not self._formats:
            return None
        return Downloads(self._columns, {one.format: one.finish() for one in self._formats})


def _fixed(site: SiteInput, places: Places) -> list[str]:
    """The columns of this site that are not fields. Those that would be empty are left out."""
    pictures = bool(places.length.any())
    there = {
        "thumbnail": pictures and not places.packed,
        "view": pictures and site.settings.view_size > 0,
        "original": pictures and site.settings.originals != "none",
    }
    return [
        *ALWAYS,
        *(SIZES if pictures else ()),
        *(name for name in PICTURES if there[name]),
        *(REMOTE if site.origins else ()),
    ]


class _FormatWriter:
    """The files of one format."""

    def __init__(
        self,
        files: SiteFiles,
        settings: SiteSettings,
        columns: Sequence[FlatColumn],
        format_name: str,
    ) -> None:
        self.format = format_name
        self._files = files
        self._most_rows = settings.download_rows
        self._names = [column.name for column in columns]
        self._line = LINE_OF[format_name]
        self._waiting = bytearray()
        self._rows = 0
        self._parts: list[Part] = []

    def add(self, row: dict[str, Any]) -> None:
        line = self._line(row, self._names, first=not self._rows)
        self._waiting += line.encode("utf-8")
        self._rows += 1
        if self._rows == self._most_rows or len(self._waiting) >= _MOST_BYTES:
            self._write()

    def finish(self) -> list[Part]:
        if self._rows:
            self._write()
        return self._parts

    def _write(self) -> None:
        # Always compressed, because the name says so.
        stem = f"metadata-{len(self._parts):05d}"
        packed = self._files.compressed(DOWNLOADS_FOLDER, stem, bytes(self._waiting))
        entry = self._files.put_hashed(DOWNLOADS_FOLDER, stem, f"{self.format}.gz", packed)
        entry = dataclasses.replace(entry, raw_size=len(self._waiting))
        self._parts.append(Part(entry, self._rows))
        self._waiting.clear()
        self._rows = 0
