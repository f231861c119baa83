"""Publishes a site to a folder, file by file, so that visitors find a complete site at each moment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.deploy.checked import check_after, check_before, others
from imagedb_site.errors import StorageError, UsageError
from imagedb_site.layout import OWN_NAMES
from imagedb_site.locks import locked
from imagedb_site.records import Progress
from imagedb_site.site import FileChanges, file_changes, is_site, replace_files
from imagedb_site.site.disk import storage_errors

LOCK = ".imagedb-site.lock"
MARKER = ".imagedb-site.deploying"
"""Lies in the target while files are copied. A target with it is ours even before it has a manifest."""


@dataclass(frozen=True)
class FolderDeployment:
    """What was copied, or would be: `changes` by file, `old` files that were kept.

    `not_copied` are the names at the top of the site's folder that are not a part of the site.
    """

    changes: FileChanges
    old: int
    not_copied: tuple[str, ...]


def deploy_folder(
    site: Path,
    target: Path,
    *,
    keep_old: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> FolderDeployment:
    """Make the site in `target` equal to the one in `site`.

    Files that differ are copied: those with a hash in their name first, then the pages, the manifest
    last. Files that the new site does not use are removed afterwards, unless `keep_old`. Other files in
    `target` belong to its owner and stay. Both folders are checked. Raises CheckError, StorageError and
    UsageError; the previous site is complete then, unless the second check says otherwise.
    """
    progress("check", 0, 1)
    check_before(site)
    progress("check", 1, 1)
    _check_target(site, target)
    with storage_errors(target):
        changes = file_changes(site, target)
        skipped = tuple(entry.name for entry in others(site))
    result = FolderDeployment(changes, len(changes.removed) if keep_old else 0, skipped)
    if dry_run:
        return result
    with storage_errors(target), _claimed(target):
        # Another deployment may have changed the target before this one had the lock.
        changes = file_changes(site, target)
        total = len(changes.added)
        progress("copy", 0, total)

        def copied(done: int) -> None:
            progress("copy", done, total)

        replace_files(site, target, changes, keep_old=keep_old, copied=copied)
    progress("check the copy", 0, 1)
    check_after(site, target)
    progress("check the copy", 1, 1)
    return result


def _check_target(site: Path, target: Path) -> None:
    with storage_errors(target):
        here, there = site.resolve(), target.resolve()
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise UsageError(f"{target} and {site} are not two separate folders.")
        if not target.exists():
            if not target.parent.is_dir():
                raise StorageError(
                    f"{target.parent} does not exist.",
                    "Create it, or mount the disk that it is on.",
                )
            return
        if not target.is_dir():
            raise StorageError(f"{target} is a file, not a folder.", "Choose a folder.")
        if is_site(target) or (target / MARKER).exists():
            return
        foreign = sorted(name for name in OWN_NAMES if os.path.lexists(target / name))
    if foreign:
        raise StorageError(
            f"{target} has a file {foreign[0]} that this program did not write.",
            "Move it away, or choose another folder.",
        )


@contextmanager
def _claimed(target: Path) -> Iterator[None]:
    """Lock the target against a second deployment, and mark it as ours until it has a manifest."""
    target.mkdir(exist_ok=True)
    refusal = StorageError(
        f"Another deployment is writing to {target}.", "Wait for it to end, then deploy again."
    )
    with locked(target / LOCK, refusal):
        (target / MARKER).touch()
        yield
        (target / MARKER).unlink(missing_ok=True)
