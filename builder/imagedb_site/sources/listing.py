"""The files of a folder in little memory: about 46 bytes per file on top of its path."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import overload

from imagedb_site.records import PictureRef, Record, Value


class Listing(Sequence[str]):
    """The relative paths of files, in the order in which they were added, with times, sizes and inodes."""

    def __init__(self) -> None:
        self._paths = bytearray()
        self._ends = array("Q", [0])
        self._times = array("q")
        self._sizes = array("Q")
        self._changes = array("q")
        self._inodes = array("q")
        self._xmp = bytearray()
        self._xmp_ends = array("Q", [0])

    def add(self, file: Record) -> None:
        """Adds a record that has a picture; its fields are not kept."""
        if file.picture is None:
            raise ValueError(f"{file.key} has no picture")
        self._paths += file.key.encode("utf-8")
        self._ends.append(len(self._paths))
        self._times.append(file.picture.mtime_ns)
        self._sizes.append(file.picture.size)
        self._changes.append(file.picture.ctime_ns)
        self._inodes.append(file.picture.inode)
        self._xmp += b"/".join(os.fsencode(name) for name in file.xmp)
        self._xmp_ends.append(len(self._xmp))

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

    def record(self, at: int, path: Path, fields: Mapping[str, Value]) -> Record:
        """Returns the record of file number `at`, which lies at `path`."""
        times = self._times[at], self._sizes[at], self._changes[at], self._inodes[at]
        return Record(self[at], fields, PictureRef(path, *times), self._sidecars(at))

    def _sidecars(self, at: int) -> tuple[str, ...]:
        """Returns the names of the XMP sidecars of file number `at`."""
        names = bytes(self._xmp[self._xmp_ends[at] : self._xmp_ends[at + 1]])
        return tuple(os.fsdecode(name) for name in names.split(b"/")) if names else ()
