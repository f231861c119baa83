"""Files on disk: failures as clear errors, hard links, digests."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagedb_site.errors import PictureError, StorageError

_BLOCK = 1 << 20


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
            raise PictureError("the file changed during the build")
    except PictureError:
        with storage_errors(target):
            target.unlink()
        raise


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
