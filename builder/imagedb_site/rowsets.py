"""Sets of rows as the format stores them (docs/FORMAT.md 1.6).

The twin is web_assets/src/format/row-set.ts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.varints import decode_varints, encode_varints

_GAPS = 0
_BITMAP = 1


def encode_rows(rows: NDArray[Any], count: int) -> bytes:
    """Returns the stored form of a set of rows of a collection with `count` rows: the shorter of the two.

    `rows`: rising, without repetition, each below `count`.
    """
    gaps = encode_varints(np.diff(np.asarray(rows, dtype=np.int64), prepend=-1) - 1)
    size = (count + 7) // 8
    if len(gaps) <= size:
        return bytes([_GAPS]) + gaps.tobytes()
    mask = np.zeros(count, dtype=np.bool_)
    mask[rows] = True
    return bytes([_BITMAP]) + np.packbits(mask, bitorder="little").tobytes()


def decode_rows(data: bytes | memoryview, count: int, size: int | None) -> NDArray[np.uint32]:
    """Returns the rows u32 of a stored set, rising, of a collection with `count` rows.

    `size`: how many there must be; None allows any number. Raises FormatError if the data are not such a set.
    """
    stored = np.frombuffer(data, dtype=np.uint8)
    mode = int(stored[0]) if len(stored) else None
    if mode == _GAPS:
        steps = decode_varints(stored[1:]).astype(np.int64) + 1
        places = np.cumsum(steps) - 1
    elif mode == _BITMAP and len(stored) == 1 + (count + 7) // 8:
        places = np.flatnonzero(np.unpackbits(stored[1:], bitorder="little"))
    else:
        raise FormatError("A set of rows has no valid form.")
    if size not in (None, len(places)) or (len(places) and int(places[-1]) >= count):
        raise FormatError("A set of rows has other rows than were announced.")
    return places.astype(np.uint32)
