"""Picture files that lie beside the data files that name them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from imagedb_site.records import INODE_BITS, PictureRef
from imagedb_site.sources.entries import Status


def find_picture(folder: Path, name: str, root: Path) -> PictureRef | None:
    """Returns the regular file called `name` in `folder`; None if there is none, or if `name` is a path.

    A link counts only if its target lies inside `root`, which has no links in it.
    """
    if os.sep in name or "/" in name or "\\" in name or "\0" in name or name.startswith("."):
        return None
    path = folder / name
    try:
        status = path.stat()
        inside = not path.is_symlink() or path.resolve().is_relative_to(root)
    except (OSError, RuntimeError, ValueError):
        return None
    return picture_ref(path, status) if inside and stat.S_ISREG(status.st_mode) else None


def picture_ref(path: Path, status: Status) -> PictureRef:
    """Returns the reference to a whole file with this status."""
    return PictureRef(
        path,
        status.st_mtime_ns,
        status.st_size,
        status.st_ctime_ns,
        status.st_ino & INODE_BITS,
    )


class PictureFolders:
    """Finds pictures in the folders below `root`. The folder that was asked for last stays listed."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._folder: Path | None = None
        self._names: frozenset[str] = frozenset()

    def find(self, folder: Path, name: str) -> PictureRef | None:
        """Returns the file called `name` in `folder`, as `find_picture` does."""
        if folder != self._folder:
            self._folder = folder
            try:
                with os.scandir(folder) as entries:
                    self._names = frozenset(entry.name for entry in entries)
            except OSError:
                self._names = frozenset()
        return find_picture(folder, name, self._root) if name in self._names else None
