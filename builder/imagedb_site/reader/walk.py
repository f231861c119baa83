"""Finding every file of a site but its pictures, without knowing the keys (docs/FORMAT.md 1.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imagedb_site.container import MAGIC, FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.lists import decode_node
from imagedb_site.reader.shape import as_entry, parse_json

_DEEPEST = 12
_INDEX_LIMIT = 64 << 20
"""The most bytes that an index may have; a node of 4,096 files has 200 kB."""
_KEYS = ("path", "bytes", "raw_bytes", "sha256")


def walk(manifest: object, read: Callable[[FileEntry], bytes]) -> Iterator[FileEntry]:
    """Every file entry, each path once: those in the manifest, then those inside each index.

    `read` gives the decoded content of an index. Raises FormatError for an entry that is not valid.
    """
    seen: set[str] = set()
    yield from _walk(_entries_in(manifest, "manifest.json"), read, seen, 0)


def _walk(
    entries: Iterator[FileEntry], read: Callable[[FileEntry], bytes], seen: set[str], depth: int
) -> Iterator[FileEntry]:
    for entry in entries:
        if entry.path in seen:
            continue
        seen.add(entry.path)
        yield entry
        if entry.index:
            if depth == _DEEPEST:
                raise FormatError(f"{entry.path} is an index too far below the manifest.")
            if entry.raw_size > _INDEX_LIMIT:
                raise FormatError(f"{entry.path} is too large for an index.")
            yield from _walk(_entries_of(read(entry), entry.path), read, seen, depth + 1)


def _entries_of(data: bytes, path: str) -> Iterator[FileEntry]:
    if data[:4] == MAGIC:
        yield from decode_node(data).entries
    else:
        yield from _entries_in(parse_json(data, path), path)


def _entries_in(value: object, where: str) -> Iterator[FileEntry]:
    """The file entries anywhere in a JSON value."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if all(key in value for key in _KEYS):
                yield as_entry(value, f"A file entry in {where}")
            else:
                waiting.extend(value.values())
