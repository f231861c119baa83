"""What a query is evaluated on. A library and a published site both answer to `Index`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..objects import Pages
from ..records import FieldSpec

Floats = np.ndarray[Any, np.dtype[np.float32]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Rows = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Column:
    """A field's values over all rows.

    Numbers and dates: `numbers` f64[count], NaN if unknown. A date starts at `numbers`, in seconds since
    1970, and lasts `lengths` u32[count] seconds; None means that all are 0. The others: `dictionary` of
    strings, and `codes` i64, one per row with −1 for unknown, or for tags those of row r at
    `offsets[r] … offsets[r+1]-1`.
    """

    numbers: np.ndarray[Any, np.dtype[np.float64]] | None = None
    lengths: np.ndarray[Any, np.dtype[np.uint32]] | None = None
    dictionary: Sequence[str] = ()
    codes: np.ndarray[Any, np.dtype[np.int64]] | None = None
    offsets: np.ndarray[Any, np.dtype[np.int64]] | None = None


@dataclass(frozen=True)
class Summary:
    """What is known of a field without its column.

    `known`: rows with a value. `low`, `high`: the least and the greatest number, or the first and the last
    second of all dates; None for other fields and without a value.
    """

    known: int
    low: float | None = None
    high: float | None = None


class FieldValues(Protocol):
    """The different values of a field of tags, categories or booleans, and the rows that have each."""

    @property
    def count(self) -> int:
        """How many different values there are."""
        ...

    @property
    def top(self) -> Sequence[tuple[str, int]]:
        """The most frequent values with their numbers of rows, ties in code-point order."""
        ...

    def all(self) -> Iterator[tuple[str, int]]:
        """Every value with its number of rows, in any order."""
        ...

    def count_of(self, value: str) -> int:
        """How many rows have exactly this value."""
        ...

    def known(self, forms: Collection[str]) -> set[str]:
        """Those of the comparable forms that a value has."""
        ...

    def mask(self, accepts: Callable[[str], bool], keys: Sequence[Key] | None) -> Mask:
        """The rows, bool[count], with a value that is accepted.

        `keys`: only values can be accepted whose comparable form is one of these, or begins with it if
        its second part is true; None: any value can.
        """
        ...


Key = tuple[str, bool]
"""A comparable form of values, and whether values that begin with it are meant, too."""


Reach = Callable[[float, float], bool]
"""Whether a number from the first to the second may be meant; of dates: its first and last second."""


@dataclass(frozen=True)
class Near:
    """Rows i64[n] by falling similarity f32[n]; equal similarities in row order."""

    rows: Rows
    similarities: Floats


class Index(Protocol):
    """A searchable collection; its rows are 0 … count-1. No method returns a float per row and dimension.

    Queries are unit vectors f32[dim]; similarities are cosines.
    """

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    @property
    def fields(self) -> Sequence[FieldSpec]:
        """The fields that images of the collection may have: name, label, type and more."""
        ...

    @property
    def objects(self) -> Pages | None:
        """The pages of objects by row; None if no object has several."""
        ...

    @property
    def temperature(self) -> float | None:
        """What turns similarities of the collection's model into logits; None without a model."""
        ...

    @property
    def level(self) -> float | None:
        """The similarity from which a text usually describes a picture, if the model has such a level."""
        ...

    @property
    def fts_columns(self) -> Sequence[str]: ...

    @property
    def order(self) -> Rows | None:
        """The row at each position of the default order, i64[count]; None if it is row order."""
        ...

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        """The `k` most similar rows, of those in the mask bool[count] if one is given."""
        ...

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        """The similarity f32[n] of each of the given rows; −1 if it is not known.

        An index that does not read all rows for `nearest` knows those that it read for this query.
        """
        ...

    def above(self, query: Floats, limit: float, allowed: Mask | None = None) -> Rows:
        """All rows whose similarity is at least `limit`, in row order, of those in the mask bool[count].

        An estimate from an index that does not read all rows for `nearest`.
        """
        ...

    @property
    def texts(self) -> Mask | None:
        """Which rows have the embedding of their text, bool[count]; None if all have that of a picture."""
        ...

    def background(self, query: Floats, *, texts: bool = False) -> Floats:
        """The similarities f32 of at most 4096 rows, evenly over those that have the embedding of a picture.

        `texts`: over those that have the embedding of their text.
        """
        ...

    def expect_rows(self, rows: Rows) -> None:
        """`similarities` of these rows will be asked for after the next `nearest`.

        An index that reads all rows for `nearest` may keep what it needs for that.
        """
        ...

    def expect_text(self) -> None:
        """Full text will be asked soon: an index may begin to load it in the background."""
        ...

    def match(self, expression: str, limit: int | None = None) -> Rows:
        """The first `limit` rows (default: all) that match an FTS5 expression, by bm25, ties in row order.

        Raises QuerySyntaxError if SQLite refuses the expression.
        """
        ...

    def having(self, expression: str) -> Rows:
        """Rows that match an FTS5 expression, in row order. Raises as `match` does."""
        ...

    @property
    def folded_words(self) -> Sequence[str]:
        """The words that suggestions know, folded, most frequent first (docs/FORMAT.md 2.10)."""
        ...

    def column(self, name: str) -> Column: ...

    def column_blocks(self, name: str, mask: Mask) -> Iterator[tuple[int, Column]]:
        """The first row and the column of the blocks of rows that have a row of the mask, in order."""
        ...

    def reaching_blocks(self, name: str, reaches: Reach) -> Iterator[tuple[int, Column]]:
        """The same of the blocks, of numbers or dates, that may have a value that is meant."""
        ...

    def values(self, name: str) -> FieldValues | None:
        """The values of a field, if that costs less than its column."""
        ...

    def summary(self, name: str) -> Summary:
        """What is known of a field that has a column."""
        ...

    def embeddings(self, rows: Rows) -> Floats:
        """The embeddings f32[n, dim] of the given rows, of length 1."""
        ...

    def held_embeddings(self, rows: Rows) -> Floats:
        """The same of rows that `nearest` found, as far as it costs little; zeros for other rows."""
        ...

    def row_of(self, image_id: str) -> int | None:
        """The row of the image with this id, or None if the collection does not have it."""
        ...
