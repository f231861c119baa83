"""Blocks of columns of a published site (docs/FORMAT.md 2.2): a field's values for some rows, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.decode import Arrays, section
from imagedb_site.reader.shape import as_texts

ColumnValue = float | int | str | list[str] | None

_NUMBER_TYPES = ("u8", "u16", "u32", "i32", "f32", "f64")
# The end of the year 9999; the year 1 is nearer to 1970.
_MAX_SECONDS = 253_402_300_800
_CODE_TYPES = ("u8", "u16", "u32")


@dataclass(frozen=True)
class SiteColumn:
    """A field's values over all rows, or over those of one block.

    Numbers and dates: `values` [count] and `missing` bool [count]; dates last `lengths` u32 [count] seconds,
    all 0 if that is None. Categories and booleans: `names` and
    `codes` [count], in which `len(names)` or more is missing. Tags: those of row r have the codes
    `offsets[r] … offsets[r+1]-1`.
    """

    count: int
    values: NDArray[Any] | None = None
    missing: NDArray[np.bool_] | None = None
    lengths: NDArray[np.uint32] | None = None
    names: Sequence[str] = ()
    codes: NDArray[Any] | None = None
    offsets: NDArray[np.int64] | None = None

    def part(self, first: int, count: int) -> list[ColumnValue]:
        """The values of the rows `first …`: numbers (dates in seconds), texts, lists; None if missing."""
        end = min(first + count, self.count)
        if self.values is not None and self.missing is not None:
            pairs = zip(
                self.values[first:end].tolist(), self.missing[first:end].tolist(), strict=True
            )
            return [None if absent else value for value, absent in pairs]
        assert self.codes is not None
        if self.offsets is None:
            known = len(self.names)
            codes = self.codes[first:end].tolist()
            return [self.names[code] if code < known else None for code in codes]
        bounds = self.offsets[first : end + 1].tolist()
        return [
            [self.names[code] for code in self.codes[start:stop].tolist()]
            for start, stop in pairwise(bounds)
        ]

    def spans(self, first: int, count: int) -> list[tuple[float, float] | None]:
        """The start and the length of the dates of the rows `first …`, in seconds; None if missing."""
        starts = self.part(first, count)
        lengths = [0] * len(starts)
        if self.lengths is not None:
            lengths = self.lengths[first : first + len(starts)].tolist()
        pairs = zip(starts, lengths, strict=True)
        return [(start, length) if isinstance(start, float) else None for start, length in pairs]


def decode_column(data: bytes, field_type: str, count: int, first: int = 0) -> SiteColumn:
    """The block of `count` rows from `first` on of a field of this type.

    Raises FormatError for anything docs/FORMAT.md forbids.
    """
    header, arrays = read_container(data, "column")
    if header.get("count") != count or header.get("first") != first:
        raise FormatError("A column's file is not the block it should be.")
    if field_type in ("number", "date"):
        allowed = ("f64",) if field_type == "date" else _NUMBER_TYPES
        values = section(header, arrays, "values", allowed, count)
        missing = is_missing(values)
        lengths = None
        if field_type == "date":
            lengths = _decode_lengths(header, arrays, values, missing)
        return SiteColumn(count, values=values, missing=missing, lengths=lengths)
    names = as_texts(header.get("values"), "A column's values")
    if len(set(names)) != len(names):
        raise FormatError("A column has the same value twice.")
    if field_type == "tags":
        return _decode_tags(header, arrays, names, count)
    codes = section(header, arrays, "codes", _CODE_TYPES, count)
    absent = codes == np.iinfo(codes.dtype).max
    if count and bool(((codes >= len(names)) & ~absent).any()):
        raise FormatError("A column has a code without a value.")
    if bool(absent.any()) and len(names) > np.iinfo(codes.dtype).max:
        raise FormatError("A column has no code for missing values.")
    return SiteColumn(count, names=names, codes=codes)


def join_blocks(blocks: Sequence[SiteColumn]) -> SiteColumn:
    """The column that the blocks, at least one and all of one field, make together."""
    if len(blocks) == 1:
        return blocks[0]
    count = sum(block.count for block in blocks)
    if blocks[0].codes is None:
        lengths = None
        if any(block.lengths is not None for block in blocks):
            none = (np.zeros(block.count, dtype=np.uint32) for block in blocks)
            lengths = np.concatenate(
                [
                    zeros if block.lengths is None else block.lengths
                    for block, zeros in zip(blocks, none, strict=True)
                ]
            )
        return SiteColumn(
            count,
            values=np.concatenate([_array(block.values).astype(np.float64) for block in blocks]),
            missing=np.concatenate([_array(block.missing) for block in blocks]),
            lengths=lengths,
        )
    places: dict[str, int] = {}
    codes = [_recoded(block, places) for block in blocks]
    names = list(places)
    if blocks[0].offsets is None:
        return SiteColumn(count, names=names, codes=np.concatenate(codes))
    ends = np.cumsum([0, *(len(part) for part in codes)])
    offsets = [_array(block.offsets)[1:] + end for block, end in zip(blocks, ends, strict=False)]
    return SiteColumn(
        count,
        names=names,
        codes=np.concatenate(codes),
        offsets=np.concatenate([np.zeros(1, dtype=np.int64), *offsets]),
    )


def _recoded(block: SiteColumn, places: dict[str, int]) -> NDArray[np.uint32]:
    """The block's codes u32 by a dictionary of all blocks, which grows; 2³² - 1 is missing."""
    new = [places.setdefault(name, len(places)) for name in block.names]
    table = np.array([*new, 0xFFFFFFFF], dtype=np.uint32)
    return np.asarray(table[np.minimum(_array(block.codes), len(new))])


def _array(array: NDArray[Any] | None) -> NDArray[Any]:
    assert array is not None
    return array


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which numbers of a column stand for “missing”."""
    if values.dtype.kind == "f":
        if np.isinf(values).any():
            raise FormatError("A column holds an infinite number.")
        return np.asarray(np.isnan(values))
    limits = np.iinfo(values.dtype)
    return np.asarray(values == (limits.max if values.dtype.kind == "u" else limits.min))


def _decode_lengths(
    header: dict[str, Any], arrays: Arrays, starts: NDArray[Any], missing: NDArray[np.bool_]
) -> NDArray[np.uint32] | None:
    if bool((np.abs(starts[~missing]) > _MAX_SECONDS).any()):
        raise FormatError("A column has a date outside the years 1 to 9999.")
    if "lengths" not in arrays:
        return None
    lengths = section(header, arrays, "lengths", ("u32",), len(starts))
    if bool(lengths[missing].any()):
        raise FormatError("A column has a length without a date.")
    return lengths


def _decode_tags(
    header: dict[str, Any], arrays: Arrays, names: list[str], count: int
) -> SiteColumn:
    offsets = section(header, arrays, "offsets", ("u32",), count + 1).astype(np.int64)
    codes = section(header, arrays, "codes", ("u16", "u32"), None)
    if offsets[0] != 0 or offsets[-1] != len(codes) or (np.diff(offsets) < 0).any():
        raise FormatError("A column of tags has damaged offsets.")
    if len(codes) and int(codes.max()) >= len(names):
        raise FormatError("A column has a code without a value.")
    return SiteColumn(count, names=names, codes=codes, offsets=offsets)
