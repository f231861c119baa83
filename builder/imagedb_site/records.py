"""The data that passes between the layers: plain, immutable, free of behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Value = str | int | float | bool | list[str]
"""A metadata value. Dates are ISO 8601 strings; a list is a set of tags in the given order."""

FieldType = Literal["text", "tags", "category", "number", "date", "boolean", "url"]

INODE_BITS = (1 << 63) - 1
"""The bits of a file's inode that are kept: SQLite's numbers have a sign."""


@dataclass(frozen=True)
class FieldSpec:
    """A field of the collection (docs/FORMAT.md 2.2).

    `name` matches `[a-z][a-z0-9_]{0,62}`; `fts` puts it into full text, `facet` offers it as a filter,
    `column` writes a column so that it can be filtered and sorted. With a `separator`, each value is a path
    of components joined by it, such as "2020/Norway" with "/": a filter on a parent finds everything below.
    """

    name: str
    label: str
    type: FieldType
    fts: bool = False
    facet: bool = False
    column: bool = False
    unit: str | None = None
    separator: str | None = None


@dataclass(frozen=True)
class PictureRef:
    """Where a picture's bytes are, and the state of that file when it was listed.

    `path` is the file. `size` (bytes), `mtime_ns` and `ctime_ns`, the times of its last modification and its
    last change in nanoseconds, and `inode`, its number on the disk, show that a file was replaced even if its
    time and size were put back. With a `length` the picture is a part of the file, such as a member of a tar:
    `length` bytes from the byte number `offset`.
    """

    path: Path
    mtime_ns: int
    size: int
    ctime_ns: int = 0
    inode: int = 0
    offset: int = 0
    length: int | None = None

    @property
    def bytes(self) -> int:
        """The number of bytes of the picture itself."""
        return self.size if self.length is None else self.length


@dataclass(frozen=True)
class Record:
    """One record as its source describes it, before a file is opened.

    `key` is unique in the collection: of a folder, the POSIX path relative to its root. `fields` come from
    folders, sidecar tables or the record itself. `picture` is None if the record has no picture on this
    machine. `xmp` are the names of the picture's XMP sidecars, which lie in the same folder; a later one
    overrides an earlier one. `image_url` and `thumbnail_url` are addresses of the picture and of a smaller
    one on another host, as the source gives them, not checked.
    """

    key: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    picture: PictureRef | None = None
    xmp: tuple[str, ...] = ()
    image_url: str | None = None
    thumbnail_url: str | None = None


@dataclass(frozen=True)
class Problem:
    """A picture that was skipped, or a value that was dropped, and why."""

    key: str
    reason: str


Progress = Callable[[str, int, int | None], None]
"""`progress(step, done, total)`: called by long work; `total` is None if it is not known."""
