"""Checks a site as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from imagedb_site.bucket_addresses import is_bucket
from imagedb_site.check.bucket import BucketFiles
from imagedb_site.check.download import UrlFiles
from imagedb_site.check.files import Files, FolderFiles, HostGoneError, Wanted
from imagedb_site.check.limits import Host, verdicts
from imagedb_site.check.pages import check_pages
from imagedb_site.check.privacy import PrivacyCheck, PrivacyReport
from imagedb_site.check.report import CheckReport, Finding, Level, sentence
from imagedb_site.errors import FormatError, ImageDBError
from imagedb_site.layout import MANIFEST, PORTABLE_MANIFEST, thumbnail_path
from imagedb_site.reader import Site, verify_site
from imagedb_site.reader.manifest import MANIFEST_LIMIT
from imagedb_site.records import Progress

_LARGEST = 5
_Item = TypeVar("_Item")


def no_progress(step: str, done: int, total: int | None) -> None:
    """Reports nothing."""


def check_site(
    path: str | Path,
    *,
    host: Host | None = None,
    privacy: bool = False,
    progress: Progress = no_progress,
) -> CheckReport:
    """Check every file of the site in a folder, in a bucket or at an http(s) address.

    The report has a verdict for each known host; with `host`, it is not ok unless that one takes the site.
    With `privacy`, it says what the site reveals, and is not ok if that is private.
    A site at an address is downloaded a few files at a time; all but its pictures is kept in a temporary
    folder meanwhile. Problems of the site are reported, not raised; StorageError if it cannot be read.
    """
    files: Files
    if isinstance(path, str) and is_bucket(path):
        files = BucketFiles(path)
    elif isinstance(path, str) and "://" in path:
        files = UrlFiles(path)
    else:
        files = FolderFiles(Path(path))
    try:
        return _Check(files, str(path), host, privacy, progress).run()
    finally:
        files.close()


class _Check:
    """One check: what was found so far, and the sizes of the site's own files that could be read."""

    def __init__(
        self, files: Files, name: str, host: Host | None, privacy: bool, progress: Progress
    ) -> None:
        self._files = files
        self._name = name
        self._host = host
        self._progress = progress
        self._sizes: dict[str, int] = {}
        self._findings: dict[Finding, None] = {}
        self._failed = False
        self._privacy = PrivacyCheck() if privacy else None
        self._reveals: PrivacyReport | None = None

    def run(self) -> CheckReport:
        try:
            site = Site(self._files.source)
        except FormatError as error:
            self._add("error", MANIFEST, sentence(error))
            self._add_notes()
            return self._report(0)
        with site:
            self._check(site)
            return self._report(site.count)

    def _check(self, site: Site) -> None:
        self._sizes[MANIFEST] = len(self._files.source.read(MANIFEST, MANIFEST_LIMIT))
        hidden = self._files.hidden
        entries = self._guarded(Wanted(entry.path, entry) for entry in site.entries())
        self._compare([one for one in entries if one.path not in hidden], "files")
        # Everything that says where the pictures are is there now.
        pictures = list(dict.fromkeys(self._guarded(_pictures(site))))
        self._compare([Wanted(path) for path in pictures], "pictures")
        for found in check_pages(
            self._files.folder,
            {**self._sizes, **dict.fromkeys(hidden, 0)},
            site.manifest.origins,
        ):
            self._add(found.level, found.file, found.message)
        self._add_notes()
        self._add_unused(portable="portable" in site.manifest.json)
        if not self._failed:
            # What only the reader can tell: whether the parts agree with each other.
            self._progress("content", 0, 1)
            checked = {path: self._sizes[path] for path in pictures}
            try:
                verify_site(site, checked)
            except ImageDBError as error:
                self._add("error", "", sentence(error))
            self._progress("content", 1, 1)
        if self._privacy is not None and not self._failed:
            self._progress("privacy", 0, 1)
            try:
                self._reveals = self._privacy.report(site)
            except ImageDBError as error:
                self._add("error", "", sentence(error))
            self._progress("privacy", 1, 1)
        total = sum(self._sizes.values()) - self._sizes[MANIFEST]
        if not self._failed and total != site.manifest.bytes:
            message = f"It announces {site.manifest.bytes:,} bytes, the files have {total:,}."
            self._add("error", MANIFEST, message)

    def _compare(self, wanted: list[Wanted], step: str) -> None:
        for done, one in enumerate(self._files.examine(wanted), 1):
            if one.problem:
                self._add("error", one.path, one.problem)
            if one.file is not None:
                self._sizes[one.path] = one.size
                if self._privacy is not None:
                    self._privacy.look(one.path, one.file)
            self._progress(step, done, len(wanted))

    def _add_notes(self) -> None:
        for note in self._files.notes():
            self._add(note.level, note.file, note.message)

    def _add_unused(self, *, portable: bool) -> None:
        """Files in the site's folders that nothing names; a damaged list would make all of them unused."""
        there = self._files.sizes()
        if there is None or self._failed:
            return
        # The reader compares the manifest of a portable site with the other one.
        named = {*self._sizes, PORTABLE_MANIFEST} if portable else self._sizes.keys()
        for path in sorted(there.keys() - named):
            self._add("warning", path, "Nothing refers to this file.")

    def _guarded(self, items: Iterable[_Item]) -> list[_Item]:
        """The items up to the first one that cannot be had, which is reported."""
        found: list[_Item] = []
        try:
            for item in items:
                found.append(item)
        except HostGoneError:
            raise
        except ImageDBError as error:
            # A damaged list of files is reported as a file as well.
            if not self._failed:
                self._add("error", "", sentence(error))
        return found

    def _add(self, level: Level, file: str, message: str) -> None:
        self._findings[Finding(level, file, message)] = None
        self._failed |= level == "error"

    def _report(self, count: int) -> CheckReport:
        sizes = self._files.sizes() or self._sizes
        largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:_LARGEST]
        return CheckReport(
            site=self._name,
            host=self._host,
            count=count,
            files=len(sizes),
            bytes=sum(sizes.values()),
            largest=tuple(largest),
            findings=tuple(self._findings),
            hosts=verdicts(sizes),
            privacy=self._reveals,
        )


def _pictures(site: Site) -> Iterator[str]:
    """The paths of the picture files that rows and documents name; some come more than once."""
    extension = site.manifest.thumbnails.extension
    for number, _, _ in site.blocks(site.manifest.rows):
        for row in site.row_block(number):
            if row.thumbnail is not None:
                yield thumbnail_path(row.thumbnail.hash16, extension)
    for number, _, _ in site.blocks(site.manifest.documents):
        for document in site.document_block(number):
            if "view" in document:
                yield document["view"]["path"]
            if "original" in document:
                yield document["original"]
