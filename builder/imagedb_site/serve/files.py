"""The files of a site as a server sees them: what may be opened, their types and entity tags."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.layout import is_immutable


@dataclass(frozen=True)
class SiteFile:
    """An open regular file of the site."""

    path: str
    handle: io.BufferedReader
    size: int
    tag: str
    changed: int
    """When it was, in seconds since 1970."""


def open_file(root: Path, relative: str) -> SiteFile | None:
    """Open a file of the site; None if it is missing, hidden, or leads out of the folder."""
    parts = relative.split("/")
    hidden = any(part.startswith(".") and part != ".nojekyll" for part in parts)
    if hidden or "" in parts or "\\" in relative or "\0" in relative or ":" in parts[0]:
        return None
    target = root / relative
    try:
        if not target.resolve().is_relative_to(root.resolve()):
            return None
        descriptor = os.open(target, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    handle = os.fdopen(descriptor, "rb")
    return SiteFile(
        relative, handle, status.st_size, _tag(relative, handle, status), int(status.st_mtime)
    )


def is_folder_with_page(root: Path, relative: str) -> bool:
    """Whether a path without its last slash names a folder that has a page."""
    found = open_file(root, relative + "/index.html")
    if found is None:
        return False
    found.handle.close()
    return True


def _tag(relative: str, handle: io.BufferedReader, status: os.stat_result) -> str:
    """An entity tag: what a hashed name says, else the content of a small file, else its age."""
    if is_immutable(relative):
        return f"{Path(relative).name}-{status.st_size:x}"
    if status.st_size <= 1 << 22:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        handle.seek(0)
        return digest[:32]
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"
