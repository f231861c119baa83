"""The files of the tier `cells`, read when they are needed; those that were used last stay in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_cache import VectorFiles
from imagedb_site.reader.cell_files import (
    NO_CELL,
    Codes,
    Group,
    VectorFile,
    decode_cell_vectors,
    decode_group,
    decode_row_cells,
    decode_sample,
)
from imagedb_site.reader.cell_index import Packed, Rows, decode_index, decode_sizes
from imagedb_site.reader.cell_manifest import ROW_CELLS, CellTier, Sample
from imagedb_site.reader.coarse import decode_coarse
from imagedb_site.reader.decode import block_span, decode_row_bytes
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.naming import naming
from imagedb_site.reader.recent import Recent

Read = Callable[[FileEntry], bytes]

_KEPT_GROUPS = 4096
_KEPT_ROW_CELLS = 64


@dataclass(frozen=True)
class CellRows:
    """Rows int64 [n] of some cells: their positions int64 [n] in the order of the cells, the cell int64 [n]
    that each is coded against, and their factors uint8 [n] and coarse codes uint8 [n, row_bytes]."""

    rows: Rows
    positions: Rows
    cells: Rows
    factors: NDArray[np.uint8]
    codes: Packed

    def only(self, wanted: NDArray[np.bool_]) -> CellRows:
        """Those rows of a mask bool [n]."""
        return CellRows(*(column[wanted] for column in self._columns()))

    @classmethod
    def joined(cls, parts: list[CellRows]) -> CellRows:
        columns = zip(*(part._columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def _columns(self) -> tuple[Any, ...]:
        return self.rows, self.positions, self.cells, self.factors, self.codes


@dataclass(frozen=True)
class Places:
    """Where rows lie: positions int64 [n], −1 without an embedding; the cell int64 [n] that each is coded
    against; and whether it is a row of the tail, bool [n]."""

    positions: Rows
    cells: Rows
    in_tail: NDArray[np.bool_]


class CellStore:
    """Files by their number, checked."""

    def __init__(self, tier: CellTier, count: int, known: int, dim: int, read: Read) -> None:
        """`count`: rows of the site; `known`: those with an embedding. Raises FormatError."""
        self.tier = tier
        self.count = count
        self._read = read
        with naming(tier.coarse):
            self.scheme = decode_coarse(read(tier.coarse), dim)
        with naming(tier.index):
            self.index = decode_index(read(tier.index), self.scheme, tier.count)
        with naming(tier.sizes):
            wanted = (tier.count, tier.groups.count, tier.files.count, known, tier.rows_per_file)
            self.sizes = decode_sizes(read(tier.sizes), *wanted)
        self._group_list = FileList(tier.groups, read)
        self._file_list = FileList(tier.files, read)
        self._row_list = FileList(tier.row_cells, read)
        self._groups: Recent[int, Group] = Recent(_KEPT_GROUPS)
        self.vectors = VectorFiles(self.sizes, dim, self.load_vectors)
        self._row_cells: Recent[int, NDArray[np.uint16]] = Recent(_KEPT_ROW_CELLS)

    @property
    def tail(self) -> int | None:
        """The number of the tail; None without one."""
        return self.tier.count if self.sizes.tail else None

    def group(self, number: int) -> Group:
        """The group file of that number."""
        found = self._groups.get(number)
        if found is None:
            entry = self._group_list.entry(number)
            with naming(entry):
                data = self._read(entry)
                found = decode_group(
                    data, number, self.sizes, self.tier.count, self.scheme, self.count
                )
            self._groups.put(number, found)
        return found

    def _group_of(self, cell: int) -> Group:
        return self.group(int(np.searchsorted(self.sizes.group_starts, cell, "right")) - 1)

    def centre(self, cell: int) -> Codes:
        """The centre of a cell by the quantizer, int8 [dim]. The tail has none."""
        group = self._group_of(cell)
        return np.asarray(group.centres[cell - group.first])

    def rows_of(self, cell: int) -> CellRows:
        """The rows of a cell, in the order of their positions."""
        group, starts = self._group_of(cell), self.sizes.starts
        first = int(starts[cell])
        part = slice(first - int(starts[group.first]), int(starts[cell + 1] - starts[group.first]))
        rows = group.rows[part].astype(np.int64)
        cells = np.full(len(rows), cell) if group.near is None else group.near[part]
        positions = first + np.arange(len(rows))
        return CellRows(rows, positions, cells, group.factors[part], group.codes[part])

    def rows_of_group(self, number: int) -> tuple[Rows, Places]:
        """The rows int64 [n] of a group file, in the order of their positions, and where they lie."""
        group, starts = self.group(number), self.sizes.starts
        end = int(self.sizes.group_starts[number + 1])
        cells = group.near
        if cells is None:
            of = np.arange(group.first, end)
            cells = np.repeat(of, np.diff(starts[group.first : end + 1]))
        positions = int(starts[group.first]) + np.arange(len(group.rows))
        in_tail = np.full(len(group.rows), group.near is not None)
        return group.rows.astype(np.int64), Places(positions, cells, in_tail)

    def load_vectors(self, number: int) -> VectorFile:
        """Read and check the vector file of that number."""
        entry = self._file_list.entry(number)
        with naming(entry):
            return decode_cell_vectors(self._read(entry), number, self.sizes, self.scheme.dim)

    def drawn_rows(self, number: int) -> NDArray[np.uint8]:
        """What the vector file of that number says of its rows, uint8 [rows, 64]. Needs `tier.drawn`."""
        entry = self._file_list.entry(number)
        first, end = (int(one) for one in self.sizes.file_starts[number : number + 2])
        with naming(entry):
            return decode_row_bytes(self._read(entry), "cell-vectors", end - first)

    def vector_entry(self, number: int) -> FileEntry:
        """The entry of the vector file of that number."""
        return self._file_list.entry(number)

    def row_block(self, number: int) -> NDArray[np.uint16]:
        """The cells of the rows of a block, uint16 [n]."""
        found = self._row_cells.get(number)
        if found is None:
            entry = self._row_list.entry(number)
            with naming(entry):
                span = block_span(number, ROW_CELLS, self.count)
                cells = self.tier.count + self.sizes.tail
                found = decode_row_cells(self._read(entry), *span, cells)
            self._row_cells.put(number, found)
        return found

    def cells_of(self, rows: Rows) -> Rows:
        """The cell of each row, int64 [n]; NO_CELL for a row without an embedding."""
        out = np.empty(len(rows), dtype=np.int64)
        numbers = rows // ROW_CELLS
        for number in np.unique(numbers).tolist():
            places = np.flatnonzero(numbers == number)
            out[places] = self.row_block(number)[rows[places] - number * ROW_CELLS]
        return out

    def places_of(self, rows: Rows) -> Places:
        """Where rows lie."""
        cells = self.cells_of(rows)
        found = Places(np.full(len(rows), -1), cells, cells == self.tail)
        for cell in np.unique(cells[cells != NO_CELL]).tolist():
            wanted = np.flatnonzero(cells == cell)
            inside = self.rows_of(cell)
            order = np.argsort(inside.rows)
            at = np.searchsorted(inside.rows, rows[wanted], sorter=order)
            if len(order):
                at = order[np.minimum(at, len(order) - 1)]
            if not len(order) or (inside.rows[at] != rows[wanted]).any():
                raise FormatError("A row does not lie in the cell that it should.")
            found.positions[wanted] = inside.positions[at]
            found.cells[wanted] = inside.cells[at]
        return found

    def places_at(self, positions: Rows) -> Places:
        """What is coded at positions in the order of the cells."""
        cells = np.searchsorted(self.sizes.starts, positions, "right") - 1
        found = Places(positions, cells, cells == self.tail)
        if found.in_tail.any():
            assert self.tail is not None
            inside = positions[found.in_tail] - self.sizes.starts[self.tail]
            found.cells[found.in_tail] = self.rows_of(self.tail).cells[inside]
        return found

    def sample(self, sample: Sample | None) -> Codes:
        """The int8 codes of a sample, int8 [n, dim]; none without one."""
        if sample is None:
            return np.zeros((0, self.scheme.dim), dtype=np.int8)
        with naming(sample.file):
            return decode_sample(self._read(sample.file), sample.count, self.scheme.dim)
