"""Which keys of many rows occur more than once, found in 16 bytes per row."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_DIGEST = 16


class RowKeys:
    """Takes the keys of rows one after the other. Two different keys never count as the same."""

    def __init__(self) -> None:
        self._digests = bytearray()

    def __len__(self) -> int:
        return len(self._digests) // _DIGEST

    def add(self, key: str) -> None:
        """Appends the key of the next row."""
        self._digests += _digest(key)

    def repeated(self) -> bytearray:
        """Returns a 1 for each row whose key an earlier row has, and a 0 for each other row."""
        flags = np.zeros(len(self), dtype=np.uint8)
        if len(self):
            halves = _halves(self._digests)
            # The sort is stable: of equal keys the first row comes first.
            order = np.lexsort((halves[:, 1], halves[:, 0]))
            ordered = halves[order]
            flags[order[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]] = 1
        return bytearray(flags.tobytes())

    def lookup(self) -> KeyLookup:
        """Returns the set of these keys."""
        return KeyLookup(_halves(self._digests))


class KeyLookup:
    """A set of keys in 17 bytes each, some of which can be marked."""

    def __init__(self, halves: NDArray[np.uint64]) -> None:
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        self._first = halves[order, 0]
        self._second = halves[order, 1]
        self._marked = bytearray(len(order))

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not None

    def mark(self, key: str) -> bool:
        """Marks a key; returns whether it is in the set and had no mark before."""
        at = self._find(key)
        if at is None or self._marked[at]:
            return False
        self._marked[at] = 1
        return True

    def _find(self, key: str) -> int | None:
        first, second = np.frombuffer(_digest(key), dtype=np.uint64)
        at = int(np.searchsorted(self._first, first))
        while at < len(self._first) and self._first[at] == first:
            if self._second[at] == second:
                return at
            at += 1
        return None


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _halves(digests: bytearray) -> NDArray[np.uint64]:
    return np.frombuffer(bytes(digests), dtype=np.uint64).reshape(-1, 2)
