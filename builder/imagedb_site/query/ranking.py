"""Lists of results. A result is only made when its place is on the page that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .characters import fold
from .index import Column, Index, Mask, Near, Rows
from .likeness import Likeness
from .plan import find_field

RRF_K = 30
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
FUSION_DEPTH = 1000
"""How far down each arm's list fusion looks."""
SORT_POOL = 500
"""How many of the most relevant results `sort:` puts into another order."""

Coverage = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class ObjectPage:
    """Which page of its object a row is: `number`, from 1, of `of`."""

    number: int
    of: int


@dataclass(frozen=True)
class Result:
    """One row of an answer, with the reasons why it was found.

    `ranks` are the places (from 0) in the arms that found it, `matched` the words of the query in its text.
    `close`: the embedding alone makes it a likely match; None if meaning was not searched. `likely`: it
    comes before the answer's divide; None if there is no divide. `duplicate_of` is the row of an earlier
    result that shows the same picture. `object_page` is None for a row without other pages.
    """

    row: int
    score: float
    similarity: float | None = None
    ranks: dict[str, int] = field(default_factory=dict)
    matched: tuple[str, ...] = ()
    close: bool | None = None
    likely: bool | None = None
    duplicate_of: int | None = None
    object_page: ObjectPage | None = None


class Ranking:
    """Results by their place. `rows` i64 are all of them in order; `ranked`: the order is of relevance."""

    def __init__(self, rows: Rows, at: Callable[[int], Result], *, ranked: bool) -> None:
        self.rows = rows
        self.at = at
        self.ranked = ranked

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of_meaning(cls, near: Near) -> Ranking:
        def at(place: int) -> Result:
            similarity = float(near.similarities[place])
            return Result(int(near.rows[place]), similarity, similarity, {"meaning": place})

        return cls(near.rows, at, ranked=True)

    def chosen(self, places: Rows) -> Ranking:
        """The results at these places, in that order."""
        return Ranking(
            self.rows[places], lambda place: self.at(int(places[place])), ranked=self.ranked
        )


def by_words(rows: Rows) -> Ranking:
    """The words arm alone."""

    def at(place: int) -> Result:
        return Result(int(rows[place]), 1 / (RRF_K + 1 + place), None, {"words": place})

    return Ranking(rows, at, ranked=True)


def nothing() -> Ranking:
    """No result."""
    return in_order(np.zeros(0, dtype=np.int64))


def in_order(rows: Rows) -> Ranking:
    """Rows that nothing ranks, as they come."""
    return Ranking(rows, lambda place: Result(int(rows[place]), 0.0), ranked=False)


def in_default_order(mask: Mask, index: Index) -> Ranking:
    """The rows of a mask bool[count] in the default order of the collection."""
    order = index.order
    return in_order(np.flatnonzero(mask) if order is None else order[mask[order]])


def fused(
    near: Near, words: Rows, coverage: Coverage, likeness: Likeness, first: int = 0
) -> Ranking:
    """Both arms by reciprocal rank fusion: a row's share of the words arm is its coverage.

    The first `first` rows of the words arm come before all others.
    """
    ranks: dict[int, dict[str, int]] = {}
    scores: dict[int, float] = {}
    similarities: dict[int, float] = {}
    for place, row in enumerate(near.rows.tolist()):
        ranks[row] = {"meaning": place}
        scores[row] = 1 / (RRF_K + 1 + place)
        similarities[row] = float(near.similarities[place])
    for place, (row, share) in enumerate(zip(words.tolist(), coverage.tolist(), strict=True)):
        ranks.setdefault(row, {})["words"] = place
        bonus = 1.0 if place < first else 0.0
        scores[row] = scores.get(row, 0.0) + share / (RRF_K + 1 + place) + bonus
    others = np.array([row for row in ranks if row not in similarities], dtype=np.int64)
    for row, similarity in zip(
        others.tolist(), likeness.similarities(others).tolist(), strict=True
    ):
        similarities[row] = similarity
    rows = sorted(ranks, key=lambda row: (-scores[row], row))

    def at(place: int) -> Result:
        row = rows[place]
        return Result(row, scores[row], similarities[row], ranks[row])

    return Ranking(np.array(rows, dtype=np.int64), at, ranked=True)


def sorted_by(name: str, ranking: Ranking, index: Index, *, descending: bool) -> Ranking | None:
    """The most relevant results (all of them if nothing ranks) by a column, unknown values last.

    Equal values keep their order. None if there is no such field or it has no order.
    """
    spec = find_field(name, index.fields)
    if spec is None or not spec.column or spec.type == "tags":
        return None
    pool = ranking.rows[:SORT_POOL] if ranking.ranked else ranking.rows
    keys, known = _sort_keys(index.column(spec.name), pool)
    places = np.flatnonzero(known)
    signed = [-key[places] if descending else key[places] for key in keys]
    order = np.lexsort(signed[::-1])
    return ranking.chosen(np.concatenate([places[order], np.flatnonzero(~known)]))


def _sort_keys(column: Column, rows: Rows) -> tuple[list[Coverage], Mask]:
    """Numbers f64 per row that sort as its value does, most significant first; whether the value is known.

    Dates that start together sort by their ends.
    """
    if column.numbers is not None:
        keys = [column.numbers[rows]]
        if column.lengths is not None:
            keys.append(column.lengths[rows].astype(np.float64))
        return keys, ~np.isnan(keys[0])
    assert column.codes is not None
    folded = [fold(value) for value in column.dictionary]
    ranks = {value: rank for rank, value in enumerate(sorted(set(folded)))}
    # The last one is what the code -1 of an unknown value reads.
    of_code = np.array([*(ranks[value] for value in folded), 0], dtype=np.float64)
    codes = column.codes[rows]
    return [of_code[codes]], codes >= 0
