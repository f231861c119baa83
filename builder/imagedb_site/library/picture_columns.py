"""How a picture's file is stored in the columns of `staged` and `files`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from imagedb_site.records import PictureRef

STATUS = ("mtime_ns", "size", "ctime_ns", "inode", "part")
"""The columns that change when a file is replaced, or another part of it is meant."""
UNSETTLED = -1
"""The change time of a file that changed too shortly before it was listed: it never counts as unchanged."""
NO_FILE = (None, 0, 0, 0, 0, "")
"""The columns of a record without a picture."""


def part_of(picture: PictureRef) -> str:
    """Returns what the column `part` has: empty for a whole file."""
    return "" if picture.length is None else f"{picture.offset} {picture.length}"


def in_part(picture: PictureRef, part: str) -> PictureRef:
    """Returns the part of a file that the column `part` names."""
    if not part:
        return picture
    offset, length = map(int, part.split())
    return replace(picture, offset=offset, length=length)


def to_columns(picture: PictureRef, before: int) -> tuple[bytes, int, int, int, int, str]:
    """Returns `path` and `STATUS`; a file that has changed since the time `before` (ns) is not settled."""
    # Windows has no time of the last change but the modification time.
    changed = picture.mtime_ns if os.name == "nt" else picture.ctime_ns
    return (
        os.fsencode(picture.path),
        picture.mtime_ns,
        picture.size,
        picture.ctime_ns if changed < before else UNSETTLED,
        picture.inode,
        part_of(picture),
    )


def from_columns(
    key: str, path: bytes, mtime_ns: int, size: int, ctime_ns: int, inode: int, part: str
) -> tuple[str, PictureRef]:
    """Returns key and file of a record from its key, `path` and `STATUS`."""
    picture = PictureRef(Path(os.fsdecode(path)), mtime_ns, size, ctime_ns, inode)
    return key, in_part(picture, part)
