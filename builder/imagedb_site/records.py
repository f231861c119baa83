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
class Record:
    """One image as its source describes it, before its file is opened.

    `key` is the POSIX path relative to the source's root, unique in the collection. `mtime_ns` is in
    nanoseconds, `size` in bytes. `fields` come from folders and sidecar tables. `xmp` are the names of its
    XMP sidecars, which lie in the same folder; a later one overrides an earlier one. `ctime_ns`, the time
    of the file's last change in nanoseconds, and `inode`, its number on the disk, show that a file was
    replaced even if its time and size were put back.
    """

    key: str
    path: Path
    mtime_ns: int
    size: int
    fields: Mapping[str, Value] = field(default_factory=dict)
    xmp: tuple[str, ...] = ()
    ctime_ns: int = 0
    inode: int = 0


@dataclass(frozen=True)
class Problem:
    """A picture that was skipped, or a value that was dropped, and why."""

    key: str
    reason: str


Progress = Callable[[str, int, int | None], None]
"""`progress(step, done, total)`: called by long work; `total` is None if it is not known."""
