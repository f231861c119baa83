"""Checks the pages of a site and the files that they load."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from imagedb_site.check.report import Finding
from imagedb_site.layout import LIBRARY_FILES, MUTABLE

_SHELL = re.compile(rb"self\.IMAGEDB_SHELL=(\{.*\});\n")
_OWN_SOURCE = re.compile(r"'[^']*'|blob:|data:")
_NO_SOURCES = ("require-trusted-types-for", "trusted-types", "sandbox")
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\"()]+)['\"]?\s*\)")


def check_pages(
    folder: Path, sizes: dict[str, int], origins: Sequence[str] = ()
) -> Iterator[Finding]:
    """What is wrong with the pages, their links and the service worker's list of files.

    `sizes`: the files of the site that the index names and that are there. `origins`: the other hosts
    that the manifest allows for pictures.
    """
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
            else:
                yield from _check_policy(page, links.policy, origins)
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


def _check_policy(page: str, policy: str, origins: Sequence[str]) -> Iterator[Finding]:
    """Other hosts in the policy that the manifest does not name, and the other way round."""
    pictures: set[str] = set()
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        hosts = {source for source in sources if not _OWN_SOURCE.fullmatch(source)}
        if name.lower() == "img-src":
            pictures |= hosts
            hosts -= set(origins)
        if name.lower() in _NO_SOURCES:
            continue
        for host in sorted(hosts):
            yield Finding(
                "error", page, f"Its policy allows {host[:200]}, which the manifest does not."
            )
    if page == "index.html":
        for origin in sorted(set(origins) - pictures):
            yield Finding("error", page, f"Its policy does not allow pictures from {origin}.")


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
            yield Finding("error", "sw.js", f"It does not list {path[:200]}.")


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
