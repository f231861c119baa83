"""The index of columns of a published site (docs/FORMAT.md 2.2): untrusted JSON in, checked entries out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import (
    ListEntry,
    as_count,
    as_entry,
    as_file_list,
    as_list,
    as_object,
)

_MOST_BLOCK = 1 << 20
_MOST_SEGMENT = 1 << 24

Zone = tuple[float, float]


@dataclass(frozen=True)
class ValuesEntry:
    """Where the values of a column and their row sets are. `sets`: one list per `segment` rows."""

    count: int
    head: FileEntry
    names: ListEntry
    segment: int
    sets: tuple[ListEntry | None, ...]


@dataclass(frozen=True)
class ColumnEntry:
    """A column: its blocks of `block` rows, how many rows have a value, and the range of each block.

    `zones` are those of numbers and dates, None for other columns.
    """

    block: int
    files: tuple[FileEntry, ...]
    known: int
    zones: tuple[Zone | None, ...] | None
    values: ValuesEntry | None


def parse_column(value: object, where: str, field_type: str, count: int) -> ColumnEntry:
    """The part of the index for one field of a collection of `count` images. Raises FormatError."""
    column = as_object(value, where)
    block = as_count(column.get("block"), f"{where}.block", _MOST_BLOCK)
    if not block or block % 8:
        raise FormatError(f"{where}.block is {block:,}; it must be a multiple of 8.")
    blocks = max(1, -(-count // block))
    files = as_list(column.get("files"), f"{where}.files")
    if len(files) != blocks:
        raise FormatError(f"{where} has {len(files):,} files of {block:,} for {count:,} images.")
    zones = None
    if field_type in ("number", "date"):
        zones = tuple(
            _zone(zone, f"{where}.zones") for zone in as_list(column.get("zones"), f"{where}.zones")
        )
        if len(zones) != blocks:
            raise FormatError(f"{where} has {len(zones):,} zones for {blocks:,} blocks.")
    values = column.get("values")
    if zones is not None and values is not None:
        raise FormatError(f"{where} has values, which a {field_type} does not have.")
    return ColumnEntry(
        block=block,
        files=tuple(as_entry(entry, f"{where}.files") for entry in files),
        known=as_count(column.get("known"), f"{where}.known", count),
        zones=zones,
        values=None if values is None else _values(as_object(values, where), where, block, count),
    )


def _zone(value: object, where: str) -> Zone | None:
    if value is None:
        return None
    ends: Sequence[Any] = as_list(value, where)
    if len(ends) != 2 or any(isinstance(end, bool) for end in ends):
        raise FormatError(f"{where} is not a list of ranges.")
    if not all(isinstance(end, int | float) and math.isfinite(end) for end in ends):
        raise FormatError(f"{where} has a range that is not of numbers.")
    low, high = float(ends[0]), float(ends[1])
    if low > high:
        raise FormatError(f"{where} has a range that ends before it begins.")
    return low, high


def _values(values: dict[str, Any], where: str, block: int, count: int) -> ValuesEntry:
    segment = as_count(values.get("segment"), f"{where}.values.segment", _MOST_SEGMENT)
    if not segment or segment % block:
        raise FormatError(f"{where}.values.segment is not a multiple of the block.")
    sets = as_list(values.get("sets"), f"{where}.values.sets")
    if len(sets) != -(-count // segment):
        raise FormatError(f"{where} has row sets of {len(sets):,} segments for {count:,} images.")
    return ValuesEntry(
        count=as_count(values.get("count"), f"{where}.values.count"),
        head=as_entry(values.get("head"), f"{where}.values.head"),
        names=as_file_list(values.get("names"), f"{where}.values.names"),
        segment=segment,
        sets=tuple(
            None if listed is None else as_file_list(listed, f"{where}.values.sets")
            for listed in sets
        ),
    )
