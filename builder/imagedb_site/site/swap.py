"""Puts a finished site in the place of the previous one, completely or not at all."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.errors import StorageError
from imagedb_site.layout import MANIFEST, MUTABLE, OWN_NAMES
from imagedb_site.site.disk import digest_of, storage_errors

_INSIDE = ".imagedb-site.building"


def is_site(folder: Path) -> bool:
    """Whether `folder` holds a site of this program, of any version."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == "imagedb-site"


def check_replaceable(out: Path) -> None:
    """Raise StorageError unless `out` does not exist, is empty or is a site of this program."""
    with storage_errors(out):
        if not os.path.lexists(out):
            return
        if not out.is_dir():
            raise StorageError(f"{out} is a file, not a folder.", "Choose another output folder.")
        if is_site(out) or all(entry.name == _INSIDE for entry in out.iterdir()):
            return
    raise StorageError(
        f"{out} holds files that this program did not write, so it is not replaced.",
        "Choose an empty or a new folder as output, or empty this one yourself.",
    )


@contextmanager
def workspace(out: Path) -> Iterator[Path]:
    """Gives a new folder beside `out` to write the next site into, and removes it if it is left over.

    What a killed build left behind is cleaned up first, and an interrupted swap is completed. Raises
    StorageError if `out` must not be replaced, if another build is writing to it, or if no folder can
    be made.
    """
    out = _real(out)
    aside = _aside(out)
    with storage_errors(aside):
        aside.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir(exist_ok=True)
        lock = _lock(aside, out)
    try:
        with storage_errors(out):
            _recover(out, aside)
        check_replaceable(out)
        yield aside
    finally:
        _discard(aside)
        if lock is not None:
            os.close(lock)


def swap(temp: Path, out: Path) -> None:
    """Put the site in `temp` in the place of `out`, then remove the old one.

    This is one atomic exchange if the system has it (Linux, macOS), or two renames that are undone on
    failure. If `out` cannot be renamed (a mount point), its files are replaced one by one, the manifest
    last. Files of the owner at the top of `out` (`CNAME`, `.git`) stay. If it raises StorageError, the
    old site is still complete.
    """
    out = _real(out)
    if not is_site(temp):
        raise StorageError(f"{temp} is not a finished site.")
    check_replaceable(out)
    with storage_errors(out):
        if not out.exists():
            temp.rename(out)
            return
        if temp.is_relative_to(out):
            replace_files(temp, out, file_changes(temp, out))
            _discard(temp)
            return
        try:
            if _exchange(temp, out):
                _keep_foreign(temp, out)
                _discard(temp)
                return
            old = _old(out)
            out.rename(old)
            try:
                temp.rename(out)
            except OSError:
                old.rename(out)
                raise
            _keep_foreign(old, out)
            _discard(old)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):
                raise
            replace_files(temp, out, file_changes(temp, out))
            _discard(temp)


def _real(out: Path) -> Path:
    """The folder itself if `out` is a link to it."""
    with storage_errors(out):
        return out.resolve()


def _aside(out: Path) -> Path:
    """Where the next site is written: beside `out`, or inside it if nothing can be made beside it."""
    if out.is_dir() and (os.path.ismount(out) or not os.access(out.parent, os.W_OK)):
        return out / _INSIDE
    return out.with_name(f".{out.name}.building")


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}.before")


def _recover(out: Path, aside: Path) -> None:
    """Finish what a killed build left: a swap that stopped half-way, and the owner's files in it."""
    old = _old(out)
    if is_site(old) and not out.exists():
        old.rename(out)
    for remains in (old, aside):
        if remains.is_dir() and out.is_dir():
            _keep_foreign(remains, out)
    _discard(old)
    _clear(aside)
    # Only files of the owner are left now; they are never deleted.
    if any(aside.iterdir()):
        raise StorageError(
            f"{aside} holds files that are also in {out}.", "Move them away, then build again."
        )


