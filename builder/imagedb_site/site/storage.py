"""The files of a site on disk: hashed names, file entries, hard links to unchanged ones, honest errors."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.container import FileEntry, gzip_bytes, write_container
from imagedb_site.errors import StorageError
from imagedb_site.layout import hash16
from imagedb_site.site.reuse import PreviousSite

# Compression that saves less than a tenth is not worth decoding it in the browser.
_WORTH_GZIP = 0.9
_CHUNK = 1 << 20

Arrays = Mapping[str, np.ndarray[Any, Any]]


@contextmanager
def storage_errors(path: Path, verb: str = "write") -> Iterator[None]:
    """Turn an OSError about `path` into a StorageError of one sentence."""
    try:
        yield
    except OSError as error:
        hint = None
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            reason = "the disk is full"
            hint = "Free some space and build again; what is published has not been touched."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = "permission is denied"
            hint = "Choose another output folder or change its permissions."
        else:
            reason = error.strerror or type(error).__name__
        raise StorageError(f"Cannot {verb} {path}: {reason}.", hint) from error


class SiteFolder:
    """Writes the files of one site into `root`, an empty folder it creates.

    A hashed file that `previous`, the site published before, holds with the very same bytes is hard
    linked instead of written again. Every failure raises StorageError.
    """

    def __init__(self, root: Path, previous: Path | None = None) -> None:
        self.root = root
        self._previous = None if previous is None else PreviousSite(previous)
        self._sizes: dict[str, int] = {}
        self._made: set[Path] = set()
        self.reused = 0
        with storage_errors(root):
            root.mkdir(parents=True, exist_ok=True)
            if any(root.iterdir()):
                raise StorageError(f"{root} is not empty.", "A site is written into a new folder.")

    @property
    def paths(self) -> list[str]:
        """Every path written so far, sorted."""
        return sorted(self._sizes)

    @property
    def total_bytes(self) -> int:
        """The size of all files written so far, in bytes."""
        return sum(self._sizes.values())

    def size(self, path: str) -> int:
        return self._sizes[path]

    def put(self, path: str, data: bytes) -> None:
        """Write a file under a name that does not change with its content."""
        target = self.root / path
        with storage_errors(target):
            self._make_parent(target)
            target.write_bytes(data)
        self._sizes[path] = len(data)

    def put_hashed(self, folder: str, stem: str, extension: str, data: bytes) -> str:
        """Store `data` as `folder/[stem.]<hash16>.extension` and return that path."""
        name = ".".join(part for part in (stem, hash16(data), extension) if part)
        path = f"{folder}/{name}"
        self.put_immutable(path, data)
        return path

    def put_immutable(self, path: str, data: bytes) -> None:
        """Store a file whose name already tells its content (a hashed asset)."""
        if path in self._sizes:
            return
        if self._link_previous(path, data):
            self._sizes[path] = len(data)
            self.reused += 1
        else:
            self.put(path, data)

    def put_entry(
        self, folder: str, stem: str, extension: str, data: bytes, *, compress: bool
    ) -> FileEntry:
        """Store `data`, gzip-compressed where asked and worth it, and return its file entry."""
        stored = data
        if compress:
            stored = self._compressed(folder, stem, data)
        path = self.put_hashed(folder, stem, extension, stored)
        return FileEntry(path, len(stored), len(data), hashlib.sha256(stored).hexdigest())

    def put_container(
        self, kind: str, stem: str, header: Mapping[str, Any], arrays: Arrays, *, compress: bool
    ) -> FileEntry:
        """Store a container of `kind` (docs/FORMAT.md 1.2) under `data/`."""
        data = write_container(kind, header, arrays)
        return self.put_entry("data", stem, "bin", data, compress=compress)

    def put_copy(self, folder: str, source: Path, extension: str, *, link: bool) -> str:
        """Store a copy of `source`, or a hard link to it where `link` and the file system allow."""
        with storage_errors(source, "read"):
            digest = _digest(source)
        path = f"{folder}/{digest[:16]}.{extension}"
        if path in self._sizes:
            return path
        target = self.root / path
        with storage_errors(target):
            self._make_parent(target)
            earlier = None if self._previous is None else self._previous.root / path
            if link and _hard_link(source, target):
                pass
            elif (
                earlier is not None
                and earlier.is_file()
                and not earlier.is_symlink()
                and _digest(earlier) == digest
                and _hard_link(earlier, target)
            ):
                self.reused += 1
            else:
                shutil.copyfile(source, target)
            self._sizes[path] = target.stat().st_size
        return path

    def _make_parent(self, target: Path) -> None:
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)

    def _compressed(self, folder: str, stem: str, data: bytes) -> bytes:
        found = self._previous and self._previous.find_compressed(folder, stem, data)
        if found:
            return found
        packed = gzip_bytes(data)
        return packed if len(packed) < len(data) * _WORTH_GZIP else data

    def _link_previous(self, path: str, data: bytes) -> bool:
        if self._previous is None or not self._previous.holds(path, data):
            return False
        target = self.root / path
        with storage_errors(target):
            self._make_parent(target)
        return _hard_link(self._previous.root / path, target)


def _hard_link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=True)
    except (OSError, NotImplementedError):
        return False
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
