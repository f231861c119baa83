"""Rank the rows of an index for a plan: two arms, reciprocal rank fusion, hard conditions, sorting.

The method is docs/QUERY.md's, step by step, so that every implementation gives the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..errors import QuerySyntaxError
from .index import Floats, Index, Mask, Near, Rows
from .meaning import Embed, query_vector, unknown_texts, unwanted
from .parse import Query, parse
from .plan import Plan, filter_mask, make_plan, plain_words, quote
from .ranking import (
    FUSION_DEPTH,
    SORT_POOL,
    Coverage,
    Ranking,
    Result,
    by_words,
    fused,
    in_default_order,
    nothing,
    sorted_by,
)
from .relevance import duplicates, likely_from

Mode = Literal["all", "meaning", "words"]

COVERAGE_POWER = 0.75
"""How fast a row's share of the words arm falls with the words it lacks."""
DEFAULT_K = 20
MATCHED_WORDS = 8
"""For at most this many words of a query, results list those that they have."""
SHOWN_TEXT = 40
SHOWN_TEXTS = 3
"""A notice names at most this many texts, each with at most so many characters."""


@dataclass(frozen=True)
class Notice:
    """A message about the query; `suggestion` is a query that means what was searched for."""

    kind: Literal["fts-syntax", "sort", "unknown-text", "info"]
    message: str
    suggestion: str | None = None


@dataclass(frozen=True)
class Answer:
    """A page of results in order. `total` counts all matches if the query has an end, else None.

    `strict_total` is how many have all words. Results from the place `divide` on are weaker matches; None
    if the order is not that of relevance.
    """

    results: list[Result]
    total: int | None
    strict_total: int | None = None
    notices: tuple[Notice, ...] = ()
    divide: int | None = None


@dataclass(frozen=True)
class _Found:
    """All results of a query, before a page is cut out; `words` are looked for in the page's results."""

    ranking: Ranking
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
    """Answer `query` with `k` results from `offset` on; `embed` may be None if only words are searched.

    `k:` in the query limits the number of all results, and is the default of `k`; without it, the default
    is 20. An FTS5 expression that SQLite refuses is searched as plain words, with a notice. With `group`,
    results that show the same picture are found.

    Raises UsageError for an image id that the index does not have.
    """
    size = k if k is not None else query.k or DEFAULT_K
    reach = max(offset, 0) + max(size, 0)
    try:
        found = _found(query, index, embed, mode, reach)
    except QuerySyntaxError as error:
        if query.match is None:
            raise
        query = parse(query.source, expressions=False)
        found = _found(query, index, embed, mode, reach)
        notice = Notice(
            "fts-syntax",
            f"This is not a full-text expression, so it was searched as plain words ({error}).",
            plain_words(query.source) or None,
        )
        found = replace(found, notices=(notice, *found.notices))
    end = min(reach, len(found.ranking), *([] if query.k is None else [query.k]))
    page = [found.ranking.at(place) for place in range(max(offset, 0), end)]
    if found.divide is not None:
        divide = found.divide
        page = [replace(r, likely=offset + at < divide) for at, r in enumerate(page)]
    if mode != "meaning":
        page = _with_words(page, found.words, index)
    if group and page and page[0].similarity is not None:
        rows = [result.row for result in page]
        same = duplicates(rows, index.embeddings(np.array(rows, dtype=np.int64)))
        page = [replace(result, duplicate_of=same.get(result.row)) for result in page]
    return Answer(page, found.total, found.strict_total, found.notices, found.divide)


def _found(query: Query, index: Index, embed: Embed | None, mode: Mode, reach: int) -> _Found:
    plan = make_plan(query, index)
    if plan.required or plan.forbidden or (plan.strict is not None and mode != "meaning"):
        index.expect_text()
    mask = filter_mask(plan, index)
    vector = None
    unknown: list[str] = []
    if mode != "words" and embed:
        terms = plan.query.terms
        unknown = unknown_texts(terms, embed)
        vector = query_vector(terms, index, embed)
        for rows in unwanted(terms, index, embed):
            mask[rows] = False
    if vector is not None:
        found = _by_meaning(plan, index, mode, vector, mask, reach)
    elif plan.strict is None or mode == "meaning":
        found = _unranked(plan.query, index, mask, said=bool(unknown))
    else:
        words, strict = _words_arm(plan, index, mask)
        found = _Found(by_words(words), len(words), strict, divide=strict)
    found = replace(found, words=plan.words[:MATCHED_WORDS])
    found = _sorted(found, plan, index) if query.sort else found
    if unknown:
        found = replace(found, notices=(*found.notices, _not_known(unknown, mode)))
    return found


def _not_known(texts: Sequence[str], mode: Mode) -> Notice:
    """The notice about texts of a query that the model does not know."""
    named = ", ".join(f"“{text[:SHOWN_TEXT]}”" for text in texts[:SHOWN_TEXTS])
    found = "the pictures were not searched for it"
    if mode != "meaning":
        found = "only the text of the pictures was searched for it"
    return Notice("unknown-text", f"The model does not know {named}, so {found}.")


