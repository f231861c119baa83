"""How well the flat map shows what is alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from imagedb_site.mapping.fit import Places
from imagedb_site.mapping.nearest import Floats, evenly

SAMPLE = 2000
NEIGHBOURS = 10
_BLOCK = 100


def measure(vectors: Floats, places: Places) -> dict[str, Any] | None:
    """Returns trustworthiness and the share of the ten nearest rows that are among the ten nearest points.

    Both are measured for 2,000 rows against all of them. None if there are too few rows.
    """
    count, k = len(vectors), NEIGHBOURS
    if count < 3 * k:
        return None
    points = places.astype(np.float32)
    sample = evenly(count, SAMPLE)
    kept, penalty = 0, 0
    for first in range(0, len(sample), _BLOCK):
        rows = sample[first : first + _BLOCK]
        similar = vectors[rows] @ vectors.T
        apart = sum(np.square(points[rows, None, d] - points[None, :, d]) for d in (0, 1))
        at = np.arange(len(rows))
        similar[at, rows], apart[at, rows] = np.inf, np.inf
        close = np.argpartition(apart, k, axis=1)[:, :k]
        # The row itself is the most similar one and has the rank 0.
        for number, found in enumerate(close):
            ranks = [int(np.count_nonzero(similar[number] > similar[number, one])) for one in found]
            kept += sum(rank <= k for rank in ranks)
            penalty += sum(max(0, rank - k) for rank in ranks)
    worst = len(sample) * k * (2 * count - 3 * k - 1) / 2
    return {
        "trustworthiness": round(1 - penalty / worst, 4),
        "neighbours_kept": round(kept / (len(sample) * k), 4),
        "rows": len(sample),
    }
