"""Exact answers from similarities that come block by block and may be rounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .index import Floats, Mask, Near, Rows
from .relevance import SAMPLE

Block = tuple[int, Floats]
"""The first row of a block, and the similarities f32[n] of its rows within a margin."""

UNKNOWN = -1.0
"""The similarity of a row without an embedding to everything."""

Exact = Callable[[Rows], Floats]
"""The exact similarities f32[n] of rows of the block that was read last."""


def nearest(
    blocks: Iterable[Block], exact: Exact, k: int, allowed: Mask | None, margin: float
) -> Near:
    """The `k` rows with the largest exact similarities, ties in row order.

    `margin`: how far at most a block's similarities are from the exact ones. Only rows that may be
    among the first k are computed exactly. A row without an embedding has the similarity −∞ in its block and
    is never among them.
    """
    rows = np.zeros(0, dtype=np.int64)
    found = np.zeros(0, dtype=np.float32)
    limit = float(np.finfo(np.float32).min)
    for first, similarities in blocks:
        if k < 1:
            continue
        wanted = similarities >= limit - margin
        if allowed is not None:
            wanted &= allowed[first : first + len(similarities)]
        places = np.flatnonzero(wanted)
        if len(places) > k:
            # The k-th best of this block alone bounds what can be among the first k.
            least = np.partition(similarities[places], len(places) - k)[len(places) - k]
            places = places[similarities[places] >= least - 2 * margin]
        if not len(places):
            continue
        candidates = places + first
        rows = np.concatenate([rows, candidates])
        found = np.concatenate([found, exact(candidates)])
        if len(rows) > k:
            best = np.lexsort((rows, -found))[:k]
            rows, found = rows[best], found[best]
            limit = float(found[-1])
    best = np.lexsort((rows, -found))[: max(k, 0)]
    return Near(rows[best], found[best])


def above(blocks: Iterable[Block], exact: Exact, limit: float, margin: float) -> Rows:
    """All rows whose exact similarity is at least `limit`, in row order."""
    found: list[Rows] = []
    for first, similarities in blocks:
        places = np.flatnonzero(similarities >= limit - margin)
        if len(places):
            candidates = (places + first).astype(np.int64)
            found.append(candidates[exact(candidates) >= limit])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def sample_rows(count: int, size: int, missing: Mask | None = None) -> Rows:
    """At most `size` rows, evenly over those that are not `missing`, i64."""
    known = None if missing is None else np.flatnonzero(~missing)
    if known is not None:
        count = len(known)
    taken = min(count, size)
    places = np.arange(taken, dtype=np.int64) * count // max(taken, 1)
    return places if known is None else known[places]


def samples_of(count: int, missing: Mask | None, texts: Mask | None) -> dict[bool, Rows]:
    """The rows whose similarities are the background of pictures (False) and of `texts` (True)."""
    if texts is None:
        return {False: sample_rows(count, SAMPLE, missing), True: np.zeros(0, dtype=np.int64)}
    others = texts if missing is None else texts | missing
    return {False: sample_rows(count, SAMPLE, others), True: sample_rows(count, SAMPLE, ~texts)}
