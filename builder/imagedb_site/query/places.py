"""The rows and places of words, prefixes and phrases, and of phrases near each other.

The twin is web_assets/src/catalog/places.ts and leaf.ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..terms import Integers, Terms
from .expression import Near, Phrase

# A place is one number: row · 2⁴⁰ + column · 2³² + position. So there are at most 2²³ rows and 2⁸ columns.
_ROW = 40
_COLUMN = 32
_POSITION = (1 << _COLUMN) - 1
_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Places:
    """Rows i64[n], rising, and the places i64[m] in them, rising; a row may have none."""

    rows: Integers
    places: Integers

    @cached_property
    def starts(self) -> Integers:
        """Where the places of each row begin, i64[n + 1]; the last entry is the number of places."""
        found = np.searchsorted(self.places, self.rows << _ROW)
        return np.append(found, len(self.places)).astype(np.int64)

    @property
    def times(self) -> Integers:
        """How many places each row has, i64[n]."""
        return np.diff(self.starts)

    def of(self, at: int) -> list[int]:
        """The places of `rows[at]`, without the row."""
        found = self.places[self.starts[at] : self.starts[at + 1]]
        return [int(place) & ((1 << _ROW) - 1) for place in found]


@dataclass(frozen=True)
class LeafRows:
    """The rows of a leaf of an expression.

    `rows` i64[n] have all words, rising; `times` i64[n, phrases] is how many times each has each phrase. Of
    the phrases of a row, `passed` i64[n] were found before one was missing. `having`: how many rows have
    each phrase.
    """

    rows: Integers
    times: Integers
    passed: Integers
    having: list[int]


def read_leaf(terms: Terms, near: Near, counted: bool) -> LeafRows:
    """Reads what a leaf needs; without `counted`, times may be 1 in place of a larger number."""
    count = len(near.phrases)
    if near.never or near.columns == frozenset():
        return LeafRows(_NONE, np.zeros((0, count), dtype=np.int64), _NONE, [0] * count)
    first = near.phrases[0]
    if count == 1 and len(first.terms) == 1 and near.columns is None and not first.first:
        rows, times = word_times(terms, first.terms[0], first.prefixes[0], counted)
        return LeafRows(rows, times[:, None], np.ones_like(rows), [len(rows)])
    lists = [phrase_places(terms, phrase, near.columns) for phrase in near.phrases]
    having = [int(np.count_nonzero(found.times)) for found in lists]
    if count == 1:
        times = lists[0].times
        return LeafRows(lists[0].rows, times[:, None], (times > 0).astype(np.int64), having)
    sizes = [len(phrase.terms) for phrase in near.phrases]
    return _together(lists, sizes, near.distance, having)


def word_times(terms: Terms, word: str, prefix: bool, counted: bool) -> tuple[Integers, Integers]:
    """The rows that have a word, or any word with a prefix, and how many times, both i64[n]."""
    some = terms.with_prefix(word) if prefix else [word]
    if len(some) == 1:
        rows = terms.rows(some[0])
        return rows, terms.times(some[0]) if counted else np.ones_like(rows)
    sums = np.zeros(terms.count, dtype=np.int64)
    for term in some:
        rows = terms.rows(term)
        sums[rows] += terms.times(term) if counted else 1
    found = np.flatnonzero(sums).astype(np.int64)
    return found, sums[found]


def phrase_places(terms: Terms, phrase: Phrase, columns: frozenset[int] | None) -> Places:
    """The places at which a phrase begins, in some columns (None: all).

    Rows that have all its terms are listed even if the phrase is at no place in them.
    """
    words = list(zip(phrase.terms, phrase.prefixes, strict=True))
    within = None
    if len(words) > 1:
        for word, prefix in words:
            rows = word_times(terms, word, prefix, False)[0]
            within = rows if within is None else _common(within, rows)
    found = None
    for distance, (word, prefix) in enumerate(words):
        one = _word_places(terms, word, prefix, within)
        if columns is not None:
            one = _in_columns(one, columns, prefix)
        found = one if found is None else _joined(found, one, distance)
    assert found is not None
    if phrase.first:
        return Places(found.rows, found.places[found.places & _POSITION == 0])
    return found


def _word_places(terms: Terms, word: str, prefix: bool, within: Integers | None) -> Places:
    rows, places = [_NONE], [_NONE]
    for term in terms.with_prefix(word) if prefix else [word]:
        found = terms.occurrences(term, within)
        of_row = np.repeat(found.rows, np.diff(found.starts))
        rows.append(found.rows)
        places.append((of_row << _ROW) | (found.columns << _COLUMN) | found.positions)
    if len(rows) == 2:
        return Places(rows[1], places[1])
    return Places(np.unique(np.concatenate(rows)), np.sort(np.concatenate(places)))


def _in_columns(found: Places, columns: frozenset[int], prefix: bool) -> Places:
    """Places in some columns. SQLite passes over rows without any only if they come from a prefix."""
    of_place = (found.places >> _COLUMN) & ((1 << (_ROW - _COLUMN)) - 1)
    kept = found.places[np.isin(of_place, sorted(columns))]
    return Places(np.unique(kept >> _ROW) if prefix else found.rows, kept)


def _joined(first: Places, following: Places, distance: int) -> Places:
    """Where `following` has a place that is `distance` behind one of `first`; the rows that are in both."""
    behind = following.places[following.places & _POSITION >= distance] - distance
    return Places(_common(first.rows, following.rows), _common(first.places, behind))


def _common(a: Integers, b: Integers) -> Integers:
    return np.intersect1d(a, b, assume_unique=True)


def _together(
    lists: Sequence[Places], sizes: Sequence[int], distance: int, having: list[int]
) -> LeafRows:
    rows = lists[0].rows
    for found in lists[1:]:
        rows = _common(rows, found.rows)
    at = [np.searchsorted(found.rows, rows) for found in lists]
    times = np.zeros((len(rows), len(lists)), dtype=np.int64)
    passed = np.full(len(rows), len(lists), dtype=np.int64)
    for i in range(len(rows)):
        places = [found.of(int(index[i])) for found, index in zip(lists, at, strict=True)]
        counts = [len(some) for some in places]
        if 0 in counts:
            passed[i] = counts.index(0)
        else:
            counts = close(places, sizes, distance)
        times[i] = counts
    return LeafRows(rows, times, passed, having)


def close(lists: Sequence[list[int]], sizes: Sequence[int], distance: int) -> list[int]:
    """How many places of each phrase have places of all others near them, found as SQLite finds them."""
    counts = [0] * len(lists)
    kept = [-1] * len(lists)
    at = [0] * len(lists)
    while True:
        last = lists[0][at[0]]
        every = False
        while not every:
            every = True
            for phrase, places in enumerate(lists):
                least = last - sizes[phrase] - distance
                if least <= places[at[phrase]] <= last:
                    continue
                every = False
                while places[at[phrase]] < least:
                    at[phrase] += 1
                    if at[phrase] >= len(places):
                        return counts
                last = max(last, places[at[phrase]])
        for phrase, places in enumerate(lists):
            if kept[phrase] != places[at[phrase]]:
                kept[phrase] = places[at[phrase]]
                counts[phrase] += 1
        ahead = [
            places[index + 1] if index + 1 < len(places) else 1 << 62
            for places, index in zip(lists, at, strict=True)
        ]
        advanced = ahead.index(min(ahead))
        at[advanced] += 1
        if at[advanced] >= len(lists[advanced]):
            return counts
