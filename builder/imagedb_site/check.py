"""Checks a published site: every hash, every link, nothing missing, nothing left over, host limits."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError, ImageDBError, StorageError
from imagedb_site.layout import HASHED_FOLDERS, LIBRARY_FILES, MUTABLE, OWN_NAMES, hash_in_name
from imagedb_site.reader import Site, open_site

Host = Literal["github-pages", "cloudflare-pages"]
Level = Literal["error", "warning"]

_SHELL = re.compile(rb"self\.IMAGEDB_SHELL=(\{.*\});\n")
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)")


@dataclass(frozen=True)
class Limits:
    """What a host accepts: sizes in bytes, None where it sets no limit."""

    name: str
    site_bytes: int | None
    file_bytes: int
    files: int | None


LIMITS: dict[Host, Limits] = {
    "github-pages": Limits("GitHub Pages", 1_000_000_000, 100_000_000, None),
    "cloudflare-pages": Limits("Cloudflare Pages", None, 25 * 1024 * 1024, 20_000),
}


@dataclass(frozen=True)
class Finding:
    """Something wrong (`error`) or worth knowing (`warning`); `file` is empty for the whole site."""

    level: Level
    file: str
    message: str


@dataclass(frozen=True)
class CheckReport:
    """What a check found. `bytes` counts every file of the site, the owner's own ones left out."""

    site: str
    host: str | None
    count: int
    files: int
    bytes: int
    largest: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """No error; there may be warnings."""
        return not any(finding.level == "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "ok": self.ok}


def check_site(path: str | Path, *, host: Host | None = None) -> CheckReport:
    """Check the site in a folder, or what a URL can show of one.

    Going beyond the limits of `host` is an error; without `host`, those of all known hosts are warned
    about. Problems of the site are reported, not raised; StorageError where it cannot be read at all.
    """
    findings: list[Finding] = []
    try:
        site = open_site(path)
    except FormatError as error:
        finding = Finding("error", "manifest.json", _sentence(error))
        return CheckReport(str(path), host, 0, 0, 0, (), (finding,))
    with site:
        if isinstance(path, str) and "://" in path:
            entries = site.manifest.entries()
            sizes = {entry.path: entry.size for entry in entries}
        else:
            folder = Path(path)
            if folder.name == "manifest.json":
                folder = folder.parent
            sizes, notes = _survey(folder)
            findings.extend(notes)
            findings.extend(_check_files(site, folder, sizes))
        findings.extend(_check_content(site, damaged=bool(_errors(findings))))
        findings.extend(_check_limits(sizes, host))
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


def _sentence(error: ImageDBError) -> str:
    return f"{error} {error.hint}" if error.hint else str(error)


def _errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == "error"]


def _survey(folder: Path) -> tuple[dict[str, int], list[Finding]]:
    """The size of every file of the site, and notes about what does not belong to it."""
    sizes: dict[str, int] = {}
    notes: list[Finding] = []
    try:
        for top in sorted(folder.iterdir()):
            if top.name not in OWN_NAMES:
                notes.append(Finding("warning", top.name, "This is no part of the site."))
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


def _check_files(site: Site, folder: Path, sizes: dict[str, int]) -> Iterator[Finding]:
    """Missing, damaged and left-over files, and the links of the pages."""
    needed: dict[str, FileEntry | None] = {entry.path: entry for entry in site.manifest.entries()}
    try:
        for row in range(site.count):
            document = site.document(row)
            if "view" in document:
                needed.setdefault(document["view"]["path"])
            if "original" in document:
                needed.setdefault(document["original"])
            thumbnail = site.thumbnail_path(row)
            if thumbnail is not None:
                needed.setdefault(thumbnail)
    except ImageDBError as error:
        yield Finding("error", "", _sentence(error))
        return
    for path, entry in needed.items():
        if path not in sizes:
            yield Finding("error", path, "The file is missing.")
        elif entry is not None and sizes[path] != entry.size:
            yield Finding("error", path, f"It has {sizes[path]:,} bytes, not {entry.size:,}.")
    yield from _check_pages(folder, sizes)
    for path in sorted(sizes):
        if path.split("/")[0] in HASHED_FOLDERS:
            yield from _check_hash(folder, path)
            if path not in needed:
                yield Finding("warning", path, "Nothing refers to this file.")
    total = sum(size for path, size in sizes.items() if path != "manifest.json")
    if total != site.manifest.bytes:
        yield Finding(
            "warning",
            "manifest.json",
            f"It announces {site.manifest.bytes:,} bytes, the files have {total:,}.",
        )


