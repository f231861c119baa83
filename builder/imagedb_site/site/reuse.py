"""Finds files of the previously published site that already hold what is about to be written."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imagedb_site.container import MAGIC, gunzip_if, read_container
from imagedb_site.errors import FormatError
from imagedb_site.layout import MANIFEST

# An index file larger than this is not walked: its files are then written again.
_INDEX_LIMIT = 64 << 20
_DEEPEST = 8


@dataclass(frozen=True)
class _Stored:
    """A file entry of the previous site, with the SHA-256 of the stored file as bytes."""

    path: str
    size: int
    raw_size: int
    sha256: bytes
    index: bool = False


class PreviousSite:
    """The file entries of an earlier site. Compressing is far slower than reading what is there.

    Entries are found by walking the manifest, lists and indexes (docs/FORMAT.md 1.5), about 200 bytes
    of memory each. Whatever is found is compared with what is wanted: a damaged or forged file is
    never used.
    """

    def __init__(self, root: Path) -> None:
        self._prefix = f"{root}{os.sep}"
        self._by_size: dict[tuple[str, int], list[_Stored]] = {}
        self._by_content: dict[bytes, _Stored] = {}
        try:
            manifest = json.loads((root / MANIFEST).read_bytes())
        except (OSError, ValueError, RecursionError):
            return
        for entry in self._walk(_entries_in(manifest), 0):
            self._by_size.setdefault((_kind(entry.path), entry.raw_size), []).append(entry)

    def find_compressed(self, folder: str, stem: str, data: bytes | memoryview) -> bytes | None:
        """Returns the stored bytes of a file `folder/stem.….bin` that decodes to `data`, or None."""
        for candidate in self._by_size.pop((f"{folder}/{stem}", len(data)), ()):
            self._note_content(candidate)
        entry = self._by_content.get(hashlib.sha256(data).digest())
        stored = None if entry is None else self._read(entry)
        # The file may have changed since its content was noted.
        if stored is None or entry is None or hashlib.sha256(stored).digest() != entry.sha256:
            return None
        return stored

    def _walk(self, entries: Iterator[_Stored], depth: int) -> Iterator[_Stored]:
        """The entries, and those inside every index file among them."""
        for entry in entries:
            yield entry
            if entry.index and entry.raw_size <= _INDEX_LIMIT and depth < _DEEPEST:
                raw = self._decoded(entry)
                if raw is not None:
                    yield from self._walk(_entries_of(raw), depth + 1)

    def _note_content(self, entry: _Stored) -> None:
        """Remember what the file of an entry decodes to, if the file is what the entry says."""
        raw = self._decoded(entry)
        if raw is not None:
            self._by_content[hashlib.sha256(raw).digest()] = entry

    def _decoded(self, entry: _Stored) -> bytes | None:
        stored = self._read(entry)
        if stored is None or hashlib.sha256(stored).digest() != entry.sha256:
            return None
        try:
            return gunzip_if(stored, entry.raw_size)
        except FormatError:
            return None

    def _read(self, entry: _Stored) -> bytes | None:
        file = f"{self._prefix}{entry.path}"
        try:
            status = os.lstat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
                return None
            with open(file, "rb", buffering=0) as stored:  # noqa: PTH123 - thousands of them
                return stored.read()
        except OSError:
            return None


def _kind(path: str) -> str:
    """`data/rows` of `data/rows.0123456789abcdef.bin`."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}"


def _entries_of(raw: bytes) -> Iterator[_Stored]:
    """The entries in an index file: a node of a list or a JSON index. Nothing if it is damaged."""
    try:
        if raw[:4] == MAGIC:
            yield from _entries_of_node(raw)
        else:
            yield from _entries_in(json.loads(raw))
    except (FormatError, ValueError, KeyError, TypeError, RecursionError):
        return


def _entries_of_node(raw: bytes) -> Iterator[_Stored]:
    header, arrays = read_container(raw, "index")
    digests = arrays["sha256"].tobytes()
    sizes = zip(arrays["bytes"].tolist(), arrays["raw_bytes"].tolist(), strict=True)
    for at, (size, raw_size) in enumerate(sizes):
        digest = digests[32 * at : 32 * at + 32]
        path = f"{header['prefix']}{digest.hex()[:16]}{header['suffix']}"
        if _is_inside(path):
            yield _Stored(path, size, raw_size, digest, header["level"] > 0)


def _entries_in(value: object) -> Iterator[_Stored]:
    """Every well-formed file entry anywhere in a JSON value, which may be of another version."""
    if isinstance(value, list):
        for item in value:
            yield from _entries_in(item)
    elif isinstance(value, dict):
        path, size, raw_size, digest = (
            value.get(key) for key in ("path", "bytes", "raw_bytes", "sha256")
        )
        if (
            isinstance(path, str)
            and isinstance(size, int)
            and isinstance(raw_size, int)
            and isinstance(digest, str)
        ):
            if _is_inside(path):
                yield _Stored(path, size, raw_size, _from_hex(digest), value.get("index") is True)
        else:
            for item in value.values():
                yield from _entries_in(item)


def _is_inside(path: str) -> bool:
    return ".." not in path.split("/") and not path.startswith("/") and "\\" not in path


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
