"""Search by meaning in a published site of the tier `flat`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .query.index import Floats, Mask, Near, Rows
from .query.scan import UNKNOWN, Block, above, nearest, samples_of

if TYPE_CHECKING:
    from .reader.vectors import Codes, FlatVectors


@dataclass(frozen=True)
class _Taken:
    """The codes [n, dim] of some rows, which rise."""

    rows: Rows
    codes: Codes

    def of(self, rows: Rows) -> Codes | None:
        """The codes of these rows, None if one of them is missing."""
        places = np.searchsorted(self.rows, rows)
        if len(rows) and (int(places.max()) >= len(self.rows) or (self.rows[places] != rows).any()):
            return None
        return self.codes[places]


class FlatNearest:
    """The vectors of the tier `flat`: every query reads all of them."""

    def __init__(self, vectors: FlatVectors, missing: Mask | None, texts: Mask | None) -> None:
        """`missing`, `texts`: the rows without an embedding and those of texts, bool [count]."""
        self.vectors = vectors
        self.missing = missing
        self.texts = texts
        self.samples: dict[bool, _Taken] = {}
        self.expected = np.zeros(0, dtype=np.int64)
        self.taken: _Taken | None = None

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        scan = _Scan(self, query)
        return nearest(scan.blocks(), scan.exact, k, allowed, scan.margin)

    def above(self, query: Floats, limit: float, allowed: Mask | None) -> Rows:
        scan = _Scan(self, query)
        found = above(scan.blocks(), scan.exact, limit, scan.margin)
        return found if allowed is None else found[allowed[found]]

    def expect_rows(self, rows: Rows) -> None:
        self.expected = np.unique(rows)

    def similarities(self, query: Floats, rows: Rows) -> Floats:
        codes = None if self.taken is None else self.taken.of(rows)
        found = self.vectors.exact(query, self.vectors.codes(rows) if codes is None else codes)
        if self.missing is not None:
            found[self.missing[rows]] = UNKNOWN
        return found

    def background(self, query: Floats, *, texts: bool) -> Floats:
        if not self.samples:
            for _ in _Scan(self, query).blocks():
                pass
        return self.vectors.exact(query, self.samples[texts].codes)

    def held(self, rows: Rows) -> Floats:
        """All embeddings are known, as every query reads them."""
        return self.vectors.embeddings(rows)


class _Scan:
    """One pass over the vectors of a site.

    It also takes the codes of the rows that are expected to be asked for, and if it is the first one those
    of the sample for backgrounds: reading their shards again would cost as much as the pass.
    """

    def __init__(self, index: FlatNearest, query: Floats) -> None:
        self._index = index
        self._vectors = index.vectors
        self.margin = self._vectors.margin(query)
        self._query = query
        self._first = 0
        self._codes: Any = None

    def blocks(self) -> Iterator[Block]:
        index = self._index
        missing = index.missing
        samples = {} if index.samples else samples_of(self._vectors.count, missing, index.texts)
        wanted = [index.expected, *samples.values()]
        found = [np.empty((len(rows), self._vectors.dim), dtype=np.int8) for rows in wanted]
        for first, codes, similarities in self._vectors.scan(self._query):
            self._first, self._codes = first, codes
            for rows, taken in zip(wanted, found, strict=True):
                start, end = np.searchsorted(rows, [first, first + len(codes)])
                taken[start:end] = codes[rows[start:end] - first]
            if missing is not None:
                similarities[missing[first : first + len(codes)]] = -np.inf
            yield first, similarities
        index.taken = _Taken(wanted[0], found[0])
        for texts, rows, taken in zip(samples, wanted[1:], found[1:], strict=True):
            index.samples[texts] = _Taken(rows, taken)

    def exact(self, rows: Rows) -> Floats:
        """Of rows of the shard that was read last."""
        return self._vectors.exact(self._query, self._codes[rows - self._first])
