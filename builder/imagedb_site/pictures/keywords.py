"""Keywords: flat ones, and the paths of programs that order them in a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from xml.parsers import expat

from imagedb_site.pictures.texts import fold, one_line

SEPARATOR = "|"
"""What stands between the parts of a path in the field `keywords`."""

PATH_SOURCES = {
    "XMP lr:hierarchicalSubject": "|",
    "XMP digiKam:TagsList": "/",
    "XMP MicrosoftPhoto:LastKeywordXMP": "/",
    "XMP mediapro:CatalogSets": "|",
    "XMP acdsee:categories": "",
}
"""Where paths stand, and what separates their parts there; ACDSee writes a tree in XML."""

FLAT_SOURCES = ("XMP dc:subject", "IPTC Keywords", "EXIF XPKeywords", "PNG Keywords")
_INTERNAL = ("_digikam_internal_tags_", "darktable")
"""Roots of the tags that programs keep for themselves."""
_MAX_TAGS = 200
_MAX_PART = 100
_MAX_DEPTH = 20
_MAX_XML = 64 << 10


def read_keywords(found: Mapping[str, list[object]]) -> list[str]:
    """Returns the keywords of a file: paths first, then flat ones.

    A path that is the beginning of another one is left out, and so is a flat keyword that is a part of a
    path: Lightroom repeats all of them, and a filter on a part finds the path.
    """
    paths: dict[tuple[str, ...], tuple[str, ...]] = {}
    own: set[str] = set()
    for name, separator in PATH_SOURCES.items():
        values = [*found.get(name, ())][: 5 * _MAX_TAGS]
        for value in values if separator else [p for v in values for p in _tree(str(v))]:
            path = _path(value.split(separator) if isinstance(value, str) else value)
            if path and path[0].casefold() in _INTERNAL:
                own |= {fold(part) for part in path}
            elif path:
                paths.setdefault(_key(path), path)
    parts = {part for key in paths for part in key}
    for value in _flat(found):
        path = _path(value.split(SEPARATOR))
        same = _key(path)
        if not path or fold(path[-1]) in own or _key(_path(value.split("/"))) in paths:
            continue
        if len(path) > 1 or same[0] not in parts:
            paths.setdefault(same, path)
    starts = {key[:n] for key in paths for n in range(1, len(key))}
    kept = [path for key, path in paths.items() if key not in starts]
    kept.sort(key=lambda path: len(path) == 1)
    return [SEPARATOR.join(path) for path in kept[:_MAX_TAGS]]


def _flat(found: Mapping[str, list[object]]) -> Iterable[str]:
    for name in FLAT_SOURCES:
        for value in found.get(name, ())[: 5 * _MAX_TAGS]:
            text = one_line(value, 10_000)
            # Windows and PNG writers put all keywords into one text.
            one_text = name.startswith(("EXIF", "PNG"))
            yield from (
                re.split(r"[;,]" if name.startswith("PNG") else ";", text) if one_text else [text]
            )


def _path(parts: Iterable[str]) -> tuple[str, ...]:
    cleaned = (one_line(part, _MAX_PART).replace(SEPARATOR, "/") for part in parts)
    return tuple(part for part in cleaned if part)[:_MAX_DEPTH]


def _key(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(part) for part in path)


def _tree(text: str) -> list[list[str]]:
    """Returns the assigned paths in ACDSee's `<Categories><Category Assigned="1">…`."""
    paths: list[list[str]] = []
    stack: list[list[str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "Category" and len(stack) < _MAX_DEPTH and len(paths) < _MAX_TAGS:
            stack.append(["", attributes.get("Assigned", "1")])

    def data(text: str) -> None:
        if stack and len(stack[-1][0]) < _MAX_PART:
            stack[-1][0] += text

    def end(name: str) -> None:
        if name == "Category" and stack:
            if stack[-1][1] == "1":
                paths.append([part for part, _ in stack])
            stack.pop()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = data
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = lambda *_: stop()
    with suppress(expat.ExpatError, ValueError):
        parser.Parse(text[:_MAX_XML], True)
    return paths


def stop() -> None:
    """Ends the reading at a document type declaration."""
    raise ValueError
