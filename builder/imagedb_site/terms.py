"""What full text asks of an index: which rows have a term, how often, and at which places.

The twin is web_assets/src/catalog/terms.ts. A term is a token exactly as the tokenizer of
docs/FORMAT.md 2.8 gives it. Rows are int64 and rising.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Occurrences:
    """Where rows have a term.

    The places of `rows[i]` are at `starts[i] … starts[i + 1] - 1` of `columns` and `positions`, in the order
    of columns and then positions. All arrays are int64; `starts` has one entry more than `rows`.
    """

    rows: Integers
    starts: Integers
    columns: Integers
    positions: Integers


class Terms(Protocol):
    """The index of a collection's texts. Any method may raise FormatError if it is damaged."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens in all rows together."""
        ...

    def rows(self, term: str) -> Integers:
        """The rows that have a term; empty if there are none."""
        ...

    def having(self, term: str) -> int:
        """How many rows have a term."""
        ...

    def times(self, term: str) -> Integers:
        """How many times each row of `rows(term)` has the term."""
        ...

    def occurrences(self, term: str, within: Integers | None) -> Occurrences:
        """The places of a term in the rows `within` (None: all). Other rows may be in the answer as well."""
        ...

    def with_prefix(self, prefix: str) -> Sequence[str]:
        """All terms that begin with `prefix`, in the order of their UTF-8."""
        ...

    def lengths(self, rows: Integers) -> Integers:
        """Tokens of each of `rows`, all columns together."""
        ...
