"""Temporary folders that a killed process does not leave behind for ever."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from imagedb_site.locks import try_lock

_LOCK = "lock"
_NEW_LOCK = "lock.new"
_ATTEMPTS = 20
_ABANDONED_S = 7 * 24 * 3600
"""Age of a folder without a lock, from a system without locks or an older version, that is removed."""


class TemporaryFolder(tempfile.TemporaryDirectory[str]):
    """A `TemporaryDirectory` whose name begins with `prefix`; `parent` is the system's by default.

    Folders with the same prefix that killed processes left there are removed first. A process that is alive
    holds a lock in its folder, so its folder is never removed. Raises OSError.
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        remove_abandoned(prefix, parent or Path(tempfile.gettempdir()))
        for _ in range(_ATTEMPTS):
            super().__init__(prefix=prefix, dir=parent)
            try:
                self._lock = _claim(Path(self.name))
                return
            except FileNotFoundError:
                # Another process took the empty folder for an abandoned one.
                super().cleanup()
        raise FileNotFoundError(f"{self.name} is removed again and again")

    def cleanup(self) -> None:
        """Removes the folder, its lock last: what a kill leaves of it can be told to be abandoned."""
        _empty(Path(self.name))
        super().cleanup()
        if self._lock is not None:
            self._lock.close()


def remove_abandoned(prefix: str, parent: Path) -> None:
    """Removes the folders in `parent` that killed processes of this user left. Never raises OSError."""
    try:
        with os.scandir(parent) as entries:
            found = [Path(entry.path) for entry in entries if entry.name.startswith(prefix)]
    except OSError:
        return
    for folder in found:
        if _is_own_folder(folder):
            _remove_if_abandoned(folder)


def _empty(folder: Path) -> None:
    """Removes everything but the lock. What cannot be removed stays."""
    with suppress(OSError):
        for entry in list(folder.iterdir()):
            if entry.name == _LOCK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with suppress(OSError):
                    entry.unlink()


def _claim(folder: Path) -> IO[bytes] | None:
    """Makes a lock in a new folder. It gets its name once it is held, so no name means no owner yet."""
    new = folder / _NEW_LOCK
    # A file object: the lock ends with the object, also if nobody calls `cleanup`.
    lock = os.fdopen(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "rb")
    try:
        got = try_lock(lock.fileno())
        if got:
            new.rename(folder / _LOCK)
            return lock
    except BaseException:
        lock.close()
        raise
    lock.close()
    if got is None:
        # Without locks the file stays: an empty folder would be taken for an abandoned one.
        return None
    raise FileNotFoundError(folder)


def _is_own_folder(path: Path) -> bool:
    """Whether it is a folder, not a link to one, of this user."""
    try:
        status = path.lstat()
    except OSError:
        return False
    own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return stat.S_ISDIR(status.st_mode) and own


def _remove_if_abandoned(folder: Path) -> None:
    if _is_free(folder / _LOCK):
        _empty(folder)
        shutil.rmtree(folder, ignore_errors=True)
    elif not (folder / _LOCK).exists():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(folder, ignore_errors=True)
            elif _is_free(folder / _NEW_LOCK):
                (folder / _NEW_LOCK).unlink()
        # Killed before it had its lock: the folder is empty. If its owner lives, it makes another one.
        with suppress(OSError):
            folder.rmdir()


def _is_free(lock: Path) -> bool:
    """Whether there is this lock and no process holds it."""
    try:
        descriptor = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        return bool(try_lock(descriptor))
    except OSError:
        return False
    finally:
        os.close(descriptor)
