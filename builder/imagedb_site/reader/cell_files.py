"""The files of the tier `cells`: untrusted bytes in, checked arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.coarse import MOST_BITS, Scheme
from imagedb_site.reader.decode import section
from imagedb_site.reader.shape import as_count

NO_CELL = 0xFFFF
"""The cell of a row without an embedding."""
_LARGEST_STEP = 1e6
_LONGEST = 5
"""The most bytes of a number below 2³²."""

Codes = NDArray[np.int8]
Packed = NDArray[np.uint8]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class CellTable:
    """The index of the cells.

    `bits` uint8 [dims], `steps` float32 [dims] and `codes` uint8 [cells, code_bytes]: the centres less the
    mean. `reach` float64 [cells]: what a cell's best row is expected to add for a query of length 1.
    `starts` int64 [cells + 1]: the first position of each cell among all rows in the order of the cells.
    `group_starts` int64 [groups + 1]: the first cell of each group file. `file_starts` int64 [files + 1]: the
    first position of each vector file. `tail`: whether the last cell is the tail.
    """

    bits: NDArray[np.uint8]
    steps: NDArray[np.float32]
    codes: Packed
    reach: NDArray[np.float64]
    starts: Rows
    group_starts: Rows
    file_starts: Rows
    tail: bool

    @property
    def count(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class Group:
    """The cells `first …` of one file: their centres int8 [cells, dim], and their rows int64 [n] with coarse
    codes uint8 [n, row_bytes]. `near`: int64 [n], the cell that each row of the tail is coded against; None
    for other cells."""

    first: int
    centres: Codes
    rows: Rows
    codes: Packed
    near: Rows | None


def decode_table(
    data: bytes, scheme: Scheme, cells: int, groups: int, files: int, known: int
) -> CellTable:
    """The index of `cells` cells of `known` rows. Raises FormatError if it breaks a rule."""
    header, arrays = read_container(data, "cells")
    expected = {"cells": cells, "groups": groups, "files": files, "dim": scheme.dim}
    for key, value in expected.items():
        if header.get(key) != value:
            raise FormatError(f"The index of the cells' {key} is not {value:,}.")
    tail = as_count(header.get("tail"), "The index of the cells' tail", 1)
    step = header.get("reach_step")
    if not isinstance(step, int | float) or isinstance(step, bool) or not 0 <= step < _LARGEST_STEP:
        raise FormatError("The index of the cells has no valid reach_step.")
    dims = len(scheme.bits)
    bits = section(header, arrays, "bits", ("u8",), dims)
    steps = section(header, arrays, "steps", ("f32",), dims)
    if (bits > MOST_BITS).any() or not (np.isfinite(steps).all() and (steps > 0).all()):
        raise FormatError("The index of the cells holds an impossible number.")
    total = int(bits.sum(dtype=np.int64))
    width = -(-total // 8)
    if header.get("code_bytes") != width:
        raise FormatError("The index of the cells' code_bytes do not fit its bits.")
    codes = section(header, arrays, "codes", ("u8",), cells * width).reshape(cells, width)
    check_padding(codes, total)
    reach = section(header, arrays, "reach", ("u8",), cells)
    if tail and (codes[-1].any() or reach[-1]):
        raise FormatError("The tail has a centre of its own.")
    sizes = section(header, arrays, "sizes", ("u32",), cells)
    group_cells = section(header, arrays, "group_cells", ("u32",), groups)
    file_rows = section(header, arrays, "file_rows", ("u32",), files)
    starts, group_starts, file_starts = map(_starts, (sizes, group_cells, file_rows))
    if not group_cells.all() or group_starts[-1] != cells or (tail and group_cells[-1] != 1):
        raise FormatError("The index of the cells does not cut them into groups.")
    if starts[-1] != known or not file_rows.all() or file_starts[-1] != known:
        raise FormatError(f"The cells do not hold the {known:,} rows with an embedding.")
    return CellTable(
        bits, steps, codes, reach * float(step), starts, group_starts, file_starts, bool(tail)
    )


def decode_group(data: bytes, number: int, table: CellTable, scheme: Scheme, count: int) -> Group:
    """The group file of that number, of a site of `count` rows. Raises FormatError if it breaks a rule."""
    first, end = (int(one) for one in table.group_starts[number : number + 2])
    starts = table.starts[first : end + 1] - table.starts[first]
    size, cells = int(starts[-1]), end - first
    header, arrays = read_container(data, "cell-codes")
    expected = {
        "first": first,
        "cells": cells,
        "count": size,
        "row_bytes": scheme.row_bytes,
        "dim": scheme.dim,
    }
    for key, value in expected.items():
        if header.get(key) != value:
            raise FormatError(f"The cells' {key} is not {value:,}.")
    centres = section(header, arrays, "centres", ("i8",), cells * scheme.dim)
    codes = section(header, arrays, "codes", ("u8",), size * scheme.row_bytes)
    codes = codes.reshape(size, scheme.row_bytes)
    check_padding(codes, int(scheme.bits.sum(dtype=np.int64)))
    steps = _numbers(section(header, arrays, "rows", ("u8",), None), size)
    filled = starts[:-1][np.diff(starts) > 0]
    inner = np.ones(size, dtype=np.bool_)
    inner[filled] = False
    if (steps[inner] == 0).any():
        raise FormatError("The rows of a cell do not rise.")
    sums = np.cumsum(steps)
    before = np.repeat(sums[filled] - steps[filled], np.diff(starts)[np.diff(starts) > 0])
    rows = sums - before
    if size and int(rows.max()) >= count:
        raise FormatError("A cell has a row that the collection does not have.")
    near = None
    if table.tail and first == table.count - 1:
        near = section(header, arrays, "near", ("u16",), size).astype(np.int64)
        if size and int(near.max()) >= first:
            raise FormatError("A row of the tail is coded against a cell that does not exist.")
    return Group(first, centres.reshape(cells, scheme.dim), rows, codes, near)


def decode_cell_vectors(data: bytes, first: int, count: int, dim: int) -> Codes:
    """The int8 codes of the positions `first …`, int8 [count, dim]. Raises FormatError."""
    header, arrays = read_container(data, "cell-vectors")
    if (header.get("first"), header.get("count"), header.get("dim")) != (first, count, dim):
        raise FormatError("The vectors of cells are not those that they should be.")
    return _codes(section(header, arrays, "codes", ("i8",), count * dim), count, dim)


def decode_sample(data: bytes, count: int, dim: int) -> Codes:
    """The int8 codes of a sample, int8 [count, dim]. Raises FormatError."""
    header, arrays = read_container(data, "sample")
    if (header.get("count"), header.get("dim")) != (count, dim):
        raise FormatError(f"The sample does not have {count:,} rows of {dim:,} dimensions.")
    return _codes(section(header, arrays, "codes", ("i8",), count * dim), count, dim)


def decode_row_cells(data: bytes, first: int, count: int, cells: int) -> NDArray[np.uint16]:
    """The cells of the rows `first …`, uint16 [count]; NO_CELL without an embedding. Raises FormatError."""
    header, arrays = read_container(data, "row-cells")
    if (header.get("first"), header.get("count")) != (first, count):
        raise FormatError("The cells of rows are not those that they should be.")
    found = section(header, arrays, "cells", ("u16",), count)
    if ((found >= cells) & (found != NO_CELL)).any():
        raise FormatError("A row has a cell that does not exist.")
    return np.asarray(found)


def check_padding(codes: Packed, bits: int) -> None:
    """Raise FormatError unless what is left of the last byte of codes uint8 [n, bytes] is 0."""
    if bits % 8 and (codes[:, -1] >> (bits % 8)).any():
        raise FormatError("The bits after a coarse code are not 0.")


def _codes(flat: NDArray[np.int8], count: int, dim: int) -> Codes:
    if len(flat) and int(flat.min()) < -127:
        raise FormatError("The vectors hold a code below -127.")
    return flat.reshape(count, dim)


def _starts(sizes: NDArray[np.uint32]) -> Rows:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def _numbers(data: NDArray[np.uint8], count: int) -> Rows:
    """`count` numbers in LEB128, int64 [count]. Raises FormatError if there are more or fewer."""
    ends = np.flatnonzero(data < 128)
    if len(ends) != count or (len(data) and (not count or int(ends[-1]) != len(data) - 1)):
        raise FormatError("A file of cells does not have the rows that it should.")
    begins = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
    lengths = ends - begins + 1 if count else ends
    if count and int(lengths.max()) > _LONGEST:
        raise FormatError("A row of a cell is too large.")
    found = np.zeros(count, dtype=np.int64)
    for byte in range(int(lengths.max(initial=0))):
        has = np.flatnonzero(lengths > byte)
        part = data[begins[has] + byte].astype(np.int64) & 127
        found[has] |= part << (7 * byte)
    return found