def _by_meaning(
    plan: Plan,
    index: Index,
    mode: Mode,
    vector: Floats,
    mask: Mask,
    reach: int,
) -> _Found:
    """Both arms, or the meaning arm alone."""
    hard = plan.filters or plan.required
    total = int(mask.sum()) if hard else None
    depth = FUSION_DEPTH if mode != "meaning" else max(reach, SORT_POOL, FUSION_DEPTH)
    words, strict = np.zeros(0, dtype=np.int64), None
    if mode != "meaning":
        words, strict = _words_arm(plan, index, mask, FUSION_DEPTH)
        index.expect_rows(words)
    near = index.nearest(vector, min(depth, index.count), None if mask.all() else mask)
    divide = _likely(near, words[: strict or 0], vector, index)
    if mode == "meaning":
        return _Found(Ranking.of_meaning(near), total, divide=divide)
    coverage = _coverage(plan, index, words, strict or 0)
    return _Found(fused(near, words, coverage, vector, index), total, strict, divide=divide)


def _likely(near: Near, strict: Rows, vector: Floats, index: Index) -> int | None:
    """How many results are likely matches: near enough in meaning, or with all words."""
    if index.temperature is None:
        return None
    limit = likely_from(index.background(vector), index.temperature)
    first = near.rows[:FUSION_DEPTH][near.similarities[:FUSION_DEPTH] >= limit]
    return len(np.union1d(first, strict[:FUSION_DEPTH]))


def _with_words(results: list[Result], words: Sequence[str], index: Index) -> list[Result]:
    """The results with the words that occur in their text."""
    if not results:
        return results
    rows = np.array([result.row for result in results], dtype=np.int64)
    having = [(word, np.isin(rows, index.having(quote(word)))) for word in words]
    return [
        replace(result, matched=tuple(word for word, held in having if held[at]))
        for at, result in enumerate(results)
    ]


def _coverage(plan: Plan, index: Index, rows: Rows, strict: int) -> Coverage:
    """Which part of the query's words each row of the words arm has, weighted by their rareness.

    The first `strict` rows have all of them: 1.
    """
    coverage = np.ones(len(rows), dtype=np.float64)
    if len(rows) <= strict:
        return coverage
    some = rows[strict:]
    shares = np.zeros(len(some), dtype=np.float64)
    total = 0.0
    for word in plan.words:
        having = index.having(quote(word))
        rareness = math.log(1 + (index.count - len(having) + 0.5) / (len(having) + 0.5))
        total += rareness
        shares[np.isin(some, having)] += rareness
    coverage[strict:] = [float(share / total) ** COVERAGE_POWER for share in shares]
    return coverage


def _words_arm(
    plan: Plan, index: Index, mask: Mask, depth: int | None = None
) -> tuple[Rows, int | None]:
    """Rows with all words, then rows with any of them, each by bm25; and how many have all.

    Only the first `depth` of them if it is given.
    """
    if plan.strict is None:
        return np.zeros(0, dtype=np.int64), None
    strict = _matching(plan.strict, index, mask, depth)
    total = len(strict)
    if depth is not None and total >= depth:
        having = index.having(plan.strict)
        return strict[:depth], int(np.count_nonzero(mask[having]))
    if plan.loose is None or plan.loose == plan.strict:
        return strict, total
    # At most `total` of the first rows with any word have all of them, so `depth` are enough.
    loose = _matching(plan.loose, index, mask, depth)
    others = loose[~np.isin(loose, strict)]
    return np.concatenate([strict, others])[:depth], total


def _matching(expression: str, index: Index, mask: Mask, depth: int | None) -> Rows:
    """The first `depth` allowed rows (all if None) that match an expression, by bm25."""
    if depth is not None and mask.all():
        return index.match(expression, depth)
    rows = index.match(expression)
    return rows[mask[rows]][:depth]


def _unranked(query: Query, index: Index, mask: Mask, said: bool) -> _Found:
    """All allowed rows, or none if the query has something to search for that neither arm can find.

    `said`: another notice says why nothing is found.
    """
    if any(term.weight > 0 for term in query.terms):
        notice = Notice("info", "There is nothing in this query to search for.")
        return _Found(nothing(), 0, notices=() if said else (notice,))
    ranking = in_default_order(mask, index)
    return _Found(ranking, len(ranking))


def _sorted(found: _Found, plan: Plan, index: Index) -> _Found:
    """The most relevant results (all of them if nothing ranks) by a column; unknown values last."""
    name = plan.query.sort or ""
    ranking = sorted_by(name, found.ranking, index, descending=plan.query.sort_descending)
    if ranking is None:
        sortable = ", ".join(s.name for s in index.fields if s.column and s.type != "tags")
        notice = Notice("sort", f"Cannot sort by “{name}”, only by: {sortable}.")
        return replace(found, notices=(*found.notices, notice))
    return replace(found, ranking=ranking, divide=None)
