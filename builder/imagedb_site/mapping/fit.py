"""UMAP: places of embeddings in two and three dimensions, the same bytes for the same input."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import UsageError
from imagedb_site.mapping.gaps import close_gaps
from imagedb_site.mapping.nearest import Floats, evenly, nearest, rows_at_once
from imagedb_site.run import Arrays, RowWorkers, WorkHere

NEIGHBOURS, MIN_DIST, SEED = 15, 0.1, 42
FIT_LIMIT = 100_000
"""The map is fitted to at most this number of rows; the others are placed by them."""
LARGEST = 0xFFFE
_EXACT = 20_000
"""Up to this number of rows the neighbours are exact."""
_FEW = 60
"""So few rows have no useful spectral layout to begin with."""
_PLACED_BY = 5
_ANCHORS = 20_000
_MOST_PAIRS = 10_000_000_000
PLACED_ROWS = 8192
"""About how many rows are placed together."""
WORKER_VALUES = 1 << 23
"""Similarities that a worker has in memory at once: a quarter of what one process has."""
STEP = "place rows on the map"
"""The name of this work in a report."""

Places = NDArray[np.uint16]


def check_installed() -> None:
    """Raise UsageError if the packages that make a map are not installed."""
    missing = [name for name in ("umap", "sklearn") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            "A map needs packages that are not installed: umap-learn and scikit-learn.",
            "Install them with: pip install 'imagedb-site[map]'",
        )


def fit(vectors: Floats) -> tuple[Places, Places]:
    """Returns the places of L2-normalised rows on the flat map and in space, uint16 [n, 2] and [n, 3]."""
    neighbours = min(NEIGHBOURS, len(vectors) - 1)
    known = _neighbours(vectors, neighbours)
    return (
        to_places(close_gaps(_project(vectors, 2, neighbours, known))),
        to_places(close_gaps(_project(vectors, 3, neighbours, known))),
    )


def _neighbours(vectors: Floats, k: int) -> tuple[Any, Any]:
    """The k nearest rows of each row, itself first, and their cosine distances."""
    if len(vectors) <= _EXACT:
        rows, similarities = nearest(vectors, vectors, k)
        # Copies of a picture are as near to it as the picture itself.
        own = np.arange(len(vectors))
        elsewhere = rows != own[:, None]
        order = np.argsort(elsewhere, axis=1, kind="stable")
        rows = np.take_along_axis(rows, order, axis=1)
        distances = np.take_along_axis(1 - similarities, order, axis=1)
        rows[:, 0], distances[:, 0] = own, 0
        return rows.astype(np.int32), np.maximum(distances, 0).astype(np.float32)
    from umap.umap_ import nearest_neighbors

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows, distances, _ = nearest_neighbors(
            vectors,
            n_neighbors=k,
            metric="cosine",
            metric_kwds={},
            angular=False,
            random_state=np.random.RandomState(SEED),
        )
    return rows, distances


def _project(vectors: Floats, dims: int, neighbours: int, known: tuple[Any, Any]) -> Floats:
    from umap import UMAP

    model = UMAP(
        n_components=dims,
        n_neighbors=neighbours,
        min_dist=MIN_DIST,
        metric="cosine",
        init="random" if len(vectors) < _FEW else "spectral",
        random_state=SEED,
        n_jobs=1,
        precomputed_knn=(*known, None),
        transform_seed=SEED,
    )
    with warnings.catch_warnings():
        # It warns that it cannot place other rows later, which is done here by neighbours.
        warnings.simplefilter("ignore")
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def to_places(points: Floats) -> Places:
    """Scales points to 0 … 65,534 by one scale for all directions, in the middle of the shorter ones."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = LARGEST / max(float((high - low).max()), 1e-9)
    shift = (LARGEST - (high - low) * scale) / 2
    scaled = np.rint((points - low) * scale + shift)
    places: Places = np.clip(scaled, 0, LARGEST).astype(np.uint16)
    return places


def place(
    vectors: Floats, base: Floats, *places: Places, workers: RowWorkers | None = None
) -> list[Places]:
    """Places rows among others: the mean of the places of the nearest ones, near ones counting more.

    `places`: those of the rows of `base` on each map. `workers`: this process by default; others may be many
    on one machine, so each compares fewer rows at once, in a quarter of the memory.
    """
    if len(vectors) * len(base) > _MOST_PAIRS:
        chosen = evenly(len(base), _ANCHORS)
        base, places = base[chosen], tuple(one[chosen] for one in places)
    step = rows_at_once(len(base))
    if workers is not None:
        step = rows_at_once(len(base), WORKER_VALUES)
    # Whole steps, so that blocks do not change which rows are multiplied together.
    size = PLACED_ROWS // step * step or PLACED_ROWS
    blocks = ({"rows": vectors[at : at + size]} for at in range(0, len(vectors), size))
    shared: dict[str, NDArray[Any]] = {
        "base": base,
        "step": np.array([step], dtype=np.uint32),
        **{f"places {number}": one for number, one in enumerate(places)},
    }
    found = list((workers or WorkHere()).map(STEP, place_block, shared, blocks))
    return [
        np.concatenate([block[f"places {number}"] for block in found])
        for number in range(len(places))
    ]


def place_block(shared: Arrays, block: Arrays) -> Arrays:
    """Places float32 `rows` [n, dim] among the rows of `base` by each array of places, uint16 [n, dims].

    `step` is how many rows are compared with `base` at once.
    """
    base, step = shared["base"], int(shared["step"][0])
    rows, similarities = nearest(block["rows"], base, min(_PLACED_BY, len(base)), step)
    weights = 1 / np.square(np.maximum(1 - similarities.astype(np.float64), 1e-4))
    weights /= weights.sum(axis=1, keepdims=True)
    return {
        name: np.rint(np.einsum("nk,nkd->nd", weights, one[rows].astype(np.float64))).astype(
            np.uint16
        )
        for name, one in shared.items()
        if name.startswith("places")
    }
