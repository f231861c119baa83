"""Columns: one field's value for every row, to filter, sort and count by (docs/FORMAT.md 2.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imagedb_site.container import FileEntry
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.storage import SiteFolder
from imagedb_site.values import date_seconds

Arrays = dict[str, np.ndarray[Any, Any]]
Documents = Sequence[Mapping[str, Value]]


def write_column(folder: SiteFolder, spec: FieldSpec, values: Documents) -> FileEntry:
    """Write the column of a field from the cleaned values of every row."""
    header, arrays = encode_column(spec, values)
    return folder.put_container("column", spec.name, header, arrays, compress=True)


def encode_column(spec: FieldSpec, values: Documents) -> tuple[dict[str, Any], Arrays]:
    """The header and the sections of a field's column."""
    column = [row.get(spec.name) for row in values]
    header: dict[str, Any] = {"count": len(column)}
    match spec.type:
        case "number":
            return header, {"values": pack_numbers(column)}
        case "date":
            seconds = [date_seconds(text) if isinstance(text, str) else None for text in column]
            filled = [np.nan if value is None else value for value in seconds]
            return header, {"values": np.array(filled, dtype=np.float64)}
        case "tags":
            lists = [value if isinstance(value, list) else [] for value in column]
            names = by_frequency(tag for tags in lists for tag in tags)
            code_of = {name: code for code, name in enumerate(names)}
            offsets = np.zeros(len(lists) + 1, dtype=np.uint32)
            np.cumsum([len(tags) for tags in lists], out=offsets[1:])
            codes = [code_of[tag] for tags in lists for tag in tags]
            dtype = np.uint16 if len(names) <= 1 << 16 else np.uint32
            sections: Arrays = {"offsets": offsets, "codes": np.array(codes, dtype=dtype)}
            return {**header, "values": names}, sections
        case _:
            texts = [None if value is None else category_text(value) for value in column]
            names = by_frequency(text for text in texts if text is not None)
            code_of = {name: code for code, name in enumerate(names)}
            dtype = _code_dtype(len(names))
            missing = int(np.iinfo(dtype).max)
            filled_codes = [missing if text is None else code_of[text] for text in texts]
            return {**header, "values": names}, {"codes": np.array(filled_codes, dtype=dtype)}


def category_text(value: Value) -> str:
    """A category's or a boolean's value as the column spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def by_frequency(values: Any) -> list[str]:
    """Distinct values, most frequent first, ties in code-point order."""
    counts = Counter(values)
    return sorted(counts, key=lambda value: (-counts[value], value))


def pack_numbers(column: Sequence[Value | None]) -> np.ndarray[Any, Any]:
    """Numbers in the smallest type that holds each of them exactly and has room for “missing”."""
    known = [value for value in column if isinstance(value, int | float)]
    whole = all(float(value).is_integer() for value in known)
    low, high = (min(known), max(known)) if known else (0, 0)
    if whole and low >= 0:
        for unsigned in (np.uint8, np.uint16, np.uint32):
            missing = int(np.iinfo(unsigned).max)
            if high < missing:
                return _fill(column, missing, unsigned)
    if whole and low > -(2**31) and high < 2**31:
        return _fill(column, -(2**31), np.int32)
    with np.errstate(over="ignore"):
        exact = all(float(np.float32(value)) == value for value in known)
    return _fill(column, float("nan"), np.float32 if exact else np.float64)


def _fill(
    column: Sequence[Value | None], missing: float, dtype: type[np.generic]
) -> np.ndarray[Any, Any]:
    filled = [value if isinstance(value, int | float) else missing for value in column]
    return np.array(filled).astype(dtype)


def _code_dtype(names: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type with a code for every value and one more for “missing”."""
    if names <= 0xFF:
        return np.uint8
    return np.uint16 if names <= 0xFFFF else np.uint32
