"""Columns of a published site (docs/FORMAT.md 2.2): a field's value for every row, as arrays."""

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
    """A field's values over all rows.

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


def decode_column(data: bytes, field_type: str, count: int) -> SiteColumn:
    """The column of a field of this type. Raises FormatError for anything docs/FORMAT.md forbids."""
    header, arrays = read_container(data, "column")
    if header.get("count") != count:
        raise FormatError("A column is of another collection.")
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
