"""Blocks of columns: the values of one field for some rows (docs/FORMAT.md 2.2)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imagedb_site.dates import date_span
from imagedb_site.records import FieldSpec, Value

Arrays = dict[str, NDArray[Any]]

# While a block is collected. A finished block has the type's largest value instead.
_MISSING = 0xFFFFFFFF


@dataclass(frozen=True)
class Block:
    """A finished block: keys of its header, its sections, and what the index says about it.

    `known`: rows with a value. `zone`: the least and the greatest number, or the first and the last
    second of the dates. `places` and `numbers` u32: the rows of the block, rising, that have a value of
    tags or categories, and its number in `Names`; one pair per value.
    """

    header: dict[str, Any]
    arrays: Arrays
    known: int
    zone: tuple[float, float] | None = None
    places: NDArray[np.uint32] | None = None
    numbers: NDArray[np.uint32] | None = None


class BlockMaker(Protocol):
    """Collects a field's cleaned values in row order, in compact arrays."""

    def add(self, value: Value | None) -> None: ...

    def take(self) -> Block:
        """The block of the values so far; the next value begins another one."""
        ...


class Names:
    """Gives every different text of a field a number, in the order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.texts: list[str] = []

    def number(self, text: str) -> int:
        found = self._numbers.setdefault(text, len(self.texts))
        if found == len(self.texts):
            self.texts.append(text)
        return found


def has_column(spec: FieldSpec) -> bool:
    """Whether a field gets a column: a facet needs one, too."""
    return spec.column or spec.facet


def block_maker(spec: FieldSpec, names: Names) -> BlockMaker:
    """`names`: the texts of the field, which all its blocks share."""
    match spec.type:
        case "number":
            return _Numbers()
        case "date":
            return _Dates()
        case "tags":
            return _Tags(names)
        case _:
            return _Categories(names)


def encode_column(
    spec: FieldSpec, rows: Iterable[Mapping[str, Value]]
) -> tuple[dict[str, Any], Arrays]:
    """Returns the header and the sections of a column of one block, from the cleaned values of its rows."""
    maker, count = block_maker(spec, Names()), 0
    for values in rows:
        maker.add(values.get(spec.name))
        count += 1
    block = maker.take()
    return {**block.header, "first": 0, "count": count}, block.arrays


class _Numbers:
    def __init__(self) -> None:
        self._values = array("d")

    def add(self, value: Value | None) -> None:
        self._values.append(float(value) if isinstance(value, int | float) else np.nan)

    def take(self) -> Block:
        values = np.array(self._values, dtype=np.float64)
        self._values = array("d")
        known = values[~np.isnan(values)]
        zone = (float(known.min()), float(known.max())) if len(known) else None
        return Block({}, {"values": pack_numbers(values)}, len(known), zone)


class _Dates:
    def __init__(self) -> None:
        self._starts = array("d")
        self._lengths = array("I")

    def add(self, value: Value | None) -> None:
        span = date_span(value) if isinstance(value, str) else None
        start, length = (np.nan, 0) if span is None else span
        self._starts.append(start)
        self._lengths.append(int(length))

    def take(self) -> Block:
        starts = np.array(self._starts, dtype=np.float64)
        lengths = np.array(self._lengths, dtype=np.uint32)
        self._starts, self._lengths = array("d"), array("I")
        arrays: Arrays = {"values": starts}
        if lengths.any():
            arrays["lengths"] = lengths
        known = ~np.isnan(starts)
        zone = None
        if known.any():
            last = starts[known] + np.maximum(lengths[known].astype(np.float64) - 1, 0)
            zone = (float(starts[known].min()), float(last.max()))
        return Block({}, arrays, int(known.sum()), zone)


class _Categories:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._numbers = array("I")

    def add(self, value: Value | None) -> None:
        missing = value is None
        self._numbers.append(_MISSING if missing else self._names.number(category_text(value)))

    def take(self) -> Block:
        numbers = np.array(self._numbers, dtype=np.uint32)
        self._numbers = array("I")
        known = numbers != _MISSING
        texts, codes = _ranked(numbers[known], self._names)
        dtype = _code_dtype(len(texts))
        filled = np.full(len(numbers), np.iinfo(dtype).max, dtype=dtype)
        filled[known] = codes
        places = np.flatnonzero(known).astype(np.uint32)
        return Block(
            {"values": texts},
            {"codes": filled},
            len(places),
            places=places,
            numbers=numbers[known],
        )


class _Tags:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._numbers = array("I")
        self._offsets = array("I", [0])

    def add(self, value: Value | None) -> None:
        if isinstance(value, list):
            self._numbers.extend(self._names.number(tag) for tag in value)
        self._offsets.append(len(self._numbers))

    def take(self) -> Block:
        numbers = np.array(self._numbers, dtype=np.uint32)
        offsets = np.array(self._offsets, dtype=np.uint32)
        self._numbers, self._offsets = array("I"), array("I", [0])
        texts, codes = _ranked(numbers, self._names)
        dtype = np.uint16 if len(texts) <= 1 << 16 else np.uint32
        sizes = np.diff(offsets)
        places = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
        arrays: Arrays = {"offsets": offsets, "codes": codes.astype(dtype)}
        known = int(np.count_nonzero(sizes))
        return Block({"values": texts}, arrays, known, places=places, numbers=numbers)


def _ranked(numbers: NDArray[np.uint32], names: Names) -> tuple[list[str], NDArray[np.uint32]]:
    """The texts of `numbers`, most frequent first, ties in code-point order; and their codes."""
    found, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    texts = [names.texts[number] for number in found.tolist()]
    often = counts.tolist()
    order = sorted(range(len(texts)), key=lambda at: (-often[at], texts[at]))
    codes = np.empty(len(texts), dtype=np.uint32)
    codes[order] = np.arange(len(texts), dtype=np.uint32)
    return [texts[at] for at in order], codes[inverse]


def category_text(value: Value | None) -> str:
    """Returns a category's or a boolean's value as the column spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def pack_numbers(values: NDArray[np.float64]) -> NDArray[Any]:
    """Returns float64 values, NaN for missing ones, in the smallest type that holds each exactly.

    The type also has room for its own mark of a missing value.
    """
    known = values[~np.isnan(values)]
    whole = bool((known == np.floor(known)).all())
    low, high = (known.min(), known.max()) if len(known) else (0, 0)
    if whole and low >= 0:
        for unsigned in (np.uint8, np.uint16, np.uint32):
            missing = int(np.iinfo(unsigned).max)
            if high < missing:
                return np.where(np.isnan(values), missing, values).astype(unsigned)
    if whole and low > -(2**31) and high < 2**31:
        return np.where(np.isnan(values), -(2**31), values).astype(np.int32)
    with np.errstate(over="ignore"):
        exact = bool((known.astype(np.float32).astype(np.float64) == known).all())
    return values.astype(np.float32 if exact else np.float64)


def _code_dtype(names: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type with a code for every value and one more for a missing one."""
    if names <= 0xFF:
        return np.uint8
    return np.uint16 if names <= 0xFFFF else np.uint32
