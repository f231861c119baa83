"""Files on disk: failures as clear errors, hard links, digests."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagedb_site.errors import PictureError, StorageError

_BLOCK = 1 << 20
_SAME = ("st_ino", "st_dev", "st_size", "st_mtime_ns")
CHANGED = "the file changed during the build"


@contextmanager
def storage_errors(path: Path, verb: str = "write") -> Iterator[None]:
    """Turn an OSError about `path` into a StorageError of one sentence."""
    try:
        yield
    except OSError as error:
        hint = None
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            reason = "the disk is full"
            hint = "Free some space and build again; the published site was left unchanged."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = "permission is denied"
            hint = "Choose another output folder or change its permissions."
        else:
            reason = error.strerror or type(error).__name__
        raise StorageError(f"Cannot {verb} {path}: {reason}.", hint) from error


@contextmanager
def source_errors() -> Iterator[None]:
    """Turn an OSError about a file of the collection into a PictureError: the build goes on without it."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        raise PictureError(f"the file cannot be read: {reason}") from error


def copy_of(source: Path, target: Path, sha256: str) -> None:
    """Copies a file of the collection whose content has this digest.

    Raises PictureError if it cannot be read or has changed, and StorageError if `target` cannot be written.
    There is no `target` then.
    """
    digest = hashlib.sha256()
    try:
        with storage_errors(target), target.open("wb") as copy:
            for block in _blocks(source):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != sha256:
            raise PictureError(CHANGED)
    except PictureError:
        with storage_errors(target):
            target.unlink()
        raise


def link_of(source: Path, target: Path, sha256: str) -> bool:
    """Makes `target` a hard link to a file of the collection; returns False if the file system cannot.

    Raises PictureError if the file cannot be read or does not have the content with this digest. There is
    no `target` then.
    """
    with source_errors():
        before = source.stat()
        if not stat.S_ISREG(before.st_mode):
            raise PictureError("the file cannot be read: not a regular file")
        digest = digest_of(source)
    if not hard_link(source, target):
        return False
    # The link is the file that was read, unless somebody replaced or changed it in between.
    with storage_errors(target, "read"):
        after = target.stat()
    same = all(getattr(before, name) == getattr(after, name) for name in _SAME)
    if digest != sha256 or not same:
        with storage_errors(target):
            target.unlink()
        raise PictureError(CHANGED)
    return True


def _blocks(source: Path) -> Iterator[bytes]:
    with source_errors():
        stream = source.open("rb")
    with stream:
        while True:
            with source_errors():
                block = stream.read(_BLOCK)
            if not block:
                return
            yield block


def hard_link(source: Path, target: Path) -> bool:
    """Make `target` a hard link to `source`; returns False if the file system cannot."""
    try:
        os.link(source, target, follow_symlinks=True)
    except (OSError, NotImplementedError):
        return False
    return True


def digest_of(path: Path) -> str:
    """Returns the SHA-256 of a file in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
