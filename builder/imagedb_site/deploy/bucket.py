"""Publishes a site to a bucket: only what changed, the manifest last, old files for a time of grace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from imagedb_site.buckets import CONNECTIONS, Bucket, StoredObject, open_bucket
from imagedb_site.deploy.checked import check_before, others
from imagedb_site.deploy.unused import RECORD, Unused
from imagedb_site.errors import CheckError, FormatError, StorageError
from imagedb_site.layout import MANIFEST, OWN_NAMES, REPLACED, hash_in_name, is_immutable
from imagedb_site.media_types import content_type
from imagedb_site.records import Progress
from imagedb_site.report import counted, human_bytes
from imagedb_site.site.disk import storage_errors

GRACE_DAYS = 7.0
MARKER = ".imagedb-site.deploying"
"""An object that says, before there is a manifest, that this program is filling the place."""
_FOREVER = "public, max-age=31536000, immutable"
_ASK = "no-cache"
_MANIFEST_LIMIT = 64 << 20

_Listing = Mapping[str, StoredObject]


@dataclass(frozen=True)
class BucketDeployment:
    """What was uploaded, or would be.

    `uploaded` are the paths in their order, with `bytes` in all. `unchanged` is the number of files that were
    there already, `old` that of files that only earlier sites use and that were kept; `removed` are such
    files whose time of grace is over. `not_copied` are the names at the top of the site's folder that are not
    a part of the site.
    """

    uploaded: tuple[str, ...]
    bytes: int
    unchanged: int
    old: int
    removed: tuple[str, ...]
    not_copied: tuple[str, ...]

    def to_json(self) -> dict[str, int]:
        """The numbers of files, and the bytes uploaded."""
        return {
            "uploaded": len(self.uploaded),
            "bytes": self.bytes,
            "unchanged": self.unchanged,
            "old": self.old,
            "removed": len(self.removed),
        }

    def summary(self, *, dry_run: bool = False) -> str:
        """What was done, or with `dry_run` would be, in one line."""
        uploaded = f"{counted(len(self.uploaded), 'file')} ({human_bytes(self.bytes)})"
        parts = [
            f"{uploaded} {'to upload' if dry_run else 'uploaded'}",
            f"{self.unchanged:,} unchanged",
        ]
        if self.removed:
            parts.append(f"{len(self.removed):,} old {'to remove' if dry_run else 'removed'}")
        if self.old:
            parts.append(f"{counted(self.old, 'old file')} kept")
        return ", ".join(parts)


def deploy_bucket(
    site: Path,
    target: str | Bucket,
    *,
    prune: bool = False,
    grace_days: float = GRACE_DAYS,
    everything: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
    progress: Progress = lambda step, done, total: None,
) -> BucketDeployment:
    """Make the site in the bucket `target`, such as `s3://bucket/pictures`, equal to the one in `site`.

    Files that differ are uploaded, several at once: those with a hash in their name first, then the pages,
    the manifest last. Until then visitors have the earlier site. Files that only earlier sites use stay; with
    `prune` those are removed that no site has used for `grace_days`. With `everything`, files are uploaded
    that seem to be unchanged, too. `now` is the time of this deployment, by default that of the clock.

    Raises CheckError, StorageError and UsageError; the earlier site is complete then, unless the check of
    what was uploaded says otherwise.
    """
    bucket = open_bucket(target) if isinstance(target, str) else target
    now = now or datetime.now(UTC)
    progress("list the bucket", 0, 1)
    there = _listing(bucket)
    _check_target(bucket, there)
    progress("list the bucket", 1, 1)
    progress("check", 0, 1)
    check_before(site)
    progress("check", 1, 1)
    with storage_errors(site, "read"):
        sizes = {path: (site / path).stat().st_size for path in _files_of(site)}
        changed = [
            path
            for path, size in sizes.items()
            if everything or not _same(site / path, size, there.get(path))
        ]
        skipped = tuple(entry.name for entry in others(site))
    left = [path for path in there if path.split("/")[0] in OWN_NAMES and path not in sizes]
    unused = Unused.read(bucket) if RECORD in there else Unused({})
    noted = unused.noted(left, now)
    removed = noted.over(timedelta(days=grace_days), now) if prune else []
    result = BucketDeployment(
        uploaded=tuple(changed),
        bytes=sum(sizes[path] for path in changed),
        unchanged=len(sizes) - len(changed),
        old=len(left) - len(removed),
        removed=tuple(removed),
        not_copied=skipped,
    )
    if dry_run:
        return result
    if changed:
        if MANIFEST not in there:
            bucket.put(MARKER, b"", "text/plain", _ASK)
        _upload(bucket, site, changed, progress)
        _check_whole(bucket, sizes)
    if removed:
        bucket.remove(removed)
        noted = noted.without(removed)
    if noted.to_json() != unused.to_json():
        bucket.put(RECORD, noted.to_json(), "application/json", _ASK)
    if MARKER in there or MANIFEST not in there:
        bucket.remove([MARKER])
    return result


def _listing(bucket: Bucket) -> _Listing:
    return {one.path: one for one in bucket.objects()}


def _check_target(bucket: Bucket, there: _Listing) -> None:
    """Refuse to replace what this program did not write."""
    if MANIFEST in there:
        try:
            manifest = json.loads(bucket.read(MANIFEST, _MANIFEST_LIMIT))
            if manifest["format"] == "imagedb-site":
                return
        except (FormatError, ValueError, KeyError, TypeError, RecursionError):
            pass
        foreign = [MANIFEST]
    elif MARKER in there:
        return
    else:
        foreign = sorted({path.split("/")[0] for path in there} & OWN_NAMES)
    if foreign:
        raise StorageError(
            f"{bucket} has an object {foreign[0]} that this program did not write.",
            "Move it away, or choose another address, such as a folder in the bucket.",
        )


def _files_of(site: Path) -> list[str]:
    """The paths of a site's own files in the order in which they are uploaded."""
    found = [
        file.relative_to(site).as_posix()
        for top in sorted(OWN_NAMES)
        for file in ([site / top] if (site / top).is_file() else sorted((site / top).rglob("*")))
        if file.is_file()
    ]
    last = [path for path in REPLACED if path in found]
    replaced = set(last)
    return [*(path for path in found if path not in replaced), *last]


