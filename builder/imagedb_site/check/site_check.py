"""Checks a site as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from imagedb_site.check.limits import Host, check_limits
from imagedb_site.check.pages import check_pages
from imagedb_site.check.report import CheckReport, Finding, sentence
from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError, ImageDBError, StorageError
from imagedb_site.layout import (
    HASHED_FOLDERS,
    MANIFEST,
    OWN_NAMES,
    PROGRAM_FOLDERS,
    hash_in_name,
    thumbnail_path,
)
from imagedb_site.reader import Site, open_site, verify_site

_PROGRAM = tuple(f"{folder}/" for folder in PROGRAM_FOLDERS)


def check_site(path: str | Path, *, host: Host | None = None) -> CheckReport:
    """Check the site in a folder, or what a URL can show of one.

    Going beyond the limits of `host` is an error; without `host`, those of all known hosts are warned
    about. Problems of the site are reported, not raised; StorageError if it cannot be read at all.
    """
    findings: list[Finding] = []
    try:
        site = open_site(path)
    except FormatError as error:
        finding = Finding("error", MANIFEST, sentence(error))
        return CheckReport(str(path), host, 0, 0, 0, (), (finding,))
    with site:
        try:
            entries = {entry.path: entry for entry in site.entries()}
        except ImageDBError as error:
            findings.append(Finding("error", "", sentence(error)))
            entries = {}
        if isinstance(path, str) and "://" in path:
            sizes, checked = {entry.path: entry.size for entry in entries.values()}, {}
        else:
            folder = Path(path)
            if folder.name == MANIFEST:
                folder = folder.parent
            sizes, notes = _survey(folder)
            findings.extend(notes)
            if not findings or entries:
                findings.extend(_check_files(site, folder, sizes, entries))
            checked = {path: size for path, size in sizes.items() if _is_hashed(path)}
        if not any(finding.level == "error" for finding in findings):
            findings.extend(_check_content(site, checked))
        findings.extend(check_limits(sizes, host))
        largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:5]
        return CheckReport(
            site=str(path),
            host=host,
            count=site.count,
            files=len(sizes),
            bytes=sum(sizes.values()),
            largest=tuple(largest),
            findings=tuple(findings),
        )


def _survey(folder: Path) -> tuple[dict[str, int], list[Finding]]:
    """The size of every file of the site, and notes about what does not belong to it."""
    sizes: dict[str, int] = {}
    notes: list[Finding] = []
    try:
        for top in sorted(folder.iterdir()):
            if top.name not in OWN_NAMES:
                notes.append(Finding("warning", top.name, "This is not a part of the site."))
                continue
            for path in [top, *sorted(top.rglob("*"))] if top.is_dir() else [top]:
                name = path.relative_to(folder).as_posix()
                if path.is_symlink():
                    notes.append(Finding("error", name, "Hosts do not publish symbolic links."))
                elif path.is_file():
                    sizes[name] = path.stat().st_size
    except OSError as error:
        raise StorageError(f"Cannot read {folder}: {error.strerror}.") from error
    return sizes, notes


def _check_files(
    site: Site, folder: Path, sizes: dict[str, int], entries: dict[str, FileEntry]
) -> Iterator[Finding]:
    """Missing, damaged and left-over files, and the links of the pages."""
    for path, entry in entries.items():
        if path not in sizes:
            yield Finding("error", path, "The file is missing.")
        elif sizes[path] != entry.size:
            yield Finding("error", path, f"It has {sizes[path]:,} bytes, not {entry.size:,}.")
    unused = {path for path in sizes if _is_hashed(path) or path.startswith(_PROGRAM)}
    unused -= entries.keys()
    missing: set[str] = set()
    try:
        for path in _pictures(site):
            unused.discard(path)
            if path not in sizes:
                missing.add(path)
    except ImageDBError as error:
        yield Finding("error", "", sentence(error))
        return
    for path in sorted(missing):
        yield Finding("error", path, "The file is missing.")
    yield from check_pages(folder, sizes)
    for path in sorted(sizes):
        if path in entries or _is_hashed(path):
            yield from _check_hash(folder, path, entries.get(path))
        if path in unused:
            yield Finding("warning", path, "Nothing refers to this file.")
    total = sum(size for path, size in sizes.items() if path != MANIFEST)
    if total != site.manifest.bytes:
        yield Finding(
            "warning",
            MANIFEST,
            f"It announces {site.manifest.bytes:,} bytes, the files have {total:,}.",
        )


def _is_hashed(path: str) -> bool:
    """Whether the file must have the hash of its content in its name."""
    return path.split("/")[0] in HASHED_FOLDERS


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


def _check_hash(folder: Path, path: str, entry: FileEntry | None) -> Iterator[Finding]:
    try:
        with (folder / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        yield Finding("error", path, f"It cannot be read: {error.strerror}.")
        return
    name = hash_in_name(path)
    if entry is not None and digest != entry.sha256:
        yield Finding("error", path, "Its content is not the one that the site's index announces.")
    elif _is_hashed(path) and (name is None or not digest.startswith(name)):
        yield Finding("error", path, "Its content is not the one that its name announces.")


def _check_content(site: Site, checked: dict[str, int]) -> Iterator[Finding]:
    """What only the reader can tell: whether the parts agree with each other."""
    try:
        verify_site(site, checked)
    except ImageDBError as error:
        yield Finding("error", "", sentence(error))
