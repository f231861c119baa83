"""Rank the rows of an index for a plan: two arms, reciprocal rank fusion, hard conditions, sorting.

The method is docs/QUERY.md's, step by step, so that every implementation gives the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from ..errors import QuerySyntaxError, UsageError
from .characters import fold
from .index import Floats, Index, Mask
from .parse import Query, Term, parse
from .plan import Plan, filter_mask, find_field, make_plan, plain_words, quote
from .relevance import duplicates, likely_from

Mode = Literal["all", "meaning", "words"]

RRF_K = 30
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
COVERAGE_POWER = 0.75
"""How fast a row's share of the words arm falls with the words it lacks."""
FUSION_DEPTH = 1000
"""How far down each arm's list fusion looks."""
DEFAULT_K = 20
MATCHED_WORDS = 8
"""For how many words of a query results say whether they have them."""
SORT_POOL = 500
"""How many of the most relevant results `sort:` puts into another order."""
NEGATIVE_WEIGHT = 0.25
"""Factor on the weight of a term to be far from, whose likely matches are excluded besides.

docs/benchmarks.md has the measurement.
"""

Embed = Callable[[Term], Floats]
"""Unit vector f32[dim] of a text or image term."""


@dataclass(frozen=True)
class Result:
    """One row of an answer, and why it is there.

    `ranks` are the places (from 0) in the arms that found it, `matched` the words of the query in its text.
    `likely` says whether it is before the answer's divide, None where there is none; `duplicate_of` is the
    row of an earlier result that shows the same picture.
    """

    row: int
    score: float
    similarity: float | None = None
    ranks: dict[str, int] = field(default_factory=dict)
    matched: tuple[str, ...] = ()
    likely: bool | None = None
    duplicate_of: int | None = None


@dataclass(frozen=True)
class Notice:
    """Something to tell beside the results: `suggestion` is a query that says what was understood."""

    kind: Literal["fts-syntax", "sort", "info"]
    message: str
    suggestion: str | None = None


@dataclass(frozen=True)
class Answer:
    """Results in order. `total` counts all matches where the query has an end, else None.

    `strict_total` is how many have all words. Results from the place `divide` on are weaker matches; None
    where the order is not that of relevance.
    """

    results: list[Result]
    total: int | None
    strict_total: int | None = None
    notices: tuple[Notice, ...] = ()
    divide: int | None = None
    words: tuple[str, ...] = ()


def evaluate(
    query: Query,
    index: Index,
    embed: Embed | None,
    *,
    mode: Mode = "all",
    k: int | None = None,
    offset: int = 0,
    group: bool = False,
) -> Answer:
    """Answer `query` with `k` results from `offset` on; `embed` may be None where only words are searched.

    `k:` in the query says how many results there are in all, and is the default of `k` before 20. An FTS5
    expression that SQLite refuses is searched as plain words, and a notice says so. `group` looks for
    results that show the same picture.

    Raises UsageError for an image id that the index lacks.
    """
    try:
        answer = _ranked(query, index, embed, mode)
    except QuerySyntaxError as error:
        if query.match is None:
            raise
        query = parse(query.source, expressions=False)
        answer = _ranked(query, index, embed, mode)
        notice = Notice(
            "fts-syntax",
            f"No full-text expression, so it was searched as plain words ({error}).",
            plain_words(query.source) or None,
        )
        answer = replace(answer, notices=(notice, *answer.notices))
    results = answer.results if query.k is None else answer.results[: query.k]
    size = k if k is not None else query.k or DEFAULT_K
    page = results[offset : offset + size]
    if answer.divide is not None:
        divide = answer.divide
        page = [replace(r, likely=offset + at < divide) for at, r in enumerate(page)]
    if mode != "meaning":
        page = _with_words(page, answer.words, index)
    if group and page and page[0].similarity is not None:
        rows = [result.row for result in page]
        same = duplicates(rows, np.stack([index.embedding(row) for row in rows]))
        page = [replace(result, duplicate_of=same.get(result.row)) for result in page]
    return replace(answer, results=page)


def _ranked(query: Query, index: Index, embed: Embed | None, mode: Mode) -> Answer:
    plan = make_plan(query, index)
    mask = filter_mask(plan, index)
    similarities = None
    if mode != "words" and embed:
        similarities = _similarities(plan, index, embed)
        mask &= ~_unwanted(plan, index, embed)
    words, strict_total = ([], None) if mode == "meaning" else _words_arm(plan, index, mask)
    coverage = _coverage(plan, index, words[:FUSION_DEPTH], strict_total or 0)
    if similarities is None and (plan.strict is None or mode == "meaning"):
        answer = _unranked(plan.query, mask)
    elif similarities is None:
        ranked = [
            Result(row, 1 / (RRF_K + 1 + place), None, {"words": place})
            for place, row in enumerate(words)
        ]
        answer = Answer(ranked, len(ranked), strict_total, divide=strict_total)
    else:
        hard = plan.filters or plan.required
        total = int(mask.sum()) if hard else None
        meaning = _meaning_arm(similarities, mask, None if mode == "meaning" else FUSION_DEPTH)
        likely = _likely(meaning, words[: strict_total or 0], similarities, index.temperature)
        answer = Answer(
            _fuse(meaning, coverage, similarities, mode),
            total,
            strict_total,
            divide=likely,
        )
    answer = replace(answer, words=plan.words[:MATCHED_WORDS])
    return _sorted(answer, plan, index) if query.sort else answer


