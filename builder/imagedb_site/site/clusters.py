"""Cells of embeddings that look alike: k-means in two levels, without random numbers (docs/FORMAT.md 2.9)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_ROUNDS = 8
_CHUNK = 1 << 13


def fit_cells(sample: Floats, cells: int) -> Floats:
    """Returns the centres of at most `cells` cells, float32 [n, dim], neighbours side by side.

    The sample, float32 [m, dim] with m ≥ 1, is cut into about √cells groups, and each group into cells by its
    share of the rows.
    """
    middles, group = _k_means(sample, max(1, round(np.sqrt(cells))))
    shares = _shares(np.bincount(group, minlength=len(middles)), cells)
    parts = []
    for number in _chain(middles):
        centres, _ = _k_means(sample[group == number], int(shares[number]))
        parts.append(centres[_chain(centres)])
    return np.concatenate(parts)[:cells]


def assign(rows: Floats, centres: Floats, at_once: int = _CHUNK) -> Numbers:
    """Returns the number of the nearest centre for each row of float32 [n, dim], int64 [n].

    `at_once`: how many rows are compared with all centres at once.
    """
    out = np.empty(len(rows), dtype=np.int64)
    half = np.square(centres, dtype=np.float64).sum(axis=1).astype(np.float32) / 2
    for first in range(0, len(rows), at_once):
        near = rows[first : first + at_once] @ centres.T
        near -= half
        out[first : first + len(near)] = near.argmax(axis=1)
    return out


def _k_means(rows: Floats, cells: int) -> tuple[Floats, Numbers]:
    """Returns the centres float32 [k, dim] that have rows, and the centre of each row int64 [n].

    The first centres are rows at equal distances, so that nothing is drawn.
    """
    cells = max(1, min(cells, len(rows)))
    centres = rows[np.arange(cells) * len(rows) // cells].copy()
    nearest = np.zeros(len(rows), dtype=np.int64)
    for _ in range(_ROUNDS):
        nearest = assign(rows, centres)
        centres, nearest = _means(rows, nearest, len(centres))
    return centres, nearest


def _means(rows: Floats, nearest: Numbers, cells: int) -> tuple[Floats, Numbers]:
    """The means of the cells that have rows, and the new numbers of each row's cell."""
    sizes = np.bincount(nearest, minlength=cells)
    order = np.argsort(nearest, kind="stable")
    ends = np.cumsum(sizes)
    kept = np.flatnonzero(sizes)
    means = [rows[order[ends[n] - sizes[n] : ends[n]]].mean(axis=0) for n in kept]
    number = np.full(cells, -1)
    number[kept] = np.arange(len(kept))
    return np.stack(means), number[nearest]


def _shares(sizes: Numbers, cells: int) -> Numbers:
    """How many cells each group gets: in proportion to its rows, at least one and at most its rows."""
    shares = np.floor(sizes * (cells / sizes.sum())).astype(np.int64)
    return np.asarray(np.minimum(np.maximum(shares, 1), sizes))


def _chain(centres: Floats) -> Numbers:
    """An order in which each centre is followed by the nearest one that is left."""
    order = np.empty(len(centres), dtype=np.int64)
    left = np.ones(len(centres), dtype=bool)
    at = int(np.argmax(centres @ centres.mean(axis=0)))
    for place in range(len(centres)):
        order[place] = at
        left[at] = False
        if place + 1 < len(centres):
            distance = np.square(centres - centres[at]).sum(axis=1)
            distance[~left] = np.inf
            at = int(np.argmin(distance))
    return order
