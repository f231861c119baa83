"""Search by meaning in a published site of the tier `cells`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .query.index import Floats, Mask, Near, Rows
from .query.scan import UNKNOWN

if TYPE_CHECKING:
    from .reader.cells import CellVectors


class CellNearest:
    """The vectors of the tier `cells`: a query reads some of them, so its answer is not exact."""

    def __init__(self, vectors: CellVectors) -> None:
        self._vectors = vectors

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        found = self._vectors.search(query, k, allowed)
        return Near(found.rows, found.similarities.astype(np.float32))

    def above(self, query: Floats, limit: float, allowed: Mask | None) -> Rows:
        return self._vectors.above(query, limit, allowed)

    def expect_rows(self, rows: Rows) -> None:
        """Similarities are those of rows that a search has read: nothing can be kept in advance."""

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        return self._vectors.similarities(query, rows, UNKNOWN).astype(np.float32)

    def background(self, query: Floats, *, texts: bool) -> Floats:
        return self._vectors.background(query, texts=texts).astype(np.float32)

    def held(self, rows: Rows) -> Floats:
        return self._vectors.held(rows)
