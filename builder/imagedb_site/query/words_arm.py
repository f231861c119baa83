"""The words arm: rows by full text, in tiers (docs/QUERY.md, "Meaning", 5)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..folding import fold
from ..text import UNSPACED, typed_forms
from .index import Index, Mask, Rows
from .plan import Plan, quote
from .ranking import Coverage

COVERAGE_POWER = 0.75
"""How fast a row's share of the words arm falls with the words it lacks."""
PARTS_BELOW = 100
"""Words inside other words are looked for if fewer rows than this have all the words."""
MOST_WORDS = 32
"""How many words that contain a query's word are looked for."""
_SHORTEST_PART = 4
_SHORTEST_REST = 3
_PART_WEIGHT = 0.5
_NAME = re.compile(r"[0-9]{3}|[A-Za-z0-9]\.[A-Za-z][A-Za-z0-9]{1,4}$")


@dataclass(frozen=True)
class Words:
    """Rows i64[n], best first, of which the first `strict` have all the words (None if there are none).

    `coverage` f64[n] is each row's share of the words. `parts` has the longer words that were looked for
    in place of each word of the query. `names`: the words look like file names or numbers, which say
    nothing to a model.
    """

    rows: Rows
    strict: int | None
    coverage: Coverage
    parts: dict[str, tuple[str, ...]]
    names: bool = False


def no_words() -> Words:
    return Words(np.zeros(0, dtype=np.int64), None, np.zeros(0), {})


def search_words(plan: Plan, index: Index, mask: Mask, depth: int | None = None) -> Words:
    """The words arm of a plan within a mask bool[count]; only the first `depth` rows if it is given."""
    if plan.strict is None:
        return no_words()
    names = plan.loose is not None and all(_NAME.search(word) for word in plan.words)
    if plan.loose is None:
        rows = _matching(plan.strict, index, mask, depth)
        total = len(rows)
        if depth is not None and total >= depth:
            total = int(np.count_nonzero(mask[index.having(plan.strict)]))
        return Words(rows, total, np.ones(len(rows)), {})
    typed = _as_typed(plan.words, index)
    strict = _matching(plan.strict, index, mask, depth if typed is None else None)
    total = len(strict)
    if typed is not None:
        first = typed[strict]
        strict = np.concatenate([strict[first], strict[~first]])[:depth]
    if depth is not None and len(strict) >= depth:
        if typed is None:
            total = int(np.count_nonzero(mask[index.having(plan.strict)]))
        return Words(strict, total, np.ones(len(strict)), {}, names)
    tiers = _Tiers(plan, index, mask, strict, depth)
    if total < PARTS_BELOW:
        tiers.with_parts()
    return Words(tiers.rows, total, tiers.coverage(), tiers.parts, names)


def _as_typed(words: Sequence[str], index: Index) -> Mask | None:
    """The rows, bool[count], that have the words in the form that was typed; None if all do."""
    forms = [typed_forms(word) for word in words]
    wanted = [expression for some, _ in forms for expression in some]
    unwanted = [expression for _, some in forms for expression in some]
    others = index.having(" OR ".join(unwanted)) if unwanted else np.zeros(0, dtype=np.int64)
    if not wanted and not len(others):
        return None
    mask = np.full(index.count, not wanted, dtype=np.bool_)
    if wanted:
        mask[index.having(" AND ".join(wanted))] = True
    mask[others] = False
    return mask


def longer_words(word: str, vocabulary: Sequence[str]) -> tuple[str, ...]:
    """The words of the collection, folded, that contain `word` between parts that are not too short."""
    part = fold(word)
    if len(part) < _SHORTEST_PART or not part.isalpha() or UNSPACED.search(part):
        return ()
    found: dict[str, None] = {}
    for candidate in vocabulary:
        at = candidate.find(part)
        if at < 0 or candidate == part:
            continue
        if at >= _SHORTEST_REST or at == 0:
            rest = len(candidate) - at - len(part)
            if rest >= _SHORTEST_REST or rest == 0:
                found[candidate] = None
                if len(found) == MOST_WORDS:
                    break
    return tuple(found)


class _Tiers:
    """Rows in tiers, each by bm25: all words, all words with some as parts, any word, any part."""

    def __init__(
        self, plan: Plan, index: Index, mask: Mask, strict: Rows, depth: int | None
    ) -> None:
        self._plan = plan
        self._index = index
        self._mask = mask
        self._depth = depth
        self.parts: dict[str, tuple[str, ...]] = {}
        assert plan.loose is not None
        loose = strict[:0]
        if plan.loose != plan.strict:
            # At most `strict` of the first rows with any word have all of them, so `depth` are enough.
            loose = _matching(plan.loose, index, mask, depth)
        self._lists = [strict, strict[:0], loose, strict[:0]]

    def with_parts(self) -> None:
        """Adds the rows that have words as parts of longer words."""
        found = {word: longer_words(word, self._index.folded_words) for word in self._plan.words}
        self.parts = {word: words for word, words in found.items() if words}
        if not self.parts:
            return
        any_of = {word: " OR ".join(map(quote, (word, *found[word]))) for word in self._plan.words}
        every = " AND ".join(f"({expression})" for expression in any_of.values())
        some = " OR ".join(quote(part) for words in self.parts.values() for part in words)
        self._lists[1] = _matching(every, self._index, self._mask, self._depth)
        self._lists[3] = _matching(some, self._index, self._mask, self._depth)

    @property
    def rows(self) -> Rows:
        return np.concatenate(self._tiers())[: self._depth]

    def _tiers(self) -> list[Rows]:
        seen = np.zeros(self._index.count, dtype=np.bool_)
        tiers = []
        for rows in self._lists:
            tiers.append(rows[~seen[rows]])
            seen[rows] = True
        return tiers

    def coverage(self) -> Coverage:
        """Which part of the query's words each row has, weighted by their rareness.

        A word that a row has only as a part of a longer one counts half; fully if no row has it otherwise.
        """
        strict, every, loose, some = self._tiers()
        coverage = np.ones(len(strict) + len(every) + len(loose) + len(some))
        if len(coverage) == len(strict):
            return coverage[: self._depth]
        total = 0.0
        shares = [np.zeros(len(tier)) for tier in (every, loose, some)]
        for word in self._plan.words:
            having = self._index.having(quote(word))
            count = self._index.count
            rareness = math.log(1 + (count - len(having) + 0.5) / (len(having) + 0.5))
            total += rareness
            inside = self._inside(word) if len(every) or len(some) else having
            for tier, share in zip((every, loose, some), shares, strict=True):
                whole = np.isin(tier, having)
                share[whole] += rareness
                if tier is not loose:
                    share[np.isin(tier, inside) & ~whole] += rareness * (
                        _PART_WEIGHT if len(having) else 1.0
                    )
        power = [float(share / total) ** COVERAGE_POWER for share in np.concatenate(shares)]
        coverage[len(strict) :] = power
        return coverage[: self._depth]

    def _inside(self, word: str) -> Rows:
        words = self.parts.get(word, ())
        if not words:
            return np.zeros(0, dtype=np.int64)
        return self._index.having(" OR ".join(map(quote, words)))


def _matching(expression: str, index: Index, mask: Mask, depth: int | None) -> Rows:
    """The first `depth` allowed rows (all if None) that match an expression, by bm25."""
    if depth is not None and mask.all():
        return index.match(expression, depth)
    rows = index.match(expression)
    return rows[mask[rows]][:depth]
