"""The files of a folder in little memory: about 20 bytes per file on top of its path."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload


class Listing(Sequence[str]):
    """The relative paths of files, in the order in which they were added, with times and sizes."""

    def __init__(self) -> None:
        self._paths = bytearray()
        self._ends = array("Q", [0])
        self._times = array("q")
        self._sizes = array("Q")

    def add(self, key: str, mtime_ns: int, size: int) -> None:
        """Adds the file at the relative path `key`; `size` is in bytes."""
        self._paths += key.encode("utf-8")
        self._ends.append(len(self._paths))
        self._times.append(mtime_ns)
        self._sizes.append(size)

    def __len__(self) -> int:
        return len(self._times)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._paths[self._ends[at] : self._ends[at + 1]].decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in islice(self._ends, 1, None):
            yield self._paths[start:end].decode("utf-8")
            start = end

    def status(self, at: int) -> tuple[int, int]:
        """Returns the modification time in nanoseconds and the size in bytes of file number `at`."""
        return self._times[at], self._sizes[at]
