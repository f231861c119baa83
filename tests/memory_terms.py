"""An index of texts in memory, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imagedb_site.query.expression import tokens
from imagedb_site.terms import Integers, Occurrences


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, dtype=np.int64)


class MemoryTerms:
    """`texts` has one list per row with one text per column, as full text stores them."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self.count = len(texts)
        self._sizes = [0] * len(texts)
        self._places: dict[str, dict[int, list[tuple[int, int]]]] = {}
        for row, values in enumerate(texts):
            for column, value in enumerate(values):
                for position, term in enumerate(tokens(value)):
                    self._places.setdefault(term, {}).setdefault(row, []).append((column, position))
                    self._sizes[row] += 1
        self.tokens = sum(self._sizes)

    def rows(self, term: str) -> Integers:
        return _integers(list(self._places.get(term, {})))

    def having(self, term: str) -> int:
        return len(self._places.get(term, {}))

    def times(self, term: str) -> Integers:
        return _integers([len(places) for places in self._places.get(term, {}).values()])

    def occurrences(self, term: str, within: Integers | None) -> Occurrences:
        found = self._places.get(term, {})
        places = [place for some in found.values() for place in some]
        starts = np.cumsum([0, *map(len, found.values())])
        columns, positions = [_integers([place[at] for place in places]) for at in (0, 1)]
        return Occurrences(_integers(list(found)), starts.astype(np.int64), columns, positions)

    def with_prefix(self, prefix: str) -> list[str]:
        return sorted(term for term in self._places if term.startswith(prefix))

    def lengths(self, rows: Integers) -> Integers:
        return _integers(self._sizes)[rows]
