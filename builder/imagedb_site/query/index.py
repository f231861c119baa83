"""What a query is evaluated on. A library and a published site both answer to `Index`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..records import FieldSpec

Floats = np.ndarray[Any, np.dtype[np.float32]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Column:
    """A field's values over all rows.

    Numbers and dates: `numbers` f64[count], NaN where unknown (dates in seconds since 1970). The others:
    `dictionary` of strings, and `codes` i64, one a row with −1 for unknown, or for tags those of row r
    at `offsets[r] … offsets[r+1]-1`.
    """

    numbers: np.ndarray[Any, np.dtype[np.float64]] | None = None
    dictionary: Sequence[str] = ()
    codes: np.ndarray[Any, np.dtype[np.int64]] | None = None
    offsets: np.ndarray[Any, np.dtype[np.int64]] | None = None


class Index(Protocol):
    """A searchable collection; rows are numbered 0 … count-1 in default order."""

    @property
    def count(self) -> int: ...

    @property
    def fields(self) -> Sequence[FieldSpec]: ...

    @property
    def temperature(self) -> float | None:
        """What turns similarities of the collection's model into logits; None without a model."""
        ...

    @property
    def fts_columns(self) -> Sequence[str]: ...

    def similarities(self, query: Floats) -> Floats:
        """Cosine similarity f32[count] of every row to the unit vector `query` f32[dim]."""
        ...

    def match(self, expression: str) -> tuple[list[int], list[float]]:
        """Rows that match an FTS5 expression and their bm25 ranks, best (least) first.

        Raises QuerySyntaxError where SQLite refuses the expression.
        """
        ...

    def column(self, name: str) -> Column: ...

    def embedding(self, row: int) -> Floats: ...

    def row_of(self, image_id: str) -> int | None: ...