def _keep_foreign(source: Path, out: Path) -> None:
    """Move the owner's files from the top of a replaced site to the new one."""
    for entry in sorted(source.iterdir()):
        if entry.name not in OWN_NAMES and not os.path.lexists(out / entry.name):
            entry.rename(out / entry.name)


def _discard(folder: Path) -> None:
    """Remove a site that is no longer needed, and its folder unless files of the owner are in it."""
    _clear(folder)
    with suppress(OSError):
        folder.rmdir()


def _clear(folder: Path) -> None:
    """Remove the files of a site. Files that cannot be removed now are removed by the next build."""
    for name in OWN_NAMES:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


@dataclass(frozen=True)
class FileChanges:
    """What makes the site in one folder equal to that in another, as paths with `/`.

    `added` are files to copy, in that order, `removed` files that are left over, `bytes` the size of those
    added.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    bytes: int


def file_changes(new: Path, out: Path) -> FileChanges:
    """Compare the site in `new` with the files in `out`, by content. Files of the owner do not count."""
    wanted = {
        path.relative_to(new).as_posix(): path
        for top in sorted(OWN_NAMES)
        for path in _files(new / top)
    }
    hashed = [path for path in wanted if path not in MUTABLE]
    ordered = [*hashed, *(path for path in MUTABLE if path in wanted)]
    added = [path for path in ordered if not _same(wanted[path], out / path)]
    present = (path for top in sorted(OWN_NAMES) for path in _files(out / top))
    removed = (path.relative_to(out).as_posix() for path in present)
    return FileChanges(
        tuple(added),
        tuple(path for path in removed if path not in wanted),
        sum(wanted[path].stat().st_size for path in added),
    )


def replace_files(new: Path, out: Path, changes: FileChanges, *, keep_old: bool = False) -> None:
    """Update `out` file by file: add hashed files, replace mutable ones, then remove what is left over.

    Visitors find a complete site at each moment. `keep_old` leaves the files that are left over. Raises
    OSError; the site in `out` is complete then, too.
    """
    for path in changes.added:
        _copy_whole(new / path, out / path)
    if keep_old:
        return
    for path in changes.removed:
        (out / path).unlink(missing_ok=True)
    for top in OWN_NAMES:
        for folder in sorted((out / top).rglob("*"), reverse=True):
            if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()


def _files(top: Path) -> list[Path]:
    """The file at `top`, or everything below this folder that is not a folder."""
    if top.is_dir():
        return sorted(path for path in top.rglob("*") if path.is_symlink() or not path.is_dir())
    return [top] if os.path.lexists(top) else []


def _same(source: Path, target: Path) -> bool:
    if target.is_symlink() or not target.is_file():
        return False
    if target.samefile(source):
        return True
    return target.stat().st_size == source.stat().st_size and digest_of(target) == digest_of(source)


def _copy_whole(source: Path, target: Path) -> None:
    """Copy so that a reader sees the old file or the new one, never a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.copyfile(source, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; returns False if the system cannot."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        one, two = os.fsencode(first), os.fsencode(second)
        if sys.platform == "linux":
            # renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)
            result = library.renameat2(-100, one, -100, two, 2)
        elif sys.platform == "darwin":
            # renamex_np(first, second, RENAME_SWAP)
            result = library.renamex_np(one, two, 2)
        else:
            return False
    except (AttributeError, OSError, TypeError):
        return False
    if result == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), str(second))


def _lock(folder: Path, out: Path) -> int | None:
    """Lock `folder` against a second build. The system releases the lock when this process ends."""
    try:
        import fcntl
    except ImportError:  # no lock on Windows: the user must not run two builds at once
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A build that ended a moment ago may have moved the folder that was opened.
        current = folder.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        current = False
    if not current:
        os.close(descriptor)
        raise StorageError(
            f"Another build is writing to {out}.", "Wait for it to end, then build again."
        )
    return descriptor
