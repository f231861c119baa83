"""Checks that what the index of columns says, and the values of a column, are those of its blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagedb_site.comparable import comparable
from imagedb_site.errors import FormatError
from imagedb_site.reader.column_index import ColumnEntry
from imagedb_site.reader.column_values import ColumnValues
from imagedb_site.reader.columns import SiteColumn


def verify_index(name: str, entry: ColumnEntry, column: SiteColumn) -> None:
    """The number of known values and the ranges of the blocks. Raises FormatError."""
    if int(np.count_nonzero(_known(column))) != entry.known:
        raise FormatError(f"The column “{name}” does not have {entry.known:,} known values.")
    for number, zone in enumerate(entry.zones or ()):
        assert column.values is not None and column.missing is not None
        rows = slice(number * entry.block, (number + 1) * entry.block)
        known = ~column.missing[rows]
        starts = column.values[rows][known].astype(np.float64)
        ends = starts
        if column.lengths is not None:
            ends = starts + np.maximum(column.lengths[rows][known].astype(np.float64) - 1, 0)
        found = (float(starts.min()), float(ends.max())) if len(starts) else None
        if found != zone:
            raise FormatError(f"The column “{name}” has another range in block {number:,}.")


def verify_values(name: str, values: ColumnValues, column: SiteColumn) -> None:
    """The names, the counts and the row sets. Raises FormatError."""
    assert column.codes is not None
    known = column.codes < len(column.names)
    codes = column.codes[known].astype(np.int64)
    rows = np.arange(column.count, dtype=np.int64)
    if column.offsets is not None:
        rows = np.repeat(rows, np.diff(column.offsets))
    order = np.argsort(codes, kind="stable")
    rows = rows[known][order]
    counts = np.bincount(codes, minlength=len(column.names))
    ends = np.cumsum(counts)
    wanted = dict(zip(column.names, counts.tolist(), strict=True))
    listed = list(values.all())
    if dict(listed) != wanted or len(listed) != values.count:
        raise FormatError(f"The values of the column “{name}” are not those of its blocks.")
    if listed != sorted(listed, key=lambda item: (comparable(item[0]), item[0])):
        raise FormatError(f"The values of the column “{name}” are not in order.")
    frequent = sorted(listed, key=lambda item: (-item[1], item[0]))
    if list(values.top) != frequent[: len(values.top)]:
        raise FormatError(f"The column “{name}” does not have its most frequent values first.")
    places = {value: at for at, value in enumerate(column.names)}
    seen = np.zeros(len(column.names), dtype=np.int64)
    for value, found in values.sets():
        at = places.get(value)
        start = 0 if at is None else int(ends[at] - counts[at] + seen[at])
        if at is None or not _same(found, rows[start : min(start + len(found), int(ends[at]))]):
            raise FormatError(f"The row sets of the column “{name}” are not those of its blocks.")
        seen[at] += len(found)
    if (seen != counts).any():
        raise FormatError(f"The column “{name}” lacks row sets.")


def _same(found: NDArray[np.int64], wanted: NDArray[np.int64]) -> bool:
    return len(found) == len(wanted) and bool((found == wanted).all())


def _known(column: SiteColumn) -> NDArray[np.bool_]:
    if column.missing is not None:
        return np.asarray(~column.missing)
    if column.offsets is not None:
        return np.asarray(np.diff(column.offsets) > 0)
    assert column.codes is not None
    return np.asarray(column.codes < len(column.names))
