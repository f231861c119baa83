"""The bytes of a picture: a file, or a part of one."""

from __future__ import annotations

import hashlib
import os
from io import BufferedReader
from pathlib import Path

from imagedb_site.records import PictureRef

_CHUNK = 1 << 20


def read_picture(picture: PictureRef | Path, most: int) -> bytes:
    """Returns the bytes of a picture or a whole file, at most `most` of them. Raises `OSError`."""
    if isinstance(picture, Path):
        picture = PictureRef(picture, 0, 0)
    with picture.path.open("rb") as file:
        file.seek(picture.offset)
        return file.read(most if picture.length is None else min(most, picture.length))


def digest_picture(picture: PictureRef) -> str:
    """Returns the SHA-256 (hex) of the picture's bytes. Raises `OSError`."""
    with picture.path.open("rb") as file:
        return _digest(file, picture)


def digest_if_unchanged(picture: PictureRef) -> str | None:
    """The same, but None if the file cannot be read or is not the one any more that was listed."""
    try:
        with picture.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_mtime_ns, status.st_size) != (picture.mtime_ns, picture.size):
                return None
            return _digest(file, picture)
    except OSError:
        return None


def _digest(file: BufferedReader, picture: PictureRef) -> str:
    if picture.length is None:
        return hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(picture.offset)
    digest, left = hashlib.sha256(), picture.length
    while left and (data := file.read(min(left, _CHUNK))):
        digest.update(data)
        left -= len(data)
    return digest.hexdigest()