def _likely(
    meaning: Sequence[int], strict: Sequence[int], similarities: Floats, temperature: float | None
) -> int | None:
    """How many results are likely matches: near enough in meaning, or with all words."""
    if temperature is None:
        return None
    limit = likely_from(similarities, temperature)
    near = {row for row in meaning[:FUSION_DEPTH] if similarities[row] >= limit}
    return len(near | set(strict[:FUSION_DEPTH]))


def _with_words(results: list[Result], words: Sequence[str], index: Index) -> list[Result]:
    """The results with the words that occur in their text."""
    having = [(word, set(index.match(quote(word))[0])) for word in words if results]
    return [
        replace(result, matched=tuple(word for word, rows in having if result.row in rows))
        for result in results
    ]


def _coverage(
    plan: Plan, index: Index, rows: Sequence[int], strict: int
) -> list[tuple[int, float]]:
    """Rows of the words arm, and which part of the query's words each has, weighted by their rareness.

    The first `strict` rows have all of them: 1.
    """
    if len(rows) <= strict:
        return [(row, 1.0) for row in rows]
    found = np.zeros(index.count, dtype=np.float64)
    total = 0.0
    for word in plan.words:
        having = index.match(quote(word))[0]
        rareness = math.log(1 + (index.count - len(having) + 0.5) / (len(having) + 0.5))
        total += rareness
        found[having] += rareness
    return [
        (row, 1.0 if place < strict else (float(found[row]) / total) ** COVERAGE_POWER)
        for place, row in enumerate(rows)
    ]


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


def _unwanted(plan: Plan, index: Index, embed: Embed) -> Mask:
    """The likely matches of the terms to be far from with their whole weight or more, bool[count]."""
    mask = np.zeros(index.count, dtype=np.bool_)
    for term in plan.query.terms:
        if term.weight <= -1 and index.temperature is not None:
            vector = query_vector([replace(term, weight=1.0)], index, embed)
            if vector is not None:
                near = index.similarities(vector)
                mask |= near >= likely_from(near, index.temperature)
    return mask


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
    meaning: Sequence[int],
    words: Sequence[tuple[int, float]],
    similarities: Floats,
    mode: Mode,
) -> list[Result]:
    if mode == "meaning":
        return [
            Result(row, float(similarities[row]), float(similarities[row]), {"meaning": place})
            for place, row in enumerate(meaning)
        ]
    ranks: dict[int, dict[str, int]] = {}
    scores: dict[int, float] = {}
    for place, row in enumerate(meaning):
        ranks[row] = {"meaning": place}
        scores[row] = 1 / (RRF_K + 1 + place)
    for place, (row, coverage) in enumerate(words):
        ranks.setdefault(row, {})["words"] = place
        scores[row] = scores.get(row, 0.0) + coverage / (RRF_K + 1 + place)
    fused = [
        Result(row, scores[row], float(similarities[row]), places) for row, places in ranks.items()
    ]
    return sorted(fused, key=lambda result: (-result.score, result.row))


def _unranked(query: Query, mask: Mask) -> Answer:
    """All allowed rows, or none where something was to be looked for and no arm could."""
    if any(term.weight > 0 for term in query.terms):
        notice = Notice("info", "There is nothing in this query to search for.")
        return Answer([], 0, notices=(notice,))
    rows = [int(row) for row in np.flatnonzero(mask)]
    return Answer([Result(row, 0.0) for row in rows], len(rows))


def _sorted(answer: Answer, plan: Plan, index: Index) -> Answer:
    """The most relevant results (all of them where nothing ranks) by a column; unknown values last.

    Equal values keep their order.
    """
    name = plan.query.sort or ""
    spec = find_field(name, index.fields)
    if spec is None or not spec.column or spec.type == "tags":
        sortable = ", ".join(s.name for s in index.fields if s.column and s.type != "tags")
        notice = Notice("sort", f"Cannot sort by “{name}”, only by: {sortable}.")
        return replace(answer, notices=(*answer.notices, notice))
    column = index.column(spec.name)
    ranking = any(result.score for result in answer.results)
    pool = answer.results[:SORT_POOL] if ranking else answer.results
    numbers, codes = column.numbers, column.codes
    known: Callable[[Result], bool]
    key: Callable[[Result], Any]
    if numbers is not None:
        known = lambda result: not np.isnan(numbers[result.row])  # noqa: E731
        key = lambda result: float(numbers[result.row])  # noqa: E731
    else:
        assert codes is not None
        folded = [fold(value) for value in column.dictionary]
        known = lambda result: bool(codes[result.row] >= 0)  # noqa: E731
        key = lambda result: folded[codes[result.row]]  # noqa: E731
    ordered = sorted(filter(known, pool), key=key, reverse=plan.query.sort_descending)
    rest = [result for result in pool if not known(result)]
    return replace(answer, results=ordered + rest, divide=None)
