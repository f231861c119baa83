"""The files of a site: hashed names, file entries, compression, and what is reused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.checksum import sealed
from imagedb_site.container import FileEntry, canonical_json, gzip_bytes, write_container
from imagedb_site.layout import MANIFEST, PORTABLE_MANIFEST
from imagedb_site.portable import needs_script, script_of, script_path
from imagedb_site.site.disk import digest_of, source_errors
from imagedb_site.site.reuse import PreviousSite
from imagedb_site.site.target import Data, Target
from imagedb_site.site.types import Original

# Compression that saves less than a tenth is not worth decoding it in the browser.
_WORTH_GZIP = 0.9

Arrays = Mapping[str, np.ndarray[Any, Any]]


class SiteFiles:
    """Gives the files of one site their names and entries, and puts them into `target`.

    A file that the target already has is not put again, and content that `previous` has in compressed
    form is not compressed again. `count`: files so far; `reused`: those that the target already had;
    `total_bytes`: the size of all of them. Every failure raises StorageError.

    With `portable`, `scripts` has the entry of the script beside each file that needs one, until it is
    taken by the writer.
    """

    def __init__(
        self, target: Target, previous: PreviousSite | None = None, *, portable: bool = False
    ) -> None:
        self._target = target
        self._previous = previous
        self._sizes: dict[str, int] = {}
        self._portable = portable
        self.scripts: list[FileEntry] | None = [] if portable else None
        self.total_bytes = 0
        self.reused = 0

    @property
    def count(self) -> int:
        return len(self._sizes)

    def put(self, path: str, data: Data) -> FileEntry:
        """Store a file under a name that does not change with its content."""
        self._target.put(path, data)
        self._note(path, len(data))
        return FileEntry(path, len(data), len(data), hashlib.sha256(data).hexdigest())

    def put_immutable(self, path: str, data: Data) -> FileEntry:
        """Store a file whose name changes with its content, unless it is there already."""
        return self._put_once(path, data, hashlib.sha256(data).hexdigest())

    def put_hashed(self, folder: str, stem: str, extension: str, data: Data) -> FileEntry:
        """Store `data` as `folder/[stem.]<hash16>.extension`."""
        digest = hashlib.sha256(data).hexdigest()
        name = ".".join(part for part in (stem, digest[:16], extension) if part)
        return self._put_once(f"{folder}/{name}", data, digest)

    def put_entry(
        self,
        folder: str,
        stem: str,
        extension: str,
        data: Data,
        *,
        compress: bool,
        index: bool = False,
    ) -> FileEntry:
        """Store `data`, gzip-compressed if `compress` and if that saves enough.

        `index` marks a file that holds further entries (docs/FORMAT.md 1.2).
        """
        stored = data
        if compress:
            packed = self.compressed(folder, stem, data)
            stored = packed if len(packed) < len(data) * _WORTH_GZIP else data
        entry = self.put_hashed(folder, stem, extension, stored)
        return FileEntry(entry.path, entry.size, len(data), entry.sha256, index)

    def put_container(
        self, kind: str, stem: str, header: Mapping[str, Any], arrays: Arrays, *, compress: bool
    ) -> FileEntry:
        """Store a container of `kind` (docs/FORMAT.md 1.3) under `data/`."""
        data = write_container(kind, header, arrays)
        return self.put_entry("data", stem, "bin", data, compress=compress, index=kind == "index")

    def put_index(self, stem: str, value: object) -> FileEntry:
        """Store a JSON index (docs/FORMAT.md 1.5) under `data/`."""
        return self.put_entry("data", stem, "bin", canonical_json(value), compress=True, index=True)

    def as_it_is(self, source: Path) -> Original:
        """Returns a file with the content that it has now. Raises PictureError if it cannot be read."""
        with source_errors():
            return Original(source, digest_of(source))

    def put_copy(self, folder: str, source: Original, extension: str, *, link: bool) -> str:
        """Store a copy of `source` under its hash; returns its path. `link` may share its storage.

        A copy that was published before is used again without reading `source`. Otherwise raises
        PictureError if it cannot be read or does not have the content that it should have.
        """
        path = f"{folder}/{source.sha256[:16]}.{extension}"
        if path not in self._sizes:
            if not link and self._target.has(path, source.sha256):
                self.reused += 1
            else:
                self._target.put_file(path, source.path, source.sha256, link=link)
            self._note(path, self._target.size(path))
        return path

    def compressed(self, folder: str, stem: str, data: Data) -> Data:
        """Returns `data` gzip-compressed, as the previous site has it if it is the same."""
        found = self._previous and self._previous.find_compressed(folder, stem, data)
        return found or gzip_bytes(data)

    def commit(self, manifest: Mapping[str, Any]) -> None:
        """Store the manifest with its checksum, after every other file."""
        data = sealed(manifest)
        if self._portable:
            self.put(PORTABLE_MANIFEST, script_of(MANIFEST, data))
        self._target.commit(data)
        self._note(MANIFEST, len(data))

    def _put_once(self, path: str, data: Data, digest: str) -> FileEntry:
        if path not in self._sizes:
            if self._target.has(path, digest):
                self.reused += 1
            else:
                self._target.put(path, data)
            self._note(path, len(data))
            self._put_script(path, data)
        return FileEntry(path, len(data), len(data), digest)

    def _put_script(self, path: str, data: Data) -> None:
        if self.scripts is not None and needs_script(path):
            self.scripts.append(self.put_immutable(script_path(path), script_of(path, data)))

    def _note(self, path: str, size: int) -> None:
        self.total_bytes += size - self._sizes.get(path, 0)
        self._sizes[path] = size
