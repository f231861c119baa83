"""Locks between processes: a second build of the same site is refused, not mixed with the first."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagedb_site.errors import ImageDBError

# Some network file systems have no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_ATTEMPTS = 100


@contextmanager
def locked(file: Path, refusal: ImageDBError) -> Iterator[None]:
    """Holds the lock `file` during the block, or raises `refusal` if another process holds it.

    The file is created, and removed at the end. The system releases the lock of a process that is killed;
    the next one takes over the file that it left. On Windows and on file systems without locks nothing is
    locked. Raises OSError if the file cannot be created.
    """
    descriptor = _acquire(file, refusal)
    try:
        yield
    finally:
        if descriptor is not None:
            # Removed while it is locked: who opens it later gets a new file.
            _unlink(file)
            os.close(descriptor)


def try_lock(descriptor: int) -> bool | None:
    """Locks an open file without waiting; False if another process has it, None if there are no locks.

    Closing the file releases the lock.
    """
    try:
        import fcntl
    except ImportError:  # Windows: the user must not run two builds at once
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


def _acquire(file: Path, refusal: ImageDBError) -> int | None:
    for _ in range(_ATTEMPTS):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            got = try_lock(descriptor)
            if got is None:
                os.close(descriptor)
                _unlink(file)
                return None
            if got and _is_open(descriptor, file):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not got:
            raise refusal
        # A process that ended in between has removed the file that was opened here.
    raise refusal


def _is_open(descriptor: int, file: Path) -> bool:
    """Whether the path still names the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


def _unlink(file: Path) -> None:
    try:
        file.unlink()
    except OSError:
        return
