"""The vector files of cells that were read.

A page keeps few of them. A program that asks for the embeddings of all rows, in row order, would otherwise
read each file again for nearly every row, because neighbours in row order lie in different cells.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from imagedb_site.reader.cell_files import VectorFile
from imagedb_site.reader.cell_index import CellSizes, Rows
from imagedb_site.reader.spill import Spill


class VectorFiles:
    """Vector files by their number, each loaded once, and their rows by position."""

    def __init__(self, sizes: CellSizes, dim: int, load: Callable[[int], VectorFile]) -> None:
        """`load` reads and checks the file of that number."""
        self._starts = sizes.file_starts
        self._dim = dim
        self._load = load
        self._spill = Spill()

    def at(self, positions: Rows) -> VectorFile:
        """Codes and scales at positions in the order of the cells."""
        codes = np.zeros((len(positions), self._dim), dtype=np.int8)
        scales = np.zeros(len(positions), dtype=np.uint8)
        numbers = self._numbers(positions)
        order = np.argsort(numbers, kind="stable")
        found, firsts = np.unique(numbers[order], return_index=True)
        for number, places in zip(found.tolist(), np.split(order, firsts[1:]), strict=False):
            file = self._read(number)
            inside = positions[places] - self._starts[number]
            codes[places], scales[places] = file.codes[inside], file.scales[inside]
        return VectorFile(scales, codes)

    def holds(self, positions: Rows) -> NDArray[np.bool_]:
        """Whether the file of each position was read, bool [n]."""
        numbers = self._numbers(positions)
        return np.isin(numbers, [one for one in np.unique(numbers).tolist() if one in self._spill])

    def close(self) -> None:
        self._spill.close()

    def _numbers(self, positions: Rows) -> Rows:
        return np.searchsorted(self._starts, positions, "right") - 1

    def _read(self, number: int) -> VectorFile:
        kept = self._spill.get(number)
        if kept is None:
            file = self._load(number)
            # The scale of each row lies before its codes.
            kept = np.concatenate([file.scales.view(np.int8)[:, None], file.codes], axis=1)
            self._spill.put(number, kept)
        return VectorFile(kept[:, 0].view(np.uint8), kept[:, 1:])
