"""The index of the cells and their sizes: untrusted bytes in, checked arrays out (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.coarse import MOST_BITS, Scheme
from imagedb_site.reader.decode import section
from imagedb_site.reader.shape import as_count

_LARGEST_STEP = 1e6

Packed = NDArray[np.uint8]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class CellIndex:
    """What stays when rows are added.

    `bits` uint8 [dims], `steps` float32 [dims] and `codes` uint8 [cells, code_bytes]: the centres less the
    mean. `reach` float64 [cells]: what a cell's best row is expected to add for a query of length 1.
    `row_scale` float32 [dim]: what a row's int8 code stands for, times the scale of the row.
    """

    bits: NDArray[np.uint8]
    steps: NDArray[np.float32]
    codes: Packed
    reach: NDArray[np.float64]
    row_scale: NDArray[np.float32]

    @property
    def count(self) -> int:
        """How many cells there are, the tail aside."""
        return len(self.codes)


@dataclass(frozen=True)
class CellSizes:
    """Where the rows of the cells lie.

    `starts` int64 [cells + tail + 1]: the first position of each cell among all rows in the order of the
    cells. `group_starts` int64 [groups + 1]: the first cell of each group file. `file_starts` int64
    [files + 1]: the first position of each vector file, and `file_cells` int64 [files] its cell. `tail`:
    whether the last cell is the tail.
    """

    starts: Rows
    group_starts: Rows
    file_starts: Rows
    file_cells: Rows
    tail: bool


def decode_index(data: bytes, scheme: Scheme, cells: int) -> CellIndex:
    """The index of `cells` cells. Raises FormatError if it breaks a rule."""
    header, arrays = read_container(data, "cells")
    dims, dim = len(scheme.bits), scheme.dim
    expect(header, {"cells": cells, "dim": dim, "dims": dims}, "index of the cells'")
    step = _step(header.get("reach_step"))
    bits = section(header, arrays, "bits", ("u8",), dims)
    steps = section(header, arrays, "steps", ("f32",), dims)
    row_scale = section(header, arrays, "row_scale", ("f32",), dim)
    if (bits > MOST_BITS).any() or not (_positive(steps) and _positive(row_scale)):
        raise FormatError("The index of the cells holds an impossible number.")
    total = int(bits.sum(dtype=np.int64))
    width = -(-total // 8)
    if header.get("code_bytes") != width:
        raise FormatError("The index of the cells' code_bytes do not fit its bits.")
    codes = section(header, arrays, "codes", ("u8",), cells * width).reshape(cells, width)
    check_padding(codes, total)
    reach = section(header, arrays, "reach", ("u8",), cells)
    return CellIndex(bits, steps, codes, reach * step, row_scale)


def decode_sizes(
    data: bytes, cells: int, groups: int, files: int, known: int, rows_per_file: int
) -> CellSizes:
    """The sizes of `cells` cells and of the tail that there may be, of `known` rows together.

    Raises FormatError if they break a rule, or need another number of files.
    """
    header, arrays = read_container(data, "cell-sizes")
    expect(header, {"cells": cells, "groups": groups}, "sizes of the cells'")
    tail = as_count(header.get("tail"), "The sizes of the cells' tail", 1)
    sizes = section(header, arrays, "sizes", ("u32",), cells + tail).astype(np.int64)
    group_cells = section(header, arrays, "group_cells", ("u32",), groups)
    if not group_cells.all() or int(group_cells.sum(dtype=np.int64)) != cells + tail:
        raise FormatError("The sizes of the cells do not cut them into groups.")
    if tail and group_cells[-1] != 1:
        raise FormatError("The tail is not alone in its group.")
    if int(sizes.sum()) != known:
        raise FormatError(f"The cells do not hold the {known:,} rows with an embedding.")
    starts = _starts(sizes)
    counts = -(-sizes // rows_per_file)
    if int(counts.sum()) != files:
        raise FormatError(f"The cells do not have {files:,} files of vectors.")
    of = np.repeat(np.arange(len(sizes)), counts)
    place = np.arange(files) - np.repeat(_starts(counts)[:-1], counts)
    firsts = starts[of] + place * sizes[of] // counts[of]
    file_starts = np.concatenate([firsts, [known]]).astype(np.int64)
    return CellSizes(starts, _starts(group_cells), file_starts, of, bool(tail))


def expect(header: Mapping[str, Any], expected: Mapping[str, int], whose: str) -> None:
    """Raise FormatError unless the header says these numbers."""
    for key, value in expected.items():
        if header.get(key) != value or isinstance(header[key], bool):
            raise FormatError(f"The {whose} {key} is not {value:,}.")


def check_padding(codes: Packed, bits: int) -> None:
    """Raise FormatError unless what is left of the last byte of codes uint8 [n, bytes] is 0."""
    if bits % 8 and (codes[:, -1] >> (bits % 8)).any():
        raise FormatError("The bits after a coarse code are not 0.")


def _step(value: object) -> float:
    """Raises FormatError unless the value is a step of reach."""
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= _LARGEST_STEP
    ):
        return float(value)
    raise FormatError("The index of the cells does not have a valid reach_step.")


def _positive(numbers: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(numbers).all() and (numbers > 0).all())


def _starts(sizes: NDArray[np.integer]) -> Rows:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
