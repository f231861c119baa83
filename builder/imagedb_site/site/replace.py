"""Makes the site in one folder equal to that in another, file by file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.durable import settle, settle_file, settle_names
from imagedb_site.layout import OWN_NAMES, REPLACED
from imagedb_site.site.disk import digest_of

_REPLACED_NAMES = frozenset(name.rpartition("/")[2] for name in REPLACED)


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
    hashed = [path for path in wanted if path not in REPLACED]
    ordered = [*hashed, *(path for path in REPLACED if path in wanted)]
    added = [path for path in ordered if not _same(wanted[path], out / path)]
    present = (path for top in sorted(OWN_NAMES) for path in _files(out / top))
    removed = (path.relative_to(out).as_posix() for path in present)
    return FileChanges(
        tuple(added),
        tuple(path for path in removed if path not in wanted),
        sum(wanted[path].stat().st_size for path in added),
    )


def replace_files(
    new: Path,
    out: Path,
    changes: FileChanges,
    *,
    keep_old: bool = False,
    copied: Callable[[int], None] = lambda done: None,
) -> None:
    """Update `out` file by file: add hashed files, replace mutable ones, then remove what is left over.

    Visitors find a complete site at each moment, and the disk has one after a power cut. `keep_old` leaves
    the files that are left over. `copied` is called with the number of files copied so far. Raises OSError;
    the site in `out` is complete then, too.
    """
    for name in REPLACED:
        partial(out / name).unlink(missing_ok=True)
    mutable = [path for path in changes.added if path in REPLACED]
    hashed = changes.added[: len(changes.added) - len(mutable)]
    for done, path in enumerate(hashed, 1):
        _copy_whole(new / path, out / path)
        copied(done)
    # On the disk in this order: what the new pages and the manifest name, then they, then no old file.
    settle(out)
    for done, path in enumerate(mutable, len(hashed) + 1):
        _copy_whole(new / path, out / path)
        copied(done)
    settle_names(out)
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


def partial(target: Path) -> Path:
    """Where a file is written before it gets its name."""
    return target.with_name(f".{target.name}.partial")


def _copy_whole(source: Path, target: Path) -> None:
    """Copy so that a reader sees the old file or the new one, never a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = partial(target)
    try:
        shutil.copyfile(source, aside)
        if target.name in _REPLACED_NAMES:
            settle_file(aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
