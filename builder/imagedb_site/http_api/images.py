"""Images as JSON, and similarities that have the same bits in every language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from imagedb_site.http_api.request import ApiError
from imagedb_site.index import SiteIndex
from imagedb_site.query.index import Rows

NO_EMBEDDING = "The collection has no embedding of this image, so nothing can be compared with it."
Doubles = np.ndarray[Any, np.dtype[np.float64]]


def image(index: SiteIndex, row: int) -> dict[str, Any]:
    """Everything that is published about an image."""
    document = index.document(row)
    found: dict[str, Any] = {"number": row + 1}
    for name in ("id", "path", "width", "height", "fields"):
        found[name] = document[name]
    place = index.thumbnail_place(row)
    found["thumbnail"] = None
    if place is not None:
        found["thumbnail"] = {"path": place[0], "offset": place[1], "length": place[2]}
    for name in ("view", "original", "remote"):
        if name in document:
            found[name] = document[name]
    return found


def images(index: SiteIndex, rows: Iterable[int]) -> list[dict[str, Any]]:
    """The images at these rows."""
    return [image(index, int(row)) for row in rows]


def query_vector(index: SiteIndex, rows: Sequence[int], weights: Sequence[float]) -> Doubles:
    """The sum of images' embeddings, each of length 1, times a weight: float64 [dim].

    Sums are taken one number after the other, so that JavaScript gets the same bits. Raises ApiError if
    none of the images has an embedding.
    """
    embeddings = index.rounded_embeddings(np.array(rows, dtype=np.int64))
    if not embeddings.any():
        raise ApiError(404, NO_EMBEDDING)
    total = np.zeros(embeddings.shape[1], dtype=np.float64)
    for embedding, weight in zip(embeddings, weights, strict=True):
        length = math.sqrt(_sum(embedding * embedding))
        total = total + embedding * (weight / length if length else 0)
    return total


def similarities(index: SiteIndex, query: Doubles, rows: Rows) -> list[float]:
    """The cosine of each row with `query`, summed in float64 in the order of the dimensions."""
    length = math.sqrt(_sum(query * query))
    found = []
    for embedding in index.rounded_embeddings(rows):
        own = math.sqrt(_sum(embedding * embedding))
        found.append(_sum(embedding * query) / (own * length) if own and length else 0.0)
    return found


def rounded(similarity: float) -> float:
    """A similarity with six digits."""
    return math.floor(similarity * 1e6 + 0.5) / 1e6


def _sum(values: Doubles) -> float:
    """One number after the other: numpy's own sum adds in pairs."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0
