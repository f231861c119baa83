"""Rank the rows of an index for a plan: two arms, reciprocal rank fusion, hard conditions, sorting.

The method is docs/QUERY.md's, step by step, so that every implementation gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..errors import UsageError
from .index import Floats, Index, Mask
from .parse import Query, Term
from .plan import Plan, filter_mask, make_plan

Mode = Literal["all", "meaning", "words"]

RRF_K = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
FUSION_DEPTH = 1000
"""How far down each arm's list fusion looks."""
SORT_POOL = 500
"""How many of the most relevant results `sort:` puts into another order."""
NEGATIVE_WEIGHT = 0.5
"""Factor on the weight of a term to be far from; docs/benchmarks.md has the measurement."""

Embed = Callable[[Term], Floats]
"""Unit vector f32[dim] of a text or image term."""


@dataclass(frozen=True)
class Result:
    """One row of an answer: `ranks` are the places (from 0) in the arms that found it."""

    row: int
    score: float
    similarity: float | None = None
    ranks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Results in order. `total` counts all matches where the query has an end, else None."""

    results: list[Result]
    total: int | None
    strict_total: int | None = None


def evaluate(
    query: Query,
    index: Index,
    embed: Embed | None,
    *,
    mode: Mode = "all",
    k: int = 20,
    offset: int = 0,
) -> Answer:
    """Answer `query`; `embed` may be None where only words are searched.

    Raises:
        QuerySyntaxError: the query is an FTS5 expression that SQLite refuses.
        UsageError: an image id that the index lacks, an unknown field to sort by.
    """
    plan = make_plan(query, index)
    mask = filter_mask(plan, index)
    k = query.k or k
    similarities = _similarities(plan, index, embed) if mode != "words" and embed else None
    words, strict_total = ([], None) if mode == "meaning" else _words_arm(plan, index, mask)
    if similarities is None and plan.strict is None:
        answer = _listing(mask)
    elif similarities is None:
        ranked = [Result(row, -place, None, {"words": place}) for place, row in enumerate(words)]
        answer = Answer(ranked, len(ranked), strict_total)
    else:
        hard = plan.filters or plan.required
        total = int(mask.sum()) if hard else None
        meaning = _meaning_arm(similarities, mask, None if mode == "meaning" else FUSION_DEPTH)
        answer = Answer(
            _fuse(meaning, words[:FUSION_DEPTH], similarities, mode), total, strict_total
        )
    results = answer.results
    if query.sort:
        results = _sorted(results, plan, index)
    return Answer(results[offset : offset + k], answer.total, answer.strict_total)


def query_vector(terms: Sequence[Term], index: Index, embed: Embed) -> Floats | None:
    """The unit vector f32[dim] of all terms: the weighted sum, negative weights times NEGATIVE_WEIGHT.

    None where there is no term, or where the sum vanishes.
    """
    total: np.ndarray[Any, np.dtype[np.float64]] | None = None
    for term in terms:
        if term.kind == "like":
            row = index.row_of(term.value)
            if row is None:
                raise UsageError(f"The collection has no image {term.value}.")
            vector = index.embedding(row)
        else:
            vector = embed(term)
        weight = term.weight if term.weight > 0 else term.weight * NEGATIVE_WEIGHT
        part = vector.astype(np.float64) * weight
        total = part if total is None else total + part
    if total is None:
        return None
    norm = float(np.sqrt((total * total).sum()))
    return (total / norm).astype(np.float32) if norm > 1e-9 else None


def _similarities(plan: Plan, index: Index, embed: Embed) -> Floats | None:
    vector = query_vector(plan.query.terms, index, embed)
    return None if vector is None else index.similarities(vector)


def _words_arm(plan: Plan, index: Index, mask: Mask) -> tuple[list[int], int | None]:
    """Rows with all words, then rows with any of them, each by bm25; and how many have all."""
    if plan.strict is None:
        return [], None
    strict = [row for row in index.match(plan.strict)[0] if mask[row]]
    if plan.loose is None or plan.loose == plan.strict:
        return strict, len(strict)
    seen = set(strict)
    loose = [row for row in index.match(plan.loose)[0] if mask[row] and row not in seen]
    return strict + loose, len(strict)


def _meaning_arm(similarities: Floats, mask: Mask, depth: int | None) -> list[int]:
    """Allowed rows by falling similarity, ties by row."""
    rows = np.flatnonzero(mask)
    order = np.argsort(-similarities[rows], kind="stable")
    return [int(row) for row in rows[order][:depth]]


def _fuse(
    meaning: Sequence[int], words: Sequence[int], similarities: Floats, mode: Mode
) -> list[Result]:
    if mode == "meaning":
        return [
            Result(row, float(similarities[row]), float(similarities[row]), {"meaning": place})
            for place, row in enumerate(meaning)
        ]
    ranks: dict[int, dict[str, int]] = {}
    for name, arm in (("meaning", meaning), ("words", words)):
        for place, row in enumerate(arm):
            ranks.setdefault(row, {})[name] = place
    fused = [
        Result(
            row,
            sum(1 / (RRF_K + 1 + place) for place in places.values()),
            float(similarities[row]),
            places,
        )
        for row, places in ranks.items()
    ]
    return sorted(fused, key=lambda result: (-result.score, result.row))


def _listing(mask: Mask) -> Answer:
    rows = [int(row) for row in np.flatnonzero(mask)]
    return Answer([Result(row, 0.0) for row in rows], len(rows))


def _sorted(results: list[Result], plan: Plan, index: Index) -> list[Result]:
    """The most relevant results (all of them where nothing ranks) by a column; unknown values last."""
    from .plan import find_field

    name = plan.query.sort or ""
    spec = find_field(name, index.fields)
    if spec is None or not spec.column:
        raise UsageError(
            f"Cannot sort by {name!r}.",
            "Sortable: " + ", ".join(s.name for s in index.fields if s.column) + ".",
        )
    column = index.column(spec.name)
    ranking = any(result.score for result in results)
    pool = results[:SORT_POOL] if ranking else list(results)
    falling = plan.query.sort_descending

    def key(result: Result) -> tuple[bool, float, str]:
        if column.numbers is not None:
            number = float(column.numbers[result.row])
            return bool(np.isnan(number)), -number if falling else number, ""
        if column.codes is None or column.offsets is not None:
            return True, 0.0, ""
        code = int(column.codes[result.row])
        return code < 0, 0.0, column.dictionary[code].casefold() if code >= 0 else ""

    known = sorted((r for r in pool if not key(r)[0]), key=key)
    if falling and column.numbers is None:
        known.reverse()
    return known + [result for result in pool if key(result)[0]]