def _same(file: Path, size: int, stored: StoredObject | None) -> bool:
    """Whether an object is known to have the content of a file.

    An object appears when it is whole, so a name with the hash of the content and the size are enough.
    """
    if stored is None or stored.size != size:
        return False
    if hash_in_name(stored.path) is not None:
        return True
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False))
    return stored.md5 == digest.hexdigest()


def _upload(bucket: Bucket, site: Path, paths: Sequence[str], progress: Progress) -> None:
    """Upload files: those that nothing names yet at once, then the others one after the other."""
    replaced = [path for path in paths if path in REPLACED]
    added = paths[: len(paths) - len(replaced)]
    done = 0

    def put(path: str) -> None:
        cache = _FOREVER if is_immutable(path) else _ASK
        bucket.put_file(path, site / path, content_type(path), cache)

    def count() -> None:
        nonlocal done
        done += 1
        progress("upload", done, len(paths))

    progress("upload", 0, len(paths))
    _at_once(put, added, count)
    for path in replaced:
        put(path)
        count()


def _at_once(put: Callable[[str], None], paths: Iterable[str], done: Callable[[], None]) -> None:
    """Call `put` for all paths, several at once. The first failure gives up the rest."""
    workers = ThreadPoolExecutor(CONNECTIONS)
    try:
        for future in as_completed([workers.submit(put, path) for path in paths]):
            future.result()
            done()
    finally:
        workers.shutdown(cancel_futures=True)


def _check_whole(bucket: Bucket, sizes: Mapping[str, int]) -> None:
    """Raise CheckError unless all files are there now: another deployment may have removed some."""
    there = _listing(bucket)
    for path, size in sizes.items():
        stored = there.get(path)
        if stored is None or stored.size != size:
            problem = "is missing" if stored is None else f"has {stored.size:,} bytes, not {size:,}"
            raise CheckError(
                f"{bucket} is damaged after uploading: {path} {problem}.",
                "Deploy again when no other deployment is running.",
            )
