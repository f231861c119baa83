"""Checks all files of the tier `cells` and what they say about each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_files import NO_CELL
from imagedb_site.reader.cell_manifest import MOST_SAMPLE, ROW_CELLS, Sample
from imagedb_site.reader.cell_store import CellStore

Mask = NDArray[np.bool_]


def verify_cells(store: CellStore, missing: Mask | None, texts: Mask | None) -> None:
    """Check that every row with an embedding lies in one cell, its own, and that the samples are of the rows.

    `missing`, `texts`: the rows without an embedding and those of texts, bool [count]. Raises FormatError.
    """
    known = np.ones(store.count, dtype=np.bool_) if missing is None else ~missing
    positions = _verify_rows(store, known)
    kinds = np.zeros(store.count, dtype=np.bool_) if texts is None else texts
    wanted = [
        _sampled(store.tier.pictures, np.flatnonzero(known & ~kinds)),
        _sampled(store.tier.texts, np.flatnonzero(known & kinds)),
    ]
    # Every file is read in turn, and only the rows of the samples are compared.
    for number in range(store.tier.files.count):
        store.file(number)
    for sample, rows in zip((store.tier.pictures, store.tier.texts), wanted, strict=True):
        if (store.sample(sample) != store.codes_at(positions[rows])).any():
            raise FormatError("A sample does not have the vectors of its rows.")


def _verify_rows(store: CellStore, known: Mask) -> NDArray[np.int64]:
    """The position of each row, int64 [count]; −1 without an embedding."""
    table = store.table
    of_rows = [store.row_block(number) for number in range(-(-store.count // ROW_CELLS))]
    cells = np.concatenate(of_rows) if of_rows else np.zeros(0, dtype=np.uint16)
    if ((cells != NO_CELL) != known).any():
        raise FormatError("The cells of rows do not fit the rows that have an embedding.")
    positions = np.full(store.count, -1, dtype=np.int64)
    for number in range(store.tier.groups.count):
        group = store.group(number)
        begin = int(table.starts[group.first])
        end = group.first + len(group.centres)
        sizes = np.diff(table.starts[group.first : end + 1])
        if (cells[group.rows] != np.repeat(np.arange(group.first, end), sizes)).any():
            raise FormatError("A row does not lie in the cell that it should.")
        # A row is in its own cell only, and the rows of a cell rise: so no row is there twice.
        positions[group.rows] = begin + np.arange(len(group.rows))
    return positions


def _sampled(sample: Sample | None, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows that a sample of these rows has, int64 [n]."""
    size = min(len(rows), MOST_SAMPLE)
    if size != (0 if sample is None else sample.count):
        raise FormatError(f"A sample has another number of rows than {size:,}.")
    return rows[np.arange(size) * len(rows) // max(size, 1)]
