"""Checks all files of the tier `cells` and what they say about each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_files import NO_CELL
from imagedb_site.reader.cell_manifest import MOST_SAMPLE, ROW_CELLS, Sample
from imagedb_site.reader.cell_store import CellStore
from imagedb_site.reader.naming import naming

Mask = NDArray[np.bool_]
RowBytes = NDArray[np.uint8]


def verify_cells(
    store: CellStore, missing: Mask | None, texts: Mask | None, rows: Callable[[], RowBytes]
) -> None:
    """Check that every row with an embedding lies in one cell, its own, and that each kind has its sample.

    `missing`, `texts`: the rows without an embedding and those of texts, bool [count]. `rows` gives what the
    blocks of rows say, uint8 [count, 64]. Raises FormatError.
    """
    known = np.ones(store.count, dtype=np.bool_) if missing is None else ~missing
    _verify_rows(store, known)
    for number in range(store.tier.files.count):
        store.load_vectors(number)
    if store.tier.drawn:
        _verify_drawn(store, rows())
    kinds = np.zeros(store.count, dtype=np.bool_) if texts is None else texts
    _verify_sample(store, store.tier.pictures, int(np.count_nonzero(known & ~kinds)))
    _verify_sample(store, store.tier.texts, int(np.count_nonzero(known & kinds)))


def _verify_rows(store: CellStore, known: Mask) -> None:
    blocks = [store.row_block(number) for number in range(-(-store.count // ROW_CELLS))]
    cells = np.concatenate(blocks)
    if ((cells != NO_CELL) != known).any():
        raise FormatError("The cells of rows do not fit the rows that have an embedding.")
    starts = store.sizes.starts
    for number in range(store.tier.groups.count):
        group = store.group(number)
        end = int(store.sizes.group_starts[number + 1])
        sizes = np.diff(starts[group.first : end + 1])
        # No row is in a file twice, and a row is in the file of its own cell only. The cells hold as many
        # rows as have an embedding: so every one of these is there.
        if (cells[group.rows] != np.repeat(np.arange(group.first, end), sizes)).any():
            raise FormatError("A row does not lie in the cell that it should.")


def _verify_drawn(store: CellStore, rows: RowBytes) -> None:
    """Check that what lies beside the vector of each row is what its block of rows says."""
    groups = [store.group(number).rows for number in range(store.tier.groups.count)]
    order = np.concatenate(groups)
    starts = store.sizes.file_starts
    for number in range(store.tier.files.count):
        inside = order[starts[number] : starts[number + 1]]
        differ = (store.drawn_rows(number) != rows[inside]).any(axis=1)
        if differ.any():
            with naming(store.vector_entry(number)):
                row = int(inside[np.argmax(differ)])
                raise FormatError(
                    f"What is drawn of row {row:,} is not what its block of rows says."
                )


def _verify_sample(store: CellStore, sample: Sample | None, rows: int) -> None:
    """Check that the sample of `rows` rows has the right size."""
    size = min(rows, MOST_SAMPLE)
    if size != (0 if sample is None else sample.count):
        raise FormatError(f"A sample has another number of rows than {size:,}.")
    store.sample(sample)
