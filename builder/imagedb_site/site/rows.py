"""Rows in blocks, and the ids of all images (docs/FORMAT.md 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imagedb_site.errors import FormatError
from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.thumbnails import Place
from imagedb_site.site.types import SiteRow

PLACEHOLDER_BYTES = 32


def write_rows(
    folder: SiteFolder, rows: Sequence[SiteRow], places: Sequence[Place | None], block: int
) -> dict[str, Any]:
    """Write the row blocks; gives the manifest's `rows`. `places` tells where each thumbnail lies."""
    files = []
    for first in range(0, len(rows), block):
        part = rows[first : first + block]
        arrays = _arrays(part, places[first : first + block])
        header = {"first": first, "count": len(part)}
        entry = folder.put_container("rows", "rows", header, arrays, compress=True)
        files.append(entry.to_json())
    return {"block": block, "files": files}


def _arrays(
    rows: Sequence[SiteRow], places: Sequence[Place | None]
) -> dict[str, np.ndarray[Any, Any]]:
    count = len(rows)
    packs = bytearray(8 * count)
    offsets = np.zeros(count, dtype=np.uint32)
    lengths = np.zeros(count, dtype=np.uint32)
    placeholders = bytearray(PLACEHOLDER_BYTES * count)
    for index, (row, place) in enumerate(zip(rows, places, strict=True)):
        if place is not None:
            packs[8 * index : 8 * index + 8] = bytes.fromhex(place.hash16)
            offsets[index], lengths[index] = place.offset, place.length
        hash_size = len(row.placeholder)
        if hash_size >= PLACEHOLDER_BYTES:
            raise FormatError(
                f"The placeholder of {row.key} has {hash_size} bytes; 31 are the most."
            )
        start = PLACEHOLDER_BYTES * index
        placeholders[start : start + 1 + hash_size] = bytes([hash_size]) + row.placeholder
    return {
        "width": np.array([row.width for row in rows], dtype=np.uint32),
        "height": np.array([row.height for row in rows], dtype=np.uint32),
        "pack": np.frombuffer(bytes(packs), dtype=np.uint8),
        "offset": offsets,
        "length": lengths,
        "placeholder": np.frombuffer(bytes(placeholders), dtype=np.uint8),
    }


def write_ids(folder: SiteFolder, rows: Sequence[SiteRow]) -> dict[str, Any]:
    """Write the image ids in row order; gives their file entry."""
    ids = np.frombuffer(b"".join(bytes.fromhex(row.image_id) for row in rows), dtype=np.uint8)
    header = {"count": len(rows)}
    return folder.put_container("ids", "ids", header, {"ids": ids}, compress=False).to_json()
