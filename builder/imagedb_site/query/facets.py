"""Which rows match a query text, and how often the values of a field occur among them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..errors import QuerySyntaxError, UsageError
from .index import Column, Index, Mask
from .parse import Query, parse
from .plan import filter_mask, make_plan
from .values import parents


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


MAX_LEVELS = 32
"""Paths are counted down to this level."""

_ROWS = 1 << 16
"""How many rows of paths are counted at once."""


def facet_counts(
    name: str, query: Query, index: Index, limit: int, under: str | None = None
) -> list[tuple[str, int]]:
    """The most frequent values of a field among the matching rows, with their numbers of rows.

    Numbers count by value, dates by year. Ties come in the order of the frequency in the whole collection,
    numbers by size. In a field of paths every parent is counted too, with all that lies below it, and ties
    come in the order of the paths. `under` limits the list to the paths directly below a path, or to the
    first level if it is empty.

    Raises UsageError for a field without a column, and for `under` with a field that has no paths.
    """
    spec = next((spec for spec in index.fields if spec.name == name), None)
    if spec is None or not spec.column:
        known = ", ".join(spec.name for spec in index.fields if spec.column)
        raise UsageError(f"The values of “{name}” cannot be counted.", f"Fields: {known}.")
    if under is not None and spec.separator is None:
        raise UsageError(f"The values of “{name}” are not paths, so none lies under another.")
    mask = matching(query, index)
    column = index.column(name)
    if spec.separator is not None and column.numbers is None:
        return _path_counts(column, spec.separator, mask, limit, under)
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


def _path_counts(
    column: Column, separator: str, mask: Mask, limit: int, under: str | None
) -> list[tuple[str, int]]:
    """How many rows of the mask have each path or one below it, the most frequent first."""
    numbers: dict[str, int] = {}
    lists = [
        [numbers.setdefault(path, len(numbers)) for path in _counted(value, separator, under)]
        for value in column.dictionary
    ]
    names, counts = list(numbers), np.zeros(len(numbers), dtype=np.int64)
    lengths = np.array([len(paths) for paths in lists], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    flat = np.array([number for paths in lists for number in paths], dtype=np.int64)
    codes = column.codes if column.codes is not None else np.zeros(0, dtype=np.int64)
    offsets = np.arange(len(mask) + 1) if column.offsets is None else column.offsets
    for first in range(0, len(mask) if len(flat) else 0, _ROWS):
        last = min(first + _ROWS, len(mask))
        rows = np.repeat(np.arange(first, last), np.diff(offsets[first : last + 1]))
        found = codes[offsets[first] : offsets[last]]
        wanted = mask[rows] & (found >= 0)
        rows, found = rows[wanted], found[wanted]
        repeats = lengths[found]
        ends = np.cumsum(repeats)
        places = np.arange(int(repeats.sum())) + np.repeat(starts[found] - ends + repeats, repeats)
        # A row with two paths below the same parent counts once for that parent.
        pairs = np.unique(np.repeat(rows - first, repeats) * len(names) + flat[places])
        counts += np.bincount(pairs % len(names), minlength=len(names))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda at: (-counts[at], names[at]))
    return [(names[at], int(counts[at])) for at in order[:limit]]


def _counted(value: str, separator: str, under: str | None) -> list[str]:
    """The paths that a value counts for: itself and its parents, or the one directly below `under`."""
    paths = parents(value, separator)[:MAX_LEVELS]
    if under is None:
        return paths
    parent = under.rstrip(separator)
    if not parent:
        return paths[:1]
    at = paths.index(parent) + 1 if parent in paths else len(paths)
    return paths[at : at + 1]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
