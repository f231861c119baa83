"""The vector files of cells that were read: in memory as far as there is room, then in a temporary file.

A page keeps few of them. A program that asks for the embeddings of all rows, in row order, would otherwise
read each file again for nearly every row, because neighbours in row order lie in different cells.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import IO

import numpy as np
from numpy.typing import NDArray

from imagedb_site.reader.cell_files import VectorFile
from imagedb_site.reader.cell_index import CellSizes, Rows

KEPT_BYTES = 64 << 20
"""How many bytes of codes stay in memory."""


class VectorFiles:
    """Vector files by their number, each loaded once, and their rows by position."""

    def __init__(self, sizes: CellSizes, dim: int, load: Callable[[int], VectorFile]) -> None:
        """`load` reads and checks the file of that number."""
        self._starts = sizes.file_starts
        self._dim = dim
        self._load = load
        self._kept: dict[int, VectorFile] = {}
        self._kept_bytes = 0
        self._spilled: set[int] = set()
        self._file: IO[bytes] | None = None

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
        found = np.unique(numbers).tolist()
        return np.isin(numbers, [one for one in found if one in self._kept or one in self._spilled])

    def close(self) -> None:
        self._kept.clear()
        self._spilled.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _numbers(self, positions: Rows) -> Rows:
        return np.searchsorted(self._starts, positions, "right") - 1

    def _read(self, number: int) -> VectorFile:
        if number in self._kept:
            return self._kept[number]
        if number in self._spilled and self._file is not None:
            count = int(self._starts[number + 1] - self._starts[number])
            self._file.seek(self._place(number))
            data = np.frombuffer(self._file.read(count * (self._dim + 1)), dtype=np.uint8)
            return VectorFile(data[:count], data[count:].view(np.int8).reshape(count, self._dim))
        file = self._load(number)
        self._keep(number, file)
        return file

    def _keep(self, number: int, file: VectorFile) -> None:
        if self._kept_bytes + file.codes.nbytes <= KEPT_BYTES:
            self._kept[number] = file
            self._kept_bytes += file.codes.nbytes
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="imagedb-vectors-")  # noqa: SIM115
            self._file.seek(self._place(number))
            self._file.write(file.scales.tobytes() + file.codes.tobytes())
            self._file.flush()
        except OSError:
            # Without room for temporary files the file is read again when it is needed.
            return
        self._spilled.add(number)

    def _place(self, number: int) -> int:
        return int(self._starts[number]) * (self._dim + 1)
