"""What is known of a field's values in the whole collection, read from as little as possible."""

from __future__ import annotations

import numpy as np

from ..records import FieldSpec
from .facets import facet_counts
from .index import Column, Index, Summary


def distinct(index: Index, spec: FieldSpec) -> int:
    """How many different values a field of tags, categories or booleans has."""
    values = index.values(spec.name)
    return values.count if values is not None else len(index.column(spec.name).dictionary)


def all_values(index: Index, spec: FieldSpec) -> list[tuple[str, int]]:
    """All values of tags, categories or booleans with their numbers of rows, the most frequent first.

    Ties come in code-point order. Paths count for themselves only.
    """
    values = index.values(spec.name)
    if values is not None:
        found = values.all()
    else:
        column = index.column(spec.name)
        codes = np.zeros(0, dtype=np.int64) if column.codes is None else column.codes
        counts = np.bincount(codes[codes >= 0], minlength=len(column.dictionary)).tolist()
        found = zip(column.dictionary, counts, strict=True)
    return sorted(found, key=lambda item: (-item[1], item[0]))


def most_frequent(index: Index, spec: FieldSpec, limit: int) -> list[tuple[str, int]]:
    """The most frequent values of any field with their numbers of rows, dates by year, as facets."""
    everything = np.ones(index.count, dtype=np.bool_)
    return list(facet_counts(spec.name, everything, index, limit, exact=True))


def count_of(index: Index, spec: FieldSpec, value: str) -> int:
    """How many rows have exactly this value of a field of tags, categories or booleans."""
    values = index.values(spec.name)
    if values is not None:
        return values.count_of(value)
    column = index.column(spec.name)
    if column.codes is None or value not in column.dictionary:
        return 0
    return int(np.count_nonzero(column.codes == list(column.dictionary).index(value)))


def summary_of(column: Column) -> Summary:
    """What is known about a column that is in memory."""
    if column.numbers is not None:
        known = ~np.isnan(column.numbers)
        if not known.any():
            return Summary(0)
        starts = column.numbers[known]
        ends = starts
        if column.lengths is not None:
            ends = starts + np.maximum(column.lengths[known].astype(np.float64) - 1, 0)
        return Summary(int(known.sum()), float(starts.min()), float(ends.max()))
    if column.offsets is not None:
        return Summary(int(np.count_nonzero(np.diff(column.offsets))))
    return Summary(0 if column.codes is None else int(np.count_nonzero(column.codes >= 0)))
