"""The files of single cells: untrusted bytes in, checked arrays out (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_index import CellSizes, Packed, Rows, check_padding, expect
from imagedb_site.reader.coarse import Scheme
from imagedb_site.reader.decode import section

NO_CELL = 0xFFFF
"""The cell of a row without an embedding."""

Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Group:
    """The cells `first …` of one file: their centres int8 [cells, dim], and their rows uint32 [n], with
    factors uint8 [n] and coarse codes uint8 [n, row_bytes].

    `near`: int64 [n], the cell that each row of the tail is coded against; None for other cells. The tail
    has no centre.
    """

    first: int
    centres: Codes
    rows: NDArray[np.uint32]
    factors: NDArray[np.uint8]
    codes: Packed
    near: Rows | None


@dataclass(frozen=True)
class VectorFile:
    """Int8 codes [n, dim] of rows and the scale of each, uint8 [n]; a scale s stands for s / 32."""

    scales: NDArray[np.uint8]
    codes: Codes


def decode_group(
    data: bytes, number: int, sizes: CellSizes, cells: int, scheme: Scheme, count: int
) -> Group:
    """The group file of that number, of `cells` cells of a site of `count` rows. Raises FormatError."""
    first, end = (int(one) for one in sizes.group_starts[number : number + 2])
    size = int(sizes.starts[end] - sizes.starts[first])
    header, arrays = read_container(data, "cell-codes")
    expected = {"first": first, "cells": end - first, "count": size}
    expect(header, {**expected, "row_bytes": scheme.row_bytes, "dim": scheme.dim}, "cells'")
    is_tail = first == cells
    centres = np.zeros((0, scheme.dim), np.int8)
    if not is_tail:
        flat = section(header, arrays, "centres", ("i8",), (end - first) * scheme.dim)
        centres = _codes(flat, end - first, scheme.dim)
    codes = section(header, arrays, "codes", ("u8",), size * scheme.row_bytes)
    codes = codes.reshape(size, scheme.row_bytes)
    check_padding(codes, int(scheme.bits.sum(dtype=np.int64)))
    factors = section(header, arrays, "factors", ("u8",), size)
    if not factors.all():
        raise FormatError("A factor of a coarse code is 0.")
    rows = section(header, arrays, "rows", ("u32",), size)
    if size and int(rows.max()) >= count:
        raise FormatError("A cell has a row that the collection does not have.")
    if len(np.unique(rows)) != size:
        raise FormatError("A row is in a file of cells twice.")
    near = None
    if is_tail:
        near = section(header, arrays, "near", ("u16",), size).astype(np.int64)
        if size and int(near.max()) >= cells:
            raise FormatError("A row of the tail is coded against a cell that does not exist.")
    return Group(first, centres, rows, factors, codes, near)


def decode_cell_vectors(data: bytes, number: int, sizes: CellSizes, dim: int) -> VectorFile:
    """The vector file of that number. Raises FormatError if it breaks a rule."""
    first, end = (int(one) for one in sizes.file_starts[number : number + 2])
    cell = int(sizes.file_cells[number])
    header, arrays = read_container(data, "cell-vectors")
    count, place = end - first, first - int(sizes.starts[cell])
    expect(header, {"cell": cell, "first": place, "count": count, "dim": dim}, "cell vectors'")
    scales = section(header, arrays, "scales", ("u8",), count)
    if not scales.all():
        raise FormatError("The scale of a row is 0.")
    return VectorFile(
        scales, _codes(section(header, arrays, "codes", ("i8",), count * dim), count, dim)
    )


def decode_sample(data: bytes, count: int, dim: int) -> Codes:
    """The int8 codes of a sample, int8 [count, dim]. Raises FormatError."""
    header, arrays = read_container(data, "sample")
    expect(header, {"count": count, "dim": dim}, "sample's")
    return _codes(section(header, arrays, "codes", ("i8",), count * dim), count, dim)


def decode_row_cells(data: bytes, first: int, count: int, cells: int) -> NDArray[np.uint16]:
    """The cells of the rows `first …`, uint16 [count]; NO_CELL without an embedding.

    `cells`: how many there are, the tail included. Raises FormatError.
    """
    header, arrays = read_container(data, "row-cells")
    expect(header, {"first": first, "count": count}, "row cells'")
    found = section(header, arrays, "cells", ("u16",), count)
    if ((found >= cells) & (found != NO_CELL)).any():
        raise FormatError("A row has a cell that does not exist.")
    return np.asarray(found)


def _codes(flat: NDArray[np.int8], count: int, dim: int) -> Codes:
    if len(flat) and int(flat.min()) < -127:
        raise FormatError("A file of cells holds a code below -127.")
    return flat.reshape(count, dim)
