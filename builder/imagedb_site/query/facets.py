"""Which rows match a query text, and how often the values of a field occur among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import QuerySyntaxError, UsageError
from ..records import FieldSpec
from .index import Column, FieldValues, Index, Mask
from .parse import Query, parse
from .plan import filter_mask, make_plan
from .runs import counted_rows
from .values import parents
from .words_arm import search_words


def matching(query: Query, index: Index) -> Mask:
    """The rows that meet a query's conditions and, if it has words, have any of them, bool[count]."""
    plan = make_plan(query, index)
    try:
        mask = filter_mask(plan, index)
        if plan.strict is not None:
            having = np.zeros(index.count, dtype=np.bool_)
            having[search_words(plan, index, mask).rows] = True
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


class FacetCounts(list[tuple[str, int]]):
    """Values with their numbers of rows, most frequent first. `about`: the numbers are estimated."""

    about: bool = False


def facet_counts(
    name: str,
    mask: Mask,
    index: Index,
    limit: int,
    under: str | None = None,
    *,
    exact: bool = False,
) -> FacetCounts:
    """The most frequent values of a field among the rows of a mask bool[count], with their numbers of rows.

    Numbers count by value, dates by year. Ties come in code-point order, numbers and years by size. In a
    field of paths every parent is counted too, with all that lies below it. `under` limits the list to the
    paths directly below a path, or to the first level if it is empty. `exact`: nothing is estimated.

    Raises UsageError for a field without a column, and for `under` with a field that has no paths.
    """
    spec = next((spec for spec in index.fields if spec.name == name), None)
    if spec is None or not spec.column:
        known = ", ".join(spec.name for spec in index.fields if spec.column)
        raise UsageError(f"The values of “{name}” cannot be counted.", f"Fields: {known}.")
    if under is not None and spec.separator is None:
        raise UsageError(f"The values of “{name}” are not paths, so none lies under another.")
    found = FacetCounts()
    if mask.all():
        values = None if spec.type in ("number", "date") else index.values(name)
        if values is not None and not (spec.separator and spec.type == "tags"):
            found.extend(_of_all(spec, values, limit, under)[:limit])
            return found
    matched = int(np.count_nonzero(mask))
    chosen = mask if exact else counted_rows(mask, spec.type == "tags")
    counts: Counter[Any] = Counter()
    for first, column in index.column_blocks(name, chosen):
        size = _rows_of(column)
        counts.update(_in_block(spec, column, chosen[first : first + size], under))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    taken = int(np.count_nonzero(chosen))
    found.about = taken < matched
    for value, count in ranked:
        # The nearest whole number, in integers, so that every implementation gives the same.
        whole = (2 * count * matched + taken) // (2 * taken)
        found.append((_text(value, spec), whole))
    return found


def _of_all(
    spec: FieldSpec, values: FieldValues, limit: int, under: str | None
) -> Sequence[tuple[str, int]]:
    """The counts in the whole collection, from the values alone."""
    if spec.separator is None and (limit <= len(values.top) or values.count <= len(values.top)):
        return values.top
    counts: Counter[str] = Counter()
    for value, count in values.all():
        paths = [value] if spec.separator is None else _counted(value, spec.separator, under)
        for path in paths:
            counts[path] += count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _rows_of(column: Column) -> int:
    if column.numbers is not None:
        return len(column.numbers)
    if column.offsets is not None:
        return len(column.offsets) - 1
    return 0 if column.codes is None else len(column.codes)


def _in_block(spec: FieldSpec, column: Column, mask: Mask, under: str | None) -> Mapping[Any, int]:
    """The counts of the values, texts or numbers, among the rows of a block."""
    if column.numbers is not None:
        numbers = column.numbers[mask & ~np.isnan(column.numbers)]
        if spec.type == "date":
            years = np.floor(numbers).astype("datetime64[s]").astype("datetime64[Y]")
            numbers = years.astype(np.int64).astype(np.float64) + 1970
        different, often = np.unique(numbers, return_counts=True)
        return dict(zip(different.tolist(), often.tolist(), strict=True))
    if spec.separator is not None:
        return _path_counts(column, spec.separator, mask, under)
    codes = column.codes if column.codes is not None else np.zeros(0, dtype=np.int64)
    if column.offsets is None:
        within = codes[mask & (codes >= 0)]
    else:
        within = codes[np.repeat(mask, np.diff(column.offsets))]
    counts = np.bincount(within, minlength=len(column.dictionary))
    return {column.dictionary[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()}


def _path_counts(column: Column, separator: str, mask: Mask, under: str | None) -> dict[str, int]:
    """How many rows of the mask have each path or one below it."""
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
    return {names[at]: int(counts[at]) for at in np.flatnonzero(counts).tolist()}


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


def _text(value: str | float, spec: FieldSpec) -> str:
    if isinstance(value, str):
        return value
    text = str(int(value)) if value.is_integer() else repr(value)
    return text.rjust(4, "0") if spec.type == "date" else text
