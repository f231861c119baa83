"""Unlike groups lie far apart in UMAP's layout: the empty space between them is shortened."""

from __future__ import annotations

import numpy as np

from imagedb_site.mapping.nearest import Floats

GAP = 0.05
"""The widest empty stripe that stays, as a share of the extent without wide stripes."""
_FEW = 100
"""Between so few points there are always wide stripes."""
_ROUNDS = 6


def close_gaps(points: Floats) -> Floats:
    """Shortens wide empty stripes across the map, in several directions. Groups do not meet by that."""
    if len(points) < _FEW:
        return points
    found = points.astype(np.float64)
    steps = np.diff(np.sort(found, axis=0), axis=0)
    filled = np.minimum(steps, GAP * steps.sum(axis=0).max()).sum(axis=0)
    widest = GAP * filled.max()
    for _ in range(_ROUNDS):
        for direction in _directions(points.shape[1]):
            along = found @ direction
            order = np.argsort(along, kind="stable")
            steps = np.diff(along[order])
            excess = np.cumsum(np.maximum(steps - widest, 0))
            if excess[-1] <= 0:
                continue
            shift = np.zeros(len(found))
            shift[order[1:]] = excess
            found -= shift[:, None] * direction
    return found.astype(np.float32)


def _directions(dims: int) -> Floats:
    """Unit vectors in all directions, those of the axes first, float [n, dims]."""
    if dims == 2:
        angles = np.pi * np.array([0, 4, 2, 6, 1, 5, 3, 7]) / 8
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    signs = np.array(np.meshgrid([1], [-1, 0, 1], [-1, 0, 1])).reshape(3, -1).T
    rest = np.array([[0, 1, 0], [0, 0, 1], [0, 1, 1], [0, 1, -1]])
    vectors = np.concatenate([rest, signs]).astype(np.float64)
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
