"""Columns: one field's value for every row, to filter, sort and count by (docs/FORMAT.md 2.2)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from imagedb_site.container import FileEntry
from imagedb_site.dates import date_span
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.storage import SiteFiles

Arrays = dict[str, np.ndarray[Any, Any]]

# While a column is collected. A finished column has the type's largest value instead.
_MISSING = 0xFFFFFFFF


class _Column(Protocol):
    """Collects a field's cleaned values in row order, in compact arrays."""

    def add(self, value: Value | None) -> None: ...

    def finish(self) -> tuple[dict[str, Any], Arrays]:
        """Returns the keys of the header and the sections."""
        ...


class ColumnsWriter:
    """The columns of all fields that have one."""

    def __init__(self, fields: Sequence[FieldSpec]) -> None:
        self._columns = {spec.name: new_column(spec) for spec in fields if has_column(spec)}
        self._count = 0

    def add(self, values: Mapping[str, Value]) -> None:
        """Append the cleaned values of the next row."""
        for name, column in self._columns.items():
            column.add(values.get(name))
        self._count += 1

    def finish(self, files: SiteFiles) -> dict[str, Any] | None:
        """Write the columns and their index; gives the manifest's `columns`."""
        entries: dict[str, FileEntry] = {}
        while self._columns:
            # Each column is released before the next one is made.
            name, column = self._columns.popitem()
            header, arrays = column.finish()
            header = {**header, "count": self._count}
            entries[name] = files.put_container("column", name, header, arrays, compress=True)
        if not entries:
            return None
        index = {name: entry.to_json() for name, entry in entries.items()}
        return files.put_index("columns", index).to_json()


def has_column(spec: FieldSpec) -> bool:
    """Whether a field gets a column: a facet needs one, too."""
    return spec.column or spec.facet


def new_column(spec: FieldSpec) -> _Column:
    match spec.type:
        case "number":
            return _Numbers()
        case "date":
            return _Dates()
        case "tags":
            return _Tags()
        case _:
            return _Categories()


def encode_column(
    spec: FieldSpec, rows: Iterable[Mapping[str, Value]]
) -> tuple[dict[str, Any], Arrays]:
    """Returns the header and the sections of a field's column, from the cleaned values of all rows."""
    column, count = new_column(spec), 0
    for values in rows:
        column.add(values.get(spec.name))
        count += 1
    header, arrays = column.finish()
    return {**header, "count": count}, arrays


class _Numbers:
    def __init__(self) -> None:
        self._values = array("d")

    def add(self, value: Value | None) -> None:
        self._values.append(float(value) if isinstance(value, int | float) else np.nan)

    def finish(self) -> tuple[dict[str, Any], Arrays]:
        return {}, {"values": pack_numbers(np.frombuffer(self._values, dtype=np.float64))}


class _Dates:
    def __init__(self) -> None:
        self._starts = array("d")
        self._lengths = array("I")

    def add(self, value: Value | None) -> None:
        span = date_span(value) if isinstance(value, str) else None
        start, length = (np.nan, 0) if span is None else span
        self._starts.append(start)
        self._lengths.append(int(length))

    def finish(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {"values": np.frombuffer(self._starts, dtype=np.float64)}
        lengths = np.frombuffer(self._lengths, dtype=np.uint32)
        if lengths.any():
            arrays["lengths"] = lengths
        return {}, arrays


class _Names:
    """Gives every different text a number, in the order of appearance, and counts them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._counts = array("Q")

    def number(self, text: str) -> int:
        found = self._numbers.setdefault(text, len(self._numbers))
        if found == len(self._counts):
            self._counts.append(0)
        self._counts[found] += 1
        return found

    def ranked(self) -> tuple[list[str], np.ndarray[Any, Any]]:
        """The texts, most frequent first, ties in code-point order; and the code of each number."""
        names = list(self._numbers)
        order = sorted(range(len(names)), key=lambda at: (-self._counts[at], names[at]))
        codes = np.empty(len(names), dtype=np.uint32)
        codes[order] = np.arange(len(names), dtype=np.uint32)
        return [names[at] for at in order], codes


class _Categories:
    def __init__(self) -> None:
        self._names = _Names()
        self._numbers = array("I")

    def add(self, value: Value | None) -> None:
        missing = value is None
        self._numbers.append(_MISSING if missing else self._names.number(category_text(value)))

    def finish(self) -> tuple[dict[str, Any], Arrays]:
        names, codes = self._names.ranked()
        numbers = np.frombuffer(self._numbers, dtype=np.uint32)
        dtype = _code_dtype(len(names))
        filled = np.full(len(numbers), np.iinfo(dtype).max, dtype=dtype)
        known = numbers != _MISSING
        filled[known] = codes[numbers[known]]
        return {"values": names}, {"codes": filled}


class _Tags:
    def __init__(self) -> None:
        self._names = _Names()
        self._numbers = array("I")
        self._offsets = array("I", [0])

    def add(self, value: Value | None) -> None:
        if isinstance(value, list):
            self._numbers.extend(self._names.number(tag) for tag in value)
        self._offsets.append(len(self._numbers))

    def finish(self) -> tuple[dict[str, Any], Arrays]:
        names, codes = self._names.ranked()
        dtype = np.uint16 if len(names) <= 1 << 16 else np.uint32
        numbers = np.frombuffer(self._numbers, dtype=np.uint32)
        offsets = np.frombuffer(self._offsets, dtype=np.uint32)
        return {"values": names}, {"offsets": offsets, "codes": codes[numbers].astype(dtype)}


def category_text(value: Value | None) -> str:
    """Returns a category's or a boolean's value as the column spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def pack_numbers(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
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
