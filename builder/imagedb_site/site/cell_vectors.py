"""The tier `cells`: rows that look alike lie in one file (docs/FORMAT.md 2.9).

Rows are assigned to cells when cells are fitted. Rows that are added later wait in the *tail*, which every
search reads, so that few files change. If there are too many of them, all of them are assigned.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.run import Arrays, RowWorkers
from imagedb_site.site.cell_files import Placed, runs_of, write_cells
from imagedb_site.site.cell_fit import fit_scheme
from imagedb_site.site.cell_placing import place_rows, shared_arrays
from imagedb_site.site.cell_rows import RowCodes, order_in_cell
from imagedb_site.site.cell_scheme import NEW_CELL, NO_CELL, CellScheme
from imagedb_site.site.quantizer import Survey, encode
from imagedb_site.site.rows import DrawnRows
from imagedb_site.site.scheme import Quantizer
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteSettings

TAIL_ROWS = 1024
"""The most rows in the tail."""
TAIL_SHARE = 4
"""At most one row in this many is in the tail."""
SAMPLED = 1024
"""The most rows of a kind that a query's similarities are compared with."""
STEP = "place rows in cells"
"""The name of the work on rows in a report."""
_MEMORY_BYTES = 1 << 30
"""Codes that take more are kept in a temporary file."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class CellCodes:
    """Collects the codes of all rows in row order, and then writes them in the order of their cells."""

    tier = "cells"
    block = 8192
    coarse = None

    def __init__(
        self,
        files: SiteFiles,
        found: Survey,
        quantizer: Quantizer,
        kept: CellScheme | None,
        texts: Mask,
        settings: SiteSettings,
    ) -> None:
        """`kept`: the cells of the build before for the rows of this one, or None to fit them to
        `found.wide`. `texts`: bool [rows], the rows whose embedding is that of a text."""
        count, dim = len(found.present), len(found.mean)
        self._files = files
        self._settings = settings
        self._quantizer = quantizer
        if kept is None:
            sample = found.wide if len(found.wide) else found.mean[None]
            known = int(np.count_nonzero(found.present))
            kept = fit_scheme(sample, known, count, quantizer, settings.cell_layout.count)
        self.cells = kept
        self._row_cells = kept.row_cells.copy()
        self._row_cells[~found.present] = NO_CELL
        # A row that had no embedding before is new.
        self._row_cells[found.present & (self._row_cells >= kept.count)] = NEW_CELL
        self._near = np.zeros(count, dtype=np.uint16)
        self._codes = RowCodes(
            _array((count, kept.coarse.row_bytes), np.uint8),
            np.zeros(count, dtype=np.uint8),
            np.zeros(count, dtype=np.uint8),
            _array((count, dim), np.int8),
        )
        kinds = {"pictures": found.present & ~texts, "texts": found.present & texts}
        self._samples = {name: _Sample(mask) for name, mask in kinds.items()}
        new = int(np.count_nonzero(self._row_cells == NEW_CELL))
        known = int(np.count_nonzero(found.present))
        self._tail = new <= min(TAIL_ROWS, known // TAIL_SHARE)

    def take(self, parts: Iterable[tuple[int, Floats, Mask]], workers: RowWorkers) -> None:
        """Take all rows in parts of `block` rows: the first row, embeddings float32 [n, dim], and which of
        them have one. `workers` find their cells and codes."""
        taken: deque[NDArray[np.int64]] = deque()
        shared = shared_arrays(self.cells, self._quantizer, tail=self._tail)
        for done in workers.map(STEP, place_rows, shared, self._blocks(parts, taken)):
            rows = taken.popleft()
            self._row_cells[rows] = done["cells"]
            self._near[rows] = done["near"]
            self._codes.coarse[rows] = done["coarse"]
            self._codes.factors[rows] = done["factors"]
            self._codes.scales[rows] = done["scales"]
            self._codes.vectors[rows] = done["vectors"]

    def _blocks(
        self, parts: Iterable[tuple[int, Floats, Mask]], taken: deque[NDArray[np.int64]]
    ) -> Iterator[Arrays]:
        """The blocks for `place_rows`; `taken` gets the rows of each."""
        for first, part, present in parts:
            for sample in self._samples.values():
                sample.add(first, part, self._quantizer)
            rows = first + np.flatnonzero(present)
            taken.append(rows)
            yield {"rows": part[present], "cells": self._row_cells[rows]}

    def finish(self, drawn: DrawnRows | None) -> dict[str, Any]:
        """Write everything; returns the tier's part of the manifest.

        `drawn`: what a grid draws of each row, to lie beside its vector.
        """
        placed = self._placed()
        runs = self.cells.runs
        if not len(runs):
            sizes = placed.sizes[: self.cells.count]
            dim = len(self._quantizer.mean)
            layout = self._settings.cell_layout
            runs = runs_of(sizes, self.cells.coarse.row_bytes, dim, layout)
        self.cells = replace(self.cells, runs=runs, row_cells=self._row_cells)
        return {
            "sample": {name: one.write(self._files, name) for name, one in self._samples.items()},
            **write_cells(
                self._files,
                self.cells,
                placed,
                self._codes,
                self._settings.cell_layout,
                self._settings.fanout,
                drawn,
            ),
        }

    def _placed(self) -> Placed:
        """Sort rows by their cells, and the rows of each cell along its main direction."""
        count = self.cells.count
        published = self._row_cells.copy()
        published[published == NEW_CELL] = count
        known = np.flatnonzero(published != NO_CELL)
        order = known[np.argsort(published[known], kind="stable")]
        sizes = np.bincount(published[known], minlength=count)
        first = 0
        for size in sizes[:count].tolist():
            inside = order[first : first + size]
            own = order_in_cell(
                self._codes.vectors[inside], self._codes.scales[inside], self.cells.row_scale
            )
            order[first : first + size] = inside[own]
            first += size
        return Placed(order, sizes, published, len(sizes) > count, self._near[order[first:]])


class _Sample:
    """Codes of at most SAMPLED rows of one kind, at equal distances."""

    def __init__(self, mask: Mask) -> None:
        rows = np.flatnonzero(mask)
        size = min(len(rows), SAMPLED)
        self._rows = rows[np.arange(size) * len(rows) // max(1, size)]
        self._codes: list[NDArray[np.int8]] = []

    def add(self, first: int, part: Floats, quantizer: Quantizer) -> None:
        """Take those of the next rows that belong to it."""
        begin, end = np.searchsorted(self._rows, [first, first + len(part)])
        self._codes.append(encode(part[self._rows[begin:end] - first], quantizer))

    def write(self, files: SiteFiles, name: str) -> dict[str, Any] | None:
        """Returns the manifest's part, or None if there are no such rows."""
        if not len(self._rows):
            return None
        codes = np.concatenate(self._codes)
        header = {"count": len(codes), "dim": codes.shape[1]}
        entry = files.put_container(
            "sample", f"sample-{name}", header, {"codes": codes}, compress=False
        )
        return {"count": len(codes), "file": entry.to_json()}


def _array(shape: tuple[int, int], dtype: type[np.generic]) -> NDArray[Any]:
    if shape[0] * shape[1] <= _MEMORY_BYTES:
        return np.zeros(shape, dtype=dtype)
    file = tempfile.TemporaryFile(prefix="imagedb-vectors-")  # noqa: SIM115
    return np.memmap(file, dtype=dtype, mode="w+", shape=shape)
