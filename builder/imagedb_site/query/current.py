"""The current result of a search: the rows that facets count (docs/QUERY.md, "Counts")."""

from __future__ import annotations

import numpy as np

from ..errors import QuerySyntaxError
from .evaluate import Mode, Strange, likely_rows, prepare
from .index import Index, Mask
from .meaning import Embed
from .parse import Query, parse
from .plan import make_plan
from .ranking import FUSION_DEPTH
from .words_arm import no_words, search_words


def current_result(
    query: Query, index: Index, embed: Embed | None, mode: Mode, strange: Strange | None = None
) -> Mask:
    """The rows, bool[count], that a search finds.

    Without words and meaning these are the rows that meet the conditions; by words alone those of the words
    arm; by meaning the likely matches, or all rows that meet the conditions if none is likely.
    """
    try:
        return _current(query, index, embed, mode, strange)
    except QuerySyntaxError:
        if query.match is None:
            raise
        return _current(parse(query.source, expressions=False), index, embed, mode, strange)


def _current(
    query: Query, index: Index, embed: Embed | None, mode: Mode, strange: Strange | None
) -> Mask:
    plan = make_plan(query, index)
    mask, asked, _ = prepare(plan, index, embed, mode, strange)
    if asked is not None:
        words = no_words()
        if mode != "meaning":
            words = search_words(plan, index, mask, FUSION_DEPTH)
            index.expect_rows(words.rows)
        depth = min(FUSION_DEPTH, index.count)
        near = asked.nearest(depth, None if mask.all() else mask)
        rows = likely_rows(plan, near, words, asked)
        return mask if rows is None or not len(rows) else _mask_of(rows, index)
    if plan.strict is not None and mode != "meaning":
        return _mask_of(search_words(plan, index, mask).rows, index)
    if any(term.weight > 0 for term in plan.query.terms):
        return np.zeros(index.count, dtype=np.bool_)
    return mask


def _mask_of(rows: np.ndarray[tuple[int], np.dtype[np.int64]], index: Index) -> Mask:
    mask = np.zeros(index.count, dtype=np.bool_)
    mask[rows] = True
    return mask
