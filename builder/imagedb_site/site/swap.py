"""Puts a finished site in the place of the previous one, completely or not at all.

A site is written into a folder beside the output and exchanged with it. docs/ARCHITECTURE.md ("Power cuts")
says what the disk holds after each step.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from imagedb_site.durable import settle, settle_names
from imagedb_site.errors import StorageError
from imagedb_site.layout import MANIFEST, OWN_NAMES, REPLACED
from imagedb_site.locks import locked
from imagedb_site.site.disk import storage_errors
from imagedb_site.site.exchange import exchange
from imagedb_site.site.replace import file_changes, partial, replace_files

_INSIDE = ".imagedb-site.building"
_STARTED = ".imagedb-site.started"
"""In an output that cannot be renamed while its first site is put into it, file by file."""
_LOCK = ".imagedb-site.lock"


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
        if is_site(out) or all(entry.name in (_INSIDE, _LOCK) for entry in out.iterdir()):
            return
        if (out / _STARTED).is_file():
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
    busy = StorageError(
        f"Another build is writing to {out}.", "Wait for it to end, then build again."
    )
    with ExitStack() as held:
        with storage_errors(aside):
            aside.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(_lock_file(out, aside), busy))
            aside.mkdir(exist_ok=True)
        try:
            with storage_errors(out):
                _recover(out, aside)
            check_replaceable(out)
            yield aside
        finally:
            # An interrupt after the exchange must not leave the owner's files in the old folder.
            with suppress(OSError):
                _put_back(out, aside)
            _discard(aside)


def swap(temp: Path, out: Path) -> None:
    """Put the site in `temp` in the place of `out`, then remove the old one.

    This is one atomic exchange if the system has it (Linux, macOS), or two renames that are undone on
    failure. If `out` cannot be renamed (a mount point), its files are replaced one by one, the manifest
    last. Files of the owner at the top of `out` (`CNAME`, `.git`) stay. When it returns, the new site is on
    the disk for good. If it raises StorageError, the old site is still complete.
    """
    out = _real(out)
    if not is_site(temp):
        raise StorageError(f"{temp} is not a finished site.")
    check_replaceable(out)
    with storage_errors(out):
        if not out.exists():
            settle(temp)
            temp.rename(out)
            settle_names(out.parent)
            return
        if temp.is_relative_to(out):
            _replace_files(temp, out)
            return
        _lend_files(out, temp)
        settle(temp)
        try:
            old = _trade(temp, out)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):
                raise
            _replace_files(temp, out)
            return
        # The new site has its name on the disk before anything of the old one is removed.
        settle_names(out.parent)
        if _keep_foreign(old, out):
            settle_names(out)
        _discard(old)


def _trade(temp: Path, out: Path) -> Path:
    """Put `temp` at `out`; returns where the old site is now."""
    if exchange(temp, out):
        return temp
    old = _old(out)
    out.rename(old)
    try:
        temp.rename(out)
    except OSError:
        old.rename(out)
        raise
    return old


def _real(out: Path) -> Path:
    """The folder itself if `out` is a link to it."""
    with storage_errors(out):
        return out.resolve()


def _aside(out: Path) -> Path:
    """Where the next site is written: beside `out`, or inside it if nothing can be made beside it."""
    if out.is_dir() and (os.path.ismount(out) or not os.access(out.parent, os.W_OK)):
        return out / _INSIDE
    return out.with_name(f".{out.name}.building")


def _lock_file(out: Path, aside: Path) -> Path:
    return out / _LOCK if aside.parent == out else out.with_name(f".{out.name}.lock")


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}.before")


def _recover(out: Path, aside: Path) -> None:
    """Finish what a killed build left: a swap that stopped half-way, and the owner's files in it."""
    _put_back(out, aside)
    _discard(_old(out))
    if out / _INSIDE != aside:
        _discard(out / _INSIDE)
    if is_site(out):
        (out / _STARTED).unlink(missing_ok=True)
    for name in REPLACED:
        with suppress(OSError):
            partial(out / name).unlink()
    clear_site(aside)
    left = [entry.name for entry in aside.iterdir()]
    if any(name in OWN_NAMES for name in left):
        raise StorageError(
            f"{aside}, which an earlier build left, cannot be removed.",
            "Remove it, then build again.",
        )
    # Only files of the owner are left now; they are never deleted.
    if left:
        raise StorageError(
            f"{aside} holds files that are also in {out}.", "Move them away, then build again."
        )


def _put_back(out: Path, aside: Path) -> None:
    """Undo the first of two renames, or give the files of the owner to the new site after an exchange."""
    old = _old(out)
    if is_site(old) and not out.exists():
        old.rename(out)
    for remains in (old, aside):
        if remains.is_dir() and out.is_dir():
            _keep_foreign(remains, out)


def _lend_files(out: Path, temp: Path) -> None:
    """Link the owner's files at the top of `out` into the new site too, so that it never lacks them.

    Folders cannot have two names; they are moved after the exchange, like what cannot be linked.
    """
    for entry in out.iterdir():
        if entry.name not in OWN_NAMES and (entry.is_symlink() or not entry.is_dir()):
            with suppress(OSError, NotImplementedError):
                os.link(entry, temp / entry.name, follow_symlinks=False)


def _keep_foreign(source: Path, out: Path) -> bool:
    """Move the owner's files from the top of a replaced site to the new one; returns if there were any."""
    found = False
    for entry in sorted(source.iterdir()):
        if entry.name in OWN_NAMES:
            continue
        place = out / entry.name
        if not os.path.lexists(place):
            entry.rename(place)
        elif os.path.samestat(entry.lstat(), place.lstat()):
            entry.unlink()
        found = True
    return found


def _discard(folder: Path) -> None:
    """Remove a site that is no longer needed, and its folder unless files of the owner are in it."""
    clear_site(folder)
    with suppress(OSError):
        folder.rmdir()


def clear_site(folder: Path) -> None:
    """Remove the files of a site. Files that cannot be removed now are removed by the next build."""
    # Without its manifest a folder is not taken for a site any more.
    for name in sorted(OWN_NAMES, key=lambda name: name != MANIFEST):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _replace_files(temp: Path, out: Path) -> None:
    started = out / _STARTED
    if not is_site(out):
        started.touch()
    replace_files(temp, out, file_changes(temp, out))
    started.unlink(missing_ok=True)
    _discard(temp)
