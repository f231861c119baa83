"""Exact nearest rows by cosine, block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_BLOCK_VALUES = 1 << 25
"""Similarities in memory at once."""


def rows_at_once(count: int, values: int = _BLOCK_VALUES) -> int:
    """How many queries are compared with `count` rows at once, for that many similarities in memory."""
    return max(1, values // count)


def nearest(queries: Floats, base: Floats, k: int, step: int | None = None) -> tuple[Rows, Floats]:
    """Returns the k rows of `base` most similar to each query, best first, int64 and float32 [n, k].

    Both are L2-normalised, and `base` has at least k rows. Ties are broken by row. `step`: how many queries
    are compared at once, by default `rows_at_once`.
    """
    rows = np.empty((len(queries), k), dtype=np.int64)
    found = np.empty((len(queries), k), dtype=np.float32)
    step = step or rows_at_once(len(base))
    for first in range(0, len(queries), step):
        block = queries[first : first + step] @ base.T
        best = np.argpartition(-block, k - 1, axis=1)[:, :k]
        best.sort(axis=1)
        values = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        rows[first : first + step] = np.take_along_axis(best, order, axis=1)
        found[first : first + step] = np.take_along_axis(values, order, axis=1)
    return rows, found


def evenly(count: int, most: int) -> Rows:
    """At most `most` of the numbers below `count`, at equal distances."""
    size = min(count, most)
    return np.arange(size, dtype=np.int64) * count // max(size, 1)
