"""An order in which neighbours look alike, so that thumbnails shown together lie in the same files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_DIM = 32
_POWER_STEPS = 3
_CHUNK = 1 << 16

Floats = NDArray[np.float32]


class Projection:
    """Reduces embeddings to the directions in which a sample differs most, at most 32.

    `sample`: float32 [n, dim]. Embeddings of `dim` ≤ 32 stay as they are.
    """

    def __init__(self, sample: Floats) -> None:
        dim = sample.shape[1]
        self._basis: Floats | None = None
        if dim > _DIM:
            centred = sample.astype(np.float64) - sample.mean(axis=0, dtype=np.float64)
            _, directions = np.linalg.eigh(centred.T @ centred)
            self._basis = np.ascontiguousarray(directions[:, -_DIM:], dtype=np.float32)
        self.dim = min(dim, _DIM)

    def __call__(self, embeddings: Floats) -> Floats:
        """Returns float32 [n, self.dim]."""
        return embeddings if self._basis is None else embeddings @ self._basis


def look_alike_order(points: Floats, leaf: int = 8) -> NDArray[np.int64]:
    """Returns the permutation that puts `points` (float32 [n, d]) in an order of look-alikes.

    The rows are cut in two again and again along the direction in which they differ most, at the
    widest gap of the middle half, so that every run of rows is one region. Regions of at most `leaf`
    rows are not cut any further. Needs about 40 bytes per row beside `points`.
    """
    order = np.empty(len(points), dtype=np.int64)
    done = 0
    stack = [np.arange(len(points))]
    while stack:
        rows = stack.pop()
        if len(rows) <= leaf:
            order[done : done + len(rows)] = rows
            done += len(rows)
            continue
        along = _along_main_direction(points, rows)
        by_position = np.argsort(along, kind="stable")
        ranked, gaps = rows[by_position], np.diff(along[by_position])
        quarter = max(1, len(rows) // 4)
        cut = quarter + int(np.argmax(gaps[quarter - 1 : len(rows) - quarter]))
        stack.append(ranked[cut:])
        stack.append(ranked[:cut])
    return order


def _along_main_direction(points: Floats, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Coordinates of the rows along their main direction, by a few power iterations.

    Rounded, so that the last bits of a sum, which depend on the machine, do not decide the order.
    """
    mean = sum(part.sum(axis=0) for part in _chunks(points, rows)) / len(rows)
    scatter = np.zeros((points.shape[1], points.shape[1]))
    start, farthest = mean, -1.0
    for part in _chunks(points, rows):
        centred = part - mean
        scatter += centred.T @ centred
        # The point farthest from the middle starts the iteration: no random number is needed.
        distances = np.einsum("nd,nd->n", centred, centred).round(9)
        at = int(np.argmax(distances))
        if distances[at] > farthest:
            start, farthest = centred[at], float(distances[at])
    direction = start
    for _ in range(_POWER_STEPS):
        direction = scatter @ direction
        norm = float(np.linalg.norm(direction))
        if norm < 1e-12:
            return np.zeros(len(rows))
        direction = direction / norm
    return np.concatenate([((part - mean) @ direction).round(9) for part in _chunks(points, rows)])


def _chunks(points: Floats, rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
    for first in range(0, len(rows), _CHUNK):
        yield points[rows[first : first + _CHUNK]].astype(np.float64)
