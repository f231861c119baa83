"""Rank the rows of an index for a plan: two arms, reciprocal rank fusion, hard conditions, sorting.

The method is docs/QUERY.md's, step by step, so that every implementation gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..errors import QuerySyntaxError
from .index import Index, Mask, Near, Rows
from .likeness import Likeness
from .meaning import Embed, likeness, unknown_texts, unwanted
from .objects import folded, objects_among, with_page
from .parse import Query, parse
from .plan import Plan, filter_mask, make_plan, plain_words, quote
from .ranking import (
    FUSION_DEPTH,
    SORT_POOL,
    Ranking,
    Result,
    by_words,
    fused,
    in_default_order,
    nothing,
    sorted_by,
)
from .relevance import duplicates
from .words_arm import Words, no_words, search_words

Mode = Literal["all", "meaning", "words"]
Strange = Callable[[str], bool]
"""Whether a text is in a language or script that the model does not know (`strange.Strangeness`)."""

DEFAULT_K = 20
MATCHED_WORDS = 8
"""For at most this many words of a query, results list those that they have."""
SHOWN_TEXT = 40
SHOWN_TEXTS = 3
"""The most characters that a notice shows of a text, and the most texts that it names."""

GUESSED = (
    "The model seems not to know the words of {}, so what looks similar is only a guess."
    " Other words, or another language, may find more."
)


@dataclass(frozen=True)
class Notice:
    """A message about the query; `suggestion` is a query that means what was searched for."""

    kind: Literal["fts-syntax", "sort", "unknown-text", "info"]
    message: str
    suggestion: str | None = None


@dataclass(frozen=True)
class Answer:
    """A page of results in order. `total` counts all matches if the query has an end, else None.

    If the pages of an object are one result, `total` counts objects, and `pictures` all matches.

    `strict_total` is how many have all words. Results from the place `divide` on are weaker matches; None
    if the order is not that of relevance.
    """

    results: list[Result]
    total: int | None
    strict_total: int | None = None
    notices: tuple[Notice, ...] = ()
    divide: int | None = None
    pictures: int | None = None


@dataclass(frozen=True)
class _Found:
    """All results of a query, before a page is cut out; `words` are looked for in the page's results.

    The first `close` rows of the meaning arm are likely matches by meaning alone.
    """

    ranking: Ranking
    total: int | None
    strict_total: int | None = None
    notices: tuple[Notice, ...] = ()
    divide: int | None = None
    close: int = 0
    asked: Likeness | None = None
    words: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: int | None = None


def evaluate(
    query: Query,
    index: Index,
    embed: Embed | None,
    *,
    mode: Mode = "all",
    k: int | None = None,
    offset: int = 0,
    group: bool = False,
    by_object: bool = False,
    strange: Strange | None = None,
) -> Answer:
    """Answer `query` with `k` results from `offset` on; `embed` may be None if only words are searched.

    `k:` in the query limits the number of all results, and is the default of `k`; without it, the default
    is 20. An FTS5 expression that SQLite refuses is searched as plain words, with a notice. With `group`,
    results that show the same picture are found. With `by_object` the pages of an object are one result.
    `strange` says whether a text is in a language that the
    model does not know; then no match is likely by meaning.

    Raises UsageError for an image id that the index does not have.
    """
    size = k if k is not None else query.k or DEFAULT_K
    reach = max(offset, 0) + max(size, 0)
    try:
        found = _found(query, index, embed, mode, reach, strange, by_object)
    except QuerySyntaxError as error:
        if query.match is None:
            raise
        query = parse(query.source, expressions=False)
        found = _found(query, index, embed, mode, reach, strange, by_object)
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
    if found.asked is not None:
        page = [replace(r, close=r.ranks.get("meaning", FUSION_DEPTH) < found.close) for r in page]
    if found.asked is not None and index.texts is not None:
        rows = np.array([result.row for result in page], dtype=np.int64)
        cosines = found.asked.cosines(rows).tolist() if len(rows) else []
        page = [replace(r, similarity=x) for r, x in zip(page, cosines, strict=True)]
    if mode != "meaning":
        page = _with_words(page, found.words, found.parts, index)
    if group and page and page[0].similarity is not None:
        shown = np.array([result.row for result in page], dtype=np.int64)
        embeddings = index.held_embeddings(shown)
        if index.texts is not None:
            # Texts show no picture.
            embeddings[index.texts[shown]] = 0
        same = duplicates(shown.tolist(), embeddings)
        page = [replace(result, duplicate_of=same.get(result.row)) for result in page]
    if index.objects is not None:
        page = [with_page(result, index.objects) for result in page]
    return Answer(
        page, found.total, found.strict_total, found.notices, found.divide, found.pictures
    )


def prepare(
    plan: Plan, index: Index, embed: Embed | None, mode: Mode, strange: Strange | None
) -> tuple[Mask, Likeness | None, list[Notice]]:
    """The rows bool[count] that may be found, the query of the meaning arm, and notices about its texts."""
    if plan.required or plan.forbidden or (plan.strict is not None and mode != "meaning"):
        index.expect_text()
    mask = filter_mask(plan, index)
    asked = None
    notices: list[Notice] = []
    if mode != "words" and embed:
        terms = plan.query.terms
        unknown = unknown_texts(terms, embed)
        texts = [term.value for term in terms if term.kind == "text" and term.weight > 0]
        guessed = [text for text in texts if strange and text not in unknown and strange(text)]
        if unknown:
            notices.append(_not_known(unknown, mode))
        if guessed:
            notices.append(Notice("unknown-text", GUESSED.format(_named_texts(guessed))))
        asked = likeness(terms, index, embed, guessed=bool(guessed))
        for rows in unwanted(terms, index, embed):
            mask[rows] = False
    return mask, asked, notices


def _found(
    query: Query,
    index: Index,
    embed: Embed | None,
    mode: Mode,
    reach: int,
    strange: Strange | None,
    by_object: bool,
) -> _Found:
    plan = make_plan(query, index)
    mask, asked, notices = prepare(plan, index, embed, mode, strange)
    if asked is not None:
        found = _by_meaning(plan, index, mode, asked, mask, reach)
        if by_object and mode == "meaning":
            found = _deep_enough(found, plan, index, asked, mask, reach)
    elif plan.strict is None or mode == "meaning":
        found = _unranked(plan.query, index, mask, said=bool(notices))
    else:
        words = search_words(plan, index, mask)
        found = _Found(
            by_words(words.rows),
            len(words.rows),
            words.strict,
            divide=words.strict,
            parts=words.parts,
        )
    found = replace(found, words=plan.words[:MATCHED_WORDS])
    found = _by_object(found, index, mask) if by_object else found
    found = _sorted(found, plan, index) if query.sort else found
    return replace(found, notices=(*found.notices, *notices))


def _not_known(texts: Sequence[str], mode: Mode) -> Notice:
    """The notice about texts of a query that the model does not know."""
    found = "the pictures were not searched for it"
    if mode != "meaning":
        found = "only the text of the pictures was searched for it"
    return Notice("unknown-text", f"The model does not know {_named_texts(texts)}, so {found}.")


def _named_texts(texts: Sequence[str]) -> str:
    return ", ".join(f"“{text[:SHOWN_TEXT]}”" for text in texts[:SHOWN_TEXTS])


def _by_meaning(
    plan: Plan,
    index: Index,
    mode: Mode,
    asked: Likeness,
    mask: Mask,
    reach: int,
) -> _Found:
    """Both arms, or the meaning arm alone."""
    hard = plan.filters or plan.required
    total = int(mask.sum()) if hard else None
    depth = FUSION_DEPTH if mode != "meaning" else max(reach, SORT_POOL, FUSION_DEPTH)
    words = no_words()
    if mode != "meaning":
        words = search_words(plan, index, mask, FUSION_DEPTH)
        index.expect_rows(words.rows)
    near = asked.nearest(min(depth, index.count), None if mask.all() else mask)
    likely = likely_rows(plan, near, words, asked)
    divide = None if likely is None else len(likely)
    close = len(_close_rows(near, asked))
    if mode == "meaning":
        return _Found(Ranking.of_meaning(near), total, divide=divide, close=close, asked=asked)
    named = _named(plan, words)
    ranking = fused(near, words.rows, words.coverage, asked, first=len(named))
    return _Found(
        ranking, total, words.strict, divide=divide, close=close, asked=asked, parts=words.parts
    )


def _deep_enough(
    found: _Found, plan: Plan, index: Index, asked: Likeness, mask: Mask, reach: int
) -> _Found:
    """A ranking by meaning with the number of objects that is asked for, or with all if there are fewer."""
    wanted = max(reach, SORT_POOL if plan.query.sort else 0)
    while index.objects is not None and objects_among(found.ranking.rows, index.objects) < wanted:
        deeper = _by_meaning(plan, index, "meaning", asked, mask, 2 * len(found.ranking))
        if len(deeper.ranking) == len(found.ranking):
            break
        found = deeper
    return found


def _by_object(found: _Found, index: Index, mask: Mask) -> _Found:
    """The pages of an object as one result."""
    pages = index.objects
    if pages is None:
        return found
    ranking, places = folded(found.ranking, pages)
    total, strict = found.total, found.strict_total
    if total is not None:
        among = np.flatnonzero(mask) if found.asked is not None else found.ranking.rows
        total = objects_among(among, pages)
    if strict is not None and found.asked is None:
        strict = int(np.count_nonzero(places < strict))
    divide = None if found.divide is None else int(np.count_nonzero(places < found.divide))
    return replace(
        found,
        ranking=ranking,
        total=total,
        strict_total=strict,
        divide=divide,
        pictures=found.total,
    )


def likely_rows(plan: Plan, near: Near, words: Words, asked: Likeness) -> Rows | None:
    """The likely matches: near enough in meaning, or with all words. None if there is no divide."""
    named = _named(plan, words)
    if len(named):
        return named
    if asked.limit is None:
        return None
    return np.union1d(_close_rows(near, asked), words.rows[: words.strict or 0][:FUSION_DEPTH])


def _close_rows(near: Near, asked: Likeness) -> Rows:
    """The rows that are likely matches by meaning alone, the nearest first."""
    limit = np.inf if asked.limit is None else asked.limit
    return near.rows[:FUSION_DEPTH][near.similarities[:FUSION_DEPTH] >= limit]


def _named(plan: Plan, words: Words) -> Rows:
    """The rows with all words, if the words look like names of files and nothing else is asked for."""
    return words.rows[: (words.strict or 0) if words.names and plan.only_words else 0]


def _with_words(
    results: list[Result], words: Sequence[str], parts: Mapping[str, Sequence[str]], index: Index
) -> list[Result]:
    """The results with the words that occur in their text, or the longer words that contain them."""
    if not results:
        return results
    rows = np.array([result.row for result in results], dtype=np.int64)
    matched: list[list[str]] = [[] for _ in results]
    for word in words:
        left = np.ones(len(rows), dtype=np.bool_)
        for candidate in (word, *parts.get(word, ())):
            having = left & np.isin(rows, index.having(quote(candidate)))
            for at in np.flatnonzero(having).tolist():
                matched[at].append(candidate)
            left &= ~having
    return [
        replace(result, matched=tuple(found))
        for result, found in zip(results, matched, strict=True)
    ]


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
