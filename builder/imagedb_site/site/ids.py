"""Finding the row of an image id, and the hash of a collection (docs/FORMAT.md 2.4 and 2.1)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteSettings

_ID = re.compile(r"[0-9a-f]{16}")
_BITS = 64
_MOST_DIGITS = 4
_CHUNK = 1 << 16


class IdsWriter:
    """Collects the ids of all rows in 8 bytes each, and writes them in rising order."""

    def __init__(self) -> None:
        self._ids = bytearray()

    def add(self, image_id: str) -> bytes:
        """Append the id of the next row; returns its 8 bytes. Raises FormatError if it is not an id."""
        if not _ID.fullmatch(image_id):
            raise FormatError(f"“{image_id[:40]}” is not an image id.")
        packed = bytes.fromhex(image_id)
        self._ids += packed
        return packed

    def finish(self, files: SiteFiles, settings: SiteSettings) -> tuple[dict[str, Any], str]:
        """Write the files; gives the manifest's `ids` and `collection.hash`.

        Raises FormatError if two rows have the same id.
        """
        ids = np.frombuffer(bytes(self._ids), dtype=">u8").astype(np.uint64)
        rows = np.argsort(ids, kind="stable").astype(np.uint32)
        ids = ids[rows]
        if (ids[1:] == ids[:-1]).any():
            raise FormatError("Two images have the same id.")
        digits = id_digits(len(ids), settings.ids_per_file)
        bounds = _bounds(ids, digits)
        listed = ListWriter(files, "ids", settings.fanout)
        for number in range(16**digits):
            part = slice(bounds[number], bounds[number + 1])
            header = {"prefix": f"{number:x}".zfill(digits) if digits else ""}
            listed.add(
                files.put_container(
                    "ids",
                    "ids",
                    {**header, "count": part.stop - part.start},
                    {"id": _bytes_of(ids[part]), "row": rows[part]},
                    compress=True,
                )
            )
        return {"digits": digits, "files": listed.finish()}, collection_hash(ids)


def id_digits(count: int, most: int) -> int:
    """Returns the least number of digits with which a file has `most` ids or fewer on average."""
    digits = 0
    while digits < _MOST_DIGITS and count > most * 16**digits:
        digits += 1
    return digits


def collection_hash(ids: NDArray[np.uint64]) -> str:
    """Returns the SHA-256 in hex over the lines of the ids, which must be in rising order."""
    digest = hashlib.sha256()
    for first in range(0, len(ids), _CHUNK):
        lines = ids[first : first + _CHUNK].tolist()
        digest.update("".join(f"{image_id:016x}\n" for image_id in lines).encode())
    return digest.hexdigest()


def _bounds(ids: NDArray[np.uint64], digits: int) -> list[int]:
    """Where each file begins in the sorted ids, and where the last one ends."""
    if not digits:
        return [0, len(ids)]
    starts = np.arange(16**digits, dtype=np.uint64) << np.uint64(_BITS - 4 * digits)
    return [*np.searchsorted(ids, starts).tolist(), len(ids)]


def _bytes_of(ids: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.frombuffer(ids.astype(">u8").tobytes(), dtype=np.uint8)
