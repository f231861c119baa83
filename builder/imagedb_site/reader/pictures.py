"""Picture files of a site, checked by the hash in their names."""

from __future__ import annotations

import hashlib

from imagedb_site.errors import FormatError
from imagedb_site.layout import hash_in_name
from imagedb_site.reader.shape import FILE_LIMIT
from imagedb_site.reader.source import Source


def read_picture(source: Source, path: str) -> bytes:
    """Returns a picture file; raises FormatError if it does not have the hash in its name."""
    data = source.read(path, FILE_LIMIT)
    if hashlib.sha256(data).hexdigest()[:16] != hash_in_name(path):
        raise FormatError(f"{path} is damaged: its SHA-256 is not the one in its name.")
    return data
