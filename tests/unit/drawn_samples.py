"""What draws rows, written out value by value (docs/FORMAT.md 2.3)."""

from __future__ import annotations

import numpy as np

from imagedb_site.reader.decode import RowInfo


def drawn_arrays(rows: list[RowInfo]) -> dict[str, np.ndarray]:
    """The sections that draw rows, one line for each row."""
    packs = [b"" if row.thumbnail is None else bytes.fromhex(row.thumbnail.hash16) for row in rows]
    places = [
        (row.thumbnail.offset, row.thumbnail.length) if row.thumbnail else (0, 0) for row in rows
    ]
    holders = [bytes([len(row.placeholder)]) + row.placeholder for row in rows]

    def wide(texts: list[bytes], width: int) -> np.ndarray:
        joined = b"".join(text.ljust(width, b"\0") for text in texts)
        return np.frombuffer(joined, np.uint8).reshape(-1, width)

    return {
        "id": wide([bytes.fromhex(row.image_id) for row in rows], 8),
        "width": np.array([row.width for row in rows], np.uint32),
        "height": np.array([row.height for row in rows], np.uint32),
        "pack": wide(packs, 8),
        "offset": np.array([offset for offset, _ in places], np.uint32),
        "length": np.array([length for _, length in places], np.uint32),
        "placeholder": wide(holders, 32),
    }
