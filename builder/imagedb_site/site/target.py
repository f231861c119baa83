"""Where a site is published to: today a folder.

The writers of the site only know `Target`. A target for a bucket needs these methods and no change
in the writers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from imagedb_site.errors import StorageError
from imagedb_site.layout import MANIFEST
from imagedb_site.site.disk import copy_of, digest_of, hard_link, link_of, storage_errors

Data = bytes | memoryview


class Target(Protocol):
    """A place for the files of one site. Paths are relative and use `/`; failures raise StorageError.

    Visitors see nothing of the new site before `commit`.
    """

    def has(self, path: str, sha256: str) -> bool:
        """Whether `path` is published already with just this content.

        If so, it becomes part of the new site and does not have to be put.
        """
        ...

    def put(self, path: str, data: Data) -> None:
        """Store a file of the new site."""
        ...

    def put_file(self, path: str, source: Path, sha256: str, *, link: bool) -> None:
        """Store a copy of `source`. With `link` the target may share its storage with `source`.

        Raises PictureError if `source` cannot be read, or has not the content with this digest any more.
        """
        ...

    def size(self, path: str) -> int:
        """Returns the number of bytes of a file of the new site."""
        ...

    def commit(self, manifest: bytes) -> None:
        """Complete the new site: store its manifest, after everything that it names."""
        ...


class FolderTarget:
    """Writes a site into `root`, an empty or a new folder.

    `previous` is the folder of the site published before: files that it already has become hard links.
    The folder is a complete site once it has a manifest. `publish` lets it be verified and then swaps
    it into the place of the previous site.
    """

    def __init__(self, root: Path, previous: Path | None = None) -> None:
        self.root = root
        self._previous = previous
        self._made: set[Path] = set()
        with storage_errors(root):
            root.mkdir(parents=True, exist_ok=True)
            if any(root.iterdir()):
                raise StorageError(f"{root} is not empty.", "A site is written into a new folder.")

    def has(self, path: str, sha256: str) -> bool:
        if self._previous is None:
            return False
        earlier = self._previous / path
        try:
            if earlier.is_symlink() or not earlier.is_file() or digest_of(earlier) != sha256:
                return False
        except OSError:
            return False
        return hard_link(earlier, self._place(path))

    def put(self, path: str, data: Data) -> None:
        target = self._place(path)
        with storage_errors(target):
            target.write_bytes(data)

    def put_file(self, path: str, source: Path, sha256: str, *, link: bool) -> None:
        target = self._place(path)
        if not (link and link_of(source, target, sha256)):
            copy_of(source, target, sha256)

    def size(self, path: str) -> int:
        with storage_errors(self.root / path, "read"):
            return (self.root / path).stat().st_size

    def commit(self, manifest: bytes) -> None:
        self.put(MANIFEST, manifest)

    def _place(self, path: str) -> Path:
        """The file for `path`, in a folder that exists."""
        target = self.root / path
        if target.parent not in self._made:
            with storage_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        return target
