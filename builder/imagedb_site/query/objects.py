"""One result for each object (docs/QUERY.md, "Objects")."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..objects import Pages
from .index import Rows
from .ranking import ObjectPage, Ranking, Result


def folded(ranking: Ranking, pages: Pages) -> tuple[Ranking, Rows]:
    """The results with one page of each object, and their places in `ranking`.

    The page is the best one if results are ranked, else the first one.
    """
    keys = pages.keys[ranking.rows]
    if ranking.ranked:
        _, places = np.unique(keys, return_index=True)
    else:
        order = np.lexsort((pages.place[ranking.rows], keys))
        _, firsts = np.unique(keys[order], return_index=True)
        places = order[firsts]
    places = np.sort(places)
    return ranking.chosen(places), places


def objects_among(rows: Rows, pages: Pages) -> int:
    """How many objects the rows belong to; a row that is alone counts as one."""
    return len(np.unique(pages.keys[rows]))


def with_page(result: Result, pages: Pages) -> Result:
    """The result with its place in its object, if that has several pages."""
    number, of = int(pages.place[result.row]) + 1, int(pages.pages[result.row])
    return replace(result, object_page=ObjectPage(number, of)) if of > 1 else result
