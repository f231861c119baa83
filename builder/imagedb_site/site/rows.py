"""Rows in blocks: what a grid needs to draw an image (docs/FORMAT.md 2.3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.site.blocks import ROW_BLOCK
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import Arrays, SiteFiles
from imagedb_site.site.thumbnails import Places
from imagedb_site.site.types import SiteRow, SiteSettings

PLACEHOLDER_BYTES = 32

Bytes = NDArray[np.uint8]


class DrawnRows:
    """What a grid draws of every row, 48 bytes each besides their places."""

    def __init__(self, count: int, places: Places) -> None:
        self._places = places
        self._ids = np.zeros((count, 8), dtype=np.uint8)
        self._sizes = np.zeros((count, 2), dtype=np.uint32)
        self._placeholders = np.zeros((count, PLACEHOLDER_BYTES), dtype=np.uint8)

    def put(self, rows: slice, ids: Bytes, sizes: NDArray[np.uint32], placeholders: Bytes) -> None:
        """Take the next rows."""
        self._ids[rows] = ids
        self._sizes[rows] = sizes
        self._placeholders[rows] = placeholders

    def sections(self, rows: NDArray[np.int64]) -> Arrays:
        """Returns the sections of a file of these rows, in their order."""
        own = self._ids[rows], self._sizes[rows], self._placeholders[rows]
        return _sections(*own, self._places, rows)


def _sections(
    ids: Bytes,
    sizes: NDArray[np.uint32],
    placeholders: Bytes,
    places: Places,
    rows: slice | NDArray[np.int64],
) -> Arrays:
    return {
        "id": ids.reshape(-1),
        "width": sizes[:, 0],
        "height": sizes[:, 1],
        "pack": places.name[rows].reshape(-1),
        "offset": places.offset[rows],
        "length": places.length[rows],
        "placeholder": placeholders.reshape(-1),
    }


class RowsWriter:
    """Takes the rows one after the other and writes a file for each block of them."""

    def __init__(
        self,
        files: SiteFiles,
        places: Places,
        settings: SiteSettings,
        drawn: DrawnRows | None = None,
    ) -> None:
        """`drawn` takes all rows, too."""
        self._files = files
        self._drawn = drawn
        self._places = places
        self._block = settings.row_block or ROW_BLOCK
        self._list = ListWriter(files, "rows", settings.fanout)
        self._first = 0
        self._ids = bytearray()
        self._sizes: list[tuple[int, int]] = []
        self._placeholders = bytearray()

    def add(self, row: SiteRow, image_id: bytes) -> None:
        """Append a row; `image_id` is its id in 8 bytes."""
        size = len(row.placeholder)
        if size >= PLACEHOLDER_BYTES:
            raise FormatError(
                f"The placeholder of {row.key} has {size} bytes; the format allows 31."
            )
        self._ids += image_id
        self._sizes.append((row.width, row.height))
        self._placeholders += bytes([size]) + row.placeholder.ljust(PLACEHOLDER_BYTES - 1, b"\0")
        if len(self._sizes) == self._block:
            self._write()

    def finish(self) -> dict[str, Any]:
        """Write the last block; gives the manifest's `rows`."""
        if self._sizes:
            self._write()
        return {"block": self._block, "files": self._list.finish()}

    def _write(self) -> None:
        count = len(self._sizes)
        rows = slice(self._first, self._first + count)
        sizes = np.array(self._sizes, dtype=np.uint32)
        ids = np.frombuffer(bytes(self._ids), dtype=np.uint8).reshape(count, -1)
        placeholders = np.frombuffer(bytes(self._placeholders), np.uint8).reshape(count, -1)
        if self._drawn is not None:
            self._drawn.put(rows, ids, sizes, placeholders)
        arrays = _sections(ids, sizes, placeholders, self._places, rows)
        header = {"first": self._first, "count": count}
        self._list.add(self._files.put_container("rows", "rows", header, arrays, compress=True))
        self._first += count
        self._ids.clear()
        self._sizes.clear()
        self._placeholders.clear()
