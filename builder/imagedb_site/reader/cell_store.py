"""The files of the tier `cells`, read when they are needed; those that were used last stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_files import (
    NO_CELL,
    Codes,
    Group,
    Rows,
    decode_cell_vectors,
    decode_group,
    decode_row_cells,
    decode_sample,
    decode_table,
)
from imagedb_site.reader.cell_manifest import ROW_CELLS, CellTier, Sample
from imagedb_site.reader.coarse import decode_coarse
from imagedb_site.reader.decode import block_span
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.recent import Recent

Read = Callable[[FileEntry], bytes]
Packed = NDArray[np.uint8]

_KEPT_GROUPS = 1024
_KEPT_FILES = 256
_KEPT_ROW_CELLS = 64


@dataclass(frozen=True)
class CellRows:
    """Rows int64 [n] of some cells: their positions int64 [n] in the order of the cells, their coarse codes
    uint8 [n, row_bytes], and the cell int64 [n] that each is coded against."""

    rows: Rows
    positions: Rows
    codes: Packed
    cells: Rows


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
            data = read(tier.index)
            self.table = decode_table(
                data, self.scheme, tier.count, tier.groups.count, tier.files.count, known
            )
        self._group_list = FileList(tier.groups, read)
        self._file_list = FileList(tier.files, read)
        self._row_list = FileList(tier.row_cells, read)
        self._groups: Recent[int, Group] = Recent(_KEPT_GROUPS)
        self._files: Recent[int, Codes] = Recent(_KEPT_FILES)
        self._row_cells: Recent[int, NDArray[np.uint16]] = Recent(_KEPT_ROW_CELLS)

    def group(self, number: int) -> Group:
        """The group file of that number."""
        found = self._groups.get(number)
        if found is None:
            entry = self._group_list.entry(number)
            with naming(entry):
                data = self._read(entry)
                found = decode_group(data, number, self.table, self.scheme, self.count)
            self._groups.put(number, found)
        return found

    def group_of(self, cell: int) -> Group:
        """The group file that a cell lies in."""
        return self.group(int(np.searchsorted(self.table.group_starts, cell, "right")) - 1)

    def centre(self, cell: int) -> Codes:
        """The centre of a cell by the quantizer, int8 [dim]."""
        group = self.group_of(cell)
        return np.asarray(group.centres[cell - group.first])

    def rows_of(self, cell: int) -> CellRows:
        """The rows of a cell, which rise."""
        group, starts = self.group_of(cell), self.table.starts
        first = int(starts[cell])
        part = slice(first - int(starts[group.first]), int(starts[cell + 1] - starts[group.first]))
        rows = group.rows[part]
        against = np.full(len(rows), cell) if group.near is None else group.near[part]
        return CellRows(rows, first + np.arange(len(rows)), group.codes[part], against)

    def file(self, number: int) -> Codes:
        """The int8 codes of the vector file of that number, int8 [n, dim]."""
        found = self._files.get(number)
        if found is None:
            entry = self._file_list.entry(number)
            first, end = (int(one) for one in self.table.file_starts[number : number + 2])
            with naming(entry):
                data = self._read(entry)
                found = decode_cell_vectors(data, first, end - first, self.scheme.dim)
            self._files.put(number, found)
        return found

    def holds(self, positions: Rows) -> NDArray[np.bool_]:
        """Whether the vector file of each position is in memory, bool [n]."""
        numbers = np.searchsorted(self.table.file_starts, positions, "right") - 1
        kept = [one for one in np.unique(numbers).tolist() if self._files.get(one) is not None]
        return np.isin(numbers, kept)

    def codes_at(self, positions: Rows) -> Codes:
        """The int8 codes at positions in the order of the cells, int8 [n, dim]."""
        out = np.zeros((len(positions), self.scheme.dim), dtype=np.int8)
        numbers = np.searchsorted(self.table.file_starts, positions, "right") - 1
        for number in np.unique(numbers).tolist():
            places = np.flatnonzero(numbers == number)
            out[places] = self.file(number)[positions[places] - self.table.file_starts[number]]
        return out

    def row_block(self, number: int) -> NDArray[np.uint16]:
        """The cells of the rows of a block, uint16 [n]."""
        found = self._row_cells.get(number)
        if found is None:
            entry = self._row_list.entry(number)
            with naming(entry):
                span = block_span(number, ROW_CELLS, self.count)
                found = decode_row_cells(self._read(entry), *span, self.tier.count)
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

    def positions_of(self, rows: Rows) -> Rows:
        """The positions of rows in the order of the cells, int64 [n]; −1 without an embedding."""
        cells = self.cells_of(rows)
        out = np.full(len(rows), -1, dtype=np.int64)
        for cell in np.unique(cells[cells != NO_CELL]).tolist():
            places = np.flatnonzero(cells == cell)
            inside = self.rows_of(cell).rows
            at = np.searchsorted(inside, rows[places])
            if not len(inside) or (inside[np.minimum(at, len(inside) - 1)] != rows[places]).any():
                raise FormatError("A row does not lie in the cell that it should.")
            out[places] = self.table.starts[cell] + at
        return out

    def sample(self, sample: Sample | None) -> Codes:
        """The int8 codes of a sample, int8 [n, dim]; none without one."""
        if sample is None:
            return np.zeros((0, self.scheme.dim), dtype=np.int8)
        with naming(sample.file):
            return decode_sample(self._read(sample.file), sample.count, self.scheme.dim)


@contextmanager
def naming(entry: FileEntry) -> Iterator[None]:
    """Put the file's name before the message of a FormatError raised inside, if it is not there."""
    try:
        yield
    except FormatError as error:
        if entry.path in str(error):
            raise
        raise FormatError(f"{entry.path}: {error}", error.hint) from error
