"""The outline of a tar file in a bucket: headers and texts at their places, holes instead of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import IO, BinaryIO, cast

from imagedb_site.buckets import Bucket, StoredObject
from imagedb_site.errors import SourceError
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.folder import PICTURE_SUFFIXES
from imagedb_site.sources.tarfiles import members
from imagedb_site.sources.textfile import MOST_CHARACTERS

_BLOCK = 1 << 20


class _Copying:
    """A stream of which everything that is read is also written to its place in a file."""

    def __init__(self, stream: IO[bytes], outline: IO[bytes]) -> None:
        self._stream = stream
        self._outline = outline

    def read(self, size: int) -> bytes:
        at = self._stream.tell()
        data = self._stream.read(size)
        self._outline.seek(at)
        self._outline.write(data)
        return data

    def seek(self, at: int) -> int:
        return self._stream.seek(at)

    def tell(self) -> int:
        return self._stream.tell()


def copy_outline(bucket: Bucket, tar: StoredObject, file: Path) -> None:
    """Write the outline of `tar` to `file`, which then has its size.

    Whatever reads headers and texts of the tar file reads the same in the outline, its damage included. Most
    file systems keep no bytes for the holes. Raises StorageError and OSError.
    """
    with file.open("wb") as outline:
        outline.truncate(tar.size)
        with bucket.opened(tar.path, _BLOCK) as stream:
            copying = cast(BinaryIO, _Copying(stream, outline))
            faults = Faults(tar.path)
            try:
                for member in members(file, copying, faults):
                    back = copying.tell()
                    if not _is_picture(member.name) and member.size <= MOST_CHARACTERS:
                        copying.seek(member.offset)
                        copying.read(member.size)
                    copying.seek(back)
            except SourceError:
                # The reader of the outline meets the same, and reports it.
                return


def _is_picture(name: str) -> bool:
    return f".{name.rpartition('.')[2].lower()}" in PICTURE_SUFFIXES
