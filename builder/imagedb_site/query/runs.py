"""Which rows are counted if counting all of them costs too much (docs/QUERY.md, "Counts").

The twin is web_assets/src/engine/runs.ts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .index import Mask

RUN = 1 << 16
"""An estimate counts whole runs of this number of rows."""
EXACT = 100_000
"""Counts are exact up to this number of matching rows and estimated above it, from at least as many."""
TAG_RUNS = 4
"""Of tags in a collection of more runs than this, no more runs are counted,"""
TAG_ROWS = 8192
"""… nor more once they have this number of matching rows,"""
FEW = 256
"""… if more rows match than this."""


def runs_taken(rows: Sequence[int], tags: bool) -> list[int] | None:
    """The runs to count, with the number of matching rows that each run has; None for all rows."""
    many = tags and len(rows) > TAG_RUNS and sum(rows) > FEW
    if sum(rows) <= EXACT and not many:
        return None
    enough, most = (TAG_ROWS, TAG_RUNS) if many else (EXACT, len(rows))
    bits = max(len(rows) - 1, 1).bit_length()
    taken: list[int] = []
    found = 0
    for place in range(1 << bits):
        if found >= enough or len(taken) >= most:
            break
        run = int(f"{place:0{bits}b}"[::-1], 2)
        if run < len(rows) and rows[run]:
            taken.append(run)
            found += rows[run]
    return taken


def counted_rows(mask: Mask, tags: bool) -> Mask:
    """The rows of a mask bool[count] that are counted."""
    starts = range(0, len(mask), RUN)
    taken = runs_taken([int(np.count_nonzero(mask[at : at + RUN])) for at in starts], tags)
    if taken is None:
        return mask
    chosen = np.zeros_like(mask)
    for run in taken:
        part = slice(run * RUN, (run + 1) * RUN)
        chosen[part] = mask[part]
    return chosen
