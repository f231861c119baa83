"""Which rows match a query text, and how often the values of a field occur among them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..errors import QuerySyntaxError, UsageError
from .index import Index, Mask
from .parse import Query, parse
from .plan import filter_mask, make_plan


def matching(query: Query, index: Index) -> Mask:
    """The rows that meet a query's conditions and, if it has words, have any of them, bool[count]."""
    plan = make_plan(query, index)
    try:
        mask = filter_mask(plan, index)
        words = plan.loose or plan.strict
        if words is not None:
            having = np.zeros(index.count, dtype=np.bool_)
            having[index.having(words)] = True
            mask &= having
    except QuerySyntaxError:
        if query.match is None:
            raise
        return matching(parse(query.source, expressions=False), index)
    return mask


def facet_counts(name: str, query: Query, index: Index, limit: int) -> list[tuple[str, int]]:
    """The most frequent values of a field among the matching rows, with their numbers of rows.

    Numbers count by value, dates by year. Ties come in the order of the frequency in the whole collection,
    numbers by size. Raises UsageError for a field without a column.
    """
    spec = next((spec for spec in index.fields if spec.name == name), None)
    if spec is None or not spec.column:
        known = ", ".join(spec.name for spec in index.fields if spec.column)
        raise UsageError(f"The values of “{name}” cannot be counted.", f"Fields: {known}.")
    mask = matching(query, index)
    column = index.column(name)
    if column.numbers is not None:
        values = column.numbers[mask & ~np.isnan(column.numbers)]
        if spec.type == "date":
            years = np.floor(values).astype("datetime64[s]").astype("datetime64[Y]")
            values = years.astype(np.int64).astype(np.float64) + 1970
        found = Counter(float(value) for value in values)
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit]
        width = 4 if spec.type == "date" else 0
        return [(_number(value).rjust(width, "0"), count) for value, count in ranked]
    codes = column.codes if column.codes is not None else np.zeros(0, dtype=np.int64)
    if column.offsets is None:
        within = codes[mask & (codes >= 0)]
        overall = codes[codes >= 0]
    else:
        within = codes[np.repeat(mask, np.diff(column.offsets))]
        overall = codes
    size = len(column.dictionary)
    counts, totals = np.bincount(within, minlength=size), np.bincount(overall, minlength=size)
    order = sorted(
        (code for code in range(size) if counts[code]),
        key=lambda code: (-counts[code], -totals[code], column.dictionary[code]),
    )
    return [(column.dictionary[code], int(counts[code])) for code in order[:limit]]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