def _check_hash(folder: Path, path: str) -> Iterator[Finding]:
    name = hash_in_name(path)
    with (folder / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if name is None or not digest.startswith(name):
        yield Finding("error", path, "Its content is not the one its name announces.")


def _check_pages(folder: Path, sizes: dict[str, int]) -> Iterator[Finding]:
    for name in MUTABLE:
        # A site built by a checkout without the JavaScript library is complete all the same.
        if name not in sizes and name not in LIBRARY_FILES:
            yield Finding("error", name, "The file is missing.")
    for page in ("index.html", "404.html"):
        if page in sizes:
            text = (folder / page).read_text(encoding="utf-8", errors="replace")
            links = _Links()
            links.feed(text)
            for link in links.found:
                yield from _check_link(page, link, sizes)
            if links.policy is None:
                yield Finding("error", page, "It has no content security policy.")
    for path in sizes:
        if path.startswith("assets/") and path.endswith(".css"):
            text = (folder / path).read_text(encoding="utf-8", errors="replace")
            for link in _CSS_URL.findall(text):
                if not link.startswith(("data:", "#")):
                    yield from _check_link(path, link, sizes)
    if "sw.js" in sizes:
        yield from _check_shell((folder / "sw.js").read_bytes(), sizes)


def _check_link(page: str, link: str, sizes: dict[str, int]) -> Iterator[Finding]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        yield Finding("error", page, f"It loads {link[:200]} from another host.")
        return
    if link.startswith("/"):
        yield Finding("error", page, f"{link[:200]} works at the top of a host only.")
        return
    base = page.split("/")[:-1]
    for part in unquote(parts.path).split("/"):
        if part == "..":
            base = base[:-1]
        elif part not in ("", "."):
            base = [*base, part]
    target = "/".join(base)
    if target not in sizes:
        yield Finding("error", page, f"It refers to {target[:200]}, which is missing.")


def _check_shell(data: bytes, sizes: dict[str, int]) -> Iterator[Finding]:
    match = _SHELL.match(data)
    if match is None:
        yield Finding(
            "error", "sw.js", "It does not begin with the list of the application's files."
        )
        return
    try:
        files = {str(file["path"]): file["bytes"] for file in json.loads(match[1])["files"]}
    except (ValueError, TypeError, KeyError):
        yield Finding("error", "sw.js", "Its list of the application's files is damaged.")
        return
    for path, size in files.items():
        if sizes.get(path) != size:
            yield Finding(
                "error", "sw.js", f"It lists {path[:200]}, which is missing or different."
            )
    for path in sizes:
        if path.startswith("assets/") and path not in files:
            yield Finding("warning", path, "Nothing refers to this file.")


def _check_content(site: Site, *, damaged: bool) -> Iterator[Finding]:
    """What only the reader can tell: whether the parts agree with each other."""
    if damaged:
        return
    try:
        site.verify()
    except ImageDBError as error:
        yield Finding("error", "", _sentence(error))


def _check_limits(sizes: dict[str, int], host: Host | None) -> Iterator[Finding]:
    level: Level = "warning" if host is None else "error"
    total = sum(sizes.values())
    for name, limits in LIMITS.items():
        if host not in (None, name):
            continue
        if limits.site_bytes is not None and total > limits.site_bytes:
            yield Finding(
                level,
                "",
                f"{limits.name} takes {limits.site_bytes:,} bytes, this site has {total:,}.",
            )
        if limits.files is not None and len(sizes) > limits.files:
            yield Finding(
                level,
                "",
                f"{limits.name} takes {limits.files:,} files, this site has {len(sizes):,}.",
            )
        for path, size in sizes.items():
            if size > limits.file_bytes:
                yield Finding(
                    level,
                    path,
                    f"{limits.name} takes {limits.file_bytes:,} bytes a file, this has {size:,}.",
                )


class _Links(HTMLParser):
    """The files a page loads, and its content security policy."""

    _LOADS = frozenset({"stylesheet", "modulepreload", "preload", "icon", "manifest"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.policy: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value or "" for key, value in attrs}
        if tag == "meta" and named.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = named.get("content")
        if tag == "link" and self._LOADS & set(named.get("rel", "").lower().split()):
            self.found.append(named.get("href", ""))
        if "src" in named:
            self.found.append(named["src"])
