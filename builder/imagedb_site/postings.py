"""How the lists of a term are stored: the rows that have it, how often, and where (docs/FORMAT.md 2.8).

The twin is web_assets/src/catalog/postings-coding.ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.rowsets import decode_rows, encode_rows
from imagedb_site.varints import decode_varints, encode_varints

Numbers = NDArray[np.uint32]

TERMS = "terms"
"""Kind of a file with a range of terms; the other kinds hold what belongs to them."""
FIRST_TERMS = "first-terms"
PLACES = "places"
ROWS = "term-rows"
SIZES = "term-sizes"
HEAD = "term-head"
LONG_PLACES = "term-places"
LENGTHS = "lengths"


def encode_list(rows: NDArray[Any], times: NDArray[Any], count: int) -> bytes:
    """The record of a list: `rows` (rising, below `count`), and how many times each has the term.

    It is the size of the set of rows as a number, the set, and then, for each row that has the term more
    than once, how many rows of the list were skipped, and its times less 2.
    """
    stored = encode_rows(rows, count)
    record = number_bytes(len(stored)) + stored
    places = np.flatnonzero(times > 1)
    if not len(places):
        return record
    often = np.empty((len(places), 2), dtype=np.int64)
    often[:, 0] = np.diff(places, prepend=-1) - 1
    often[:, 1] = times[places] - 2
    return record + encode_varints(often.ravel()).tobytes()


def decode_list(data: memoryview, count: int, having: int | None) -> tuple[Numbers, Numbers]:
    """The rows of a record and how many times each has the term, both u32 [having].

    `having` None: any number of rows. Raises FormatError if the record is not such a list.
    """
    size, start = read_number(data)
    if start + size > len(data):
        raise FormatError("A list of rows is cut short.")
    rows = decode_rows(data[start : start + size], count, having)
    times = np.ones(len(rows), dtype=np.uint32)
    often = decode_varints(np.frombuffer(data[start + size :], dtype=np.uint8)).astype(np.int64)
    places = np.cumsum(often[::2] + 1) - 1
    if len(often) % 2 or (len(places) and int(places[-1]) >= len(rows)):
        raise FormatError("A list of times has other rows than there are.")
    times[places] = np.minimum(often[1::2] + 2, 0xFFFFFFFF)
    return rows, times


def encode_places(
    times: NDArray[Any], columns: NDArray[Any], positions: NDArray[Any], several: bool
) -> bytes:
    """The places of a term: the position of each, or its step if one is before it in the row and column.

    `times` [rows]; `columns` and `positions` [places], in the order of rows, columns and positions.
    `several`: the catalog has more than one column; then the column of each place follows in one byte.
    """
    if not len(positions):
        return b""
    after = np.flatnonzero(~_begins(times, columns))
    steps = positions.astype(np.int64)
    steps[after] -= positions[after - 1].astype(np.int64) + 1
    stored = encode_varints(steps).tobytes()
    return stored + columns.astype(np.uint8).tobytes() if several else stored


def decode_places(
    data: memoryview, times: Numbers, columns: int
) -> tuple[NDArray[np.uint8] | None, Numbers]:
    """The columns u8 (None if the catalog has one) and positions u32 of the places of a term.

    `times` u32 [rows]. Raises FormatError if the data do not have as many places.
    """
    total = int(times.sum(dtype=np.int64))
    stored = np.frombuffer(data, dtype=np.uint8)
    tail = total if columns > 1 else 0
    steps = decode_varints(stored[: max(0, len(stored) - tail)]).astype(np.int64)
    if len(steps) != total or len(stored) < tail:
        raise FormatError("A list of places has other places than there are.")
    found = stored[len(stored) - tail :] if columns > 1 else None
    if found is not None and total and int(found.max()) >= columns:
        raise FormatError("A list of places has a column that the catalog does not have.")
    if not total:
        return found, np.zeros(0, dtype=np.uint32)
    begins = _begins(times, np.zeros(total, dtype=np.uint8) if found is None else found)
    steps[~begins] += 1
    sums = np.cumsum(steps)
    first = np.flatnonzero(begins)
    before = sums[first] - steps[first]
    positions = sums - np.repeat(before, np.diff(first, append=total))
    if int(positions.max()) > 0xFFFFFFFF:
        raise FormatError("A list of places has a position that is too large.")
    return found, positions.astype(np.uint32)


def _begins(times: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each place is the first one in its row and column."""
    begins = np.ones(len(columns), dtype=np.bool_)
    begins[1:] = columns[1:] != columns[:-1]
    begins[np.cumsum(times[:-1], dtype=np.int64)] = True
    return begins


def encode_few(
    rows: Sequence[int], columns: Sequence[int], positions: Sequence[int], several: bool
) -> tuple[list[int], bytes, bytes]:
    """The rows of a few places, their `encode_list` without a bitmap, and their `encode_places`.

    For a few places this takes a tenth of the time that numpy takes.
    """
    gaps, often, places = bytearray(1), bytearray(), bytearray()
    having: list[int] = []
    skipped = 0
    row = column = -1
    at = 0
    while at < len(rows):
        gaps += number_bytes(rows[at] - row - 1)
        row = rows[at]
        first = at
        while at < len(rows) and rows[at] == row:
            after = at > first and columns[at] == column
            places += number_bytes(positions[at] - (positions[at - 1] + 1 if after else 0))
            column = columns[at]
            at += 1
        if at - first > 1:
            often += number_bytes(len(having) - skipped) + number_bytes(at - first - 2)
            skipped = len(having) + 1
        having.append(row)
    if several:
        places += bytes(iter(columns))
    return having, number_bytes(len(gaps)) + bytes(gaps) + bytes(often), bytes(places)


def number_bytes(value: int) -> bytes:
    """One number as a varint."""
    if value < 0x80:
        return bytes((value,))
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def read_number(data: memoryview) -> tuple[int, int]:
    """The number at the beginning, and how many bytes it has. Raises FormatError if there is none."""
    value = 0
    for at, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            return value, at + 1
    raise FormatError("A number is cut short or too large.")


def splits(sizes: NDArray[Any], total: int) -> NDArray[np.int64]:
    """Where each of the records begins and the last one ends, i64 [records + 1].

    Raises FormatError if their `sizes` do not add up to `total` bytes.
    """
    ends = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, dtype=np.int64, out=ends[1:])
    if int(ends[-1]) != total:
        raise FormatError("The records of a file have other sizes than the file.")
    return ends
