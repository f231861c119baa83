"""LEB128 numbers: seven bits a byte, the low ones first; the high bit says that another byte follows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError

_MOST_BYTES = 5
"""Bytes of the longest number: all of them are below 2³²."""


def encode_varints(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns the bytes u8 of unsigned `values` below 2³², one after the other."""
    left = np.asarray(values, dtype=np.uint32)
    columns = np.empty((len(left), _MOST_BYTES), dtype=np.uint8)
    used = np.empty((len(left), _MOST_BYTES), dtype=np.bool_)
    more = np.ones(len(left), dtype=np.bool_)
    for place in range(_MOST_BYTES):
        used[:, place] = more
        columns[:, place] = left & 0x7F
        left = left >> np.uint32(7)
        more = more & (left > 0)
        columns[:, place] |= more.astype(np.uint8) << 7
    return columns[used]


def decode_varints(data: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Returns all numbers, u32, of bytes u8 that hold nothing else.

    Raises FormatError if the last number is cut short, or if one is too large.
    """
    if not len(data):
        return np.zeros(0, dtype=np.uint32)
    last = data < 0x80
    if not last[-1]:
        raise FormatError("A list of numbers is cut short.")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if int(lengths.max()) > _MOST_BYTES:
        raise FormatError("A list of numbers has one that is too large.")
    values = (data[starts] & 0x7F).astype(np.uint64)
    for place in range(1, int(lengths.max())):
        longer = np.flatnonzero(lengths > place)
        bits = (data[starts[longer] + place] & 0x7F).astype(np.uint64)
        values[longer] |= bits << np.uint64(7 * place)
    if int(values.max()) > 0xFFFFFFFF:
        raise FormatError("A list of numbers has one that is too large.")
    return values.astype(np.uint32)
