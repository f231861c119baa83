"""Finds files of the site published before that already hold what is about to be written."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imagedb_site.container import gunzip_if
from imagedb_site.errors import FormatError


class PreviousSite:
    """The file entries of an earlier site. Compressing is far slower than reading back what is there.

    Everything found is compared with what is wanted: a damaged or a forged file is never carried on.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}{os.sep}"
        self._by_size: dict[tuple[str, int], list[dict[str, Any]]] = {}
        self._by_content: dict[str, dict[str, Any]] = {}
        try:
            manifest = json.loads((root / "manifest.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return
        for entry in _entries(manifest):
            key = (_kind(entry["path"]), entry["raw_bytes"])
            self._by_size.setdefault(key, []).append(entry)

    def holds(self, path: str, data: bytes) -> bool:
        """Whether the file at `path` is a plain file with just these bytes."""
        return self._read(path, len(data)) == data

    def find_compressed(self, folder: str, stem: str, data: bytes) -> bytes | None:
        """The stored bytes of an entry of the same kind that decode to `data`."""
        key = (f"{folder}/{stem}", len(data))
        if key in self._by_size:
            for candidate in self._by_size.pop(key):
                self._index(candidate)
        entry = self._by_content.get(hashlib.sha256(data).hexdigest())
        return None if entry is None else self._read(entry["path"], entry["bytes"])

    def _index(self, entry: dict[str, Any]) -> None:
        """Note what an entry's file decodes to, if it is what the entry says."""
        stored = self._read(entry["path"], entry["bytes"])
        if stored is None or hashlib.sha256(stored).hexdigest() != entry["sha256"]:
            return
        try:
            raw = gunzip_if(stored, entry["raw_bytes"])
        except FormatError:
            return
        self._by_content[hashlib.sha256(raw).hexdigest()] = entry

    def _read(self, path: str, size: int) -> bytes | None:
        file = f"{self._prefix}{path}"
        try:
            status = os.lstat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                return None
            with open(file, "rb", buffering=0) as stored:  # noqa: PTH123 - thousands of them
                return stored.read()
        except OSError:
            return None


def _kind(path: str) -> str:
    """`data/rows` of `data/rows.0123456789abcdef.bin`."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}"


def _entries(value: object) -> Iterator[dict[str, Any]]:
    """Every well-formed file entry anywhere in a manifest that may be of another version."""
    if isinstance(value, list):
        for item in value:
            yield from _entries(item)
    elif isinstance(value, dict):
        path, size, raw_size = (value.get(key) for key in ("path", "bytes", "raw_bytes"))
        if isinstance(path, str) and isinstance(size, int) and isinstance(raw_size, int):
            if ".." not in path.split("/") and not path.startswith("/") and "sha256" in value:
                yield value
        else:
            for item in value.values():
                yield from _entries(item)
