"""Messages about a file of a site begin with its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError


@contextmanager
def naming(entry: FileEntry) -> Iterator[None]:
    """Put the file's name before the message of a FormatError raised inside, if it is not there."""
    try:
        yield
    except FormatError as error:
        if entry.path in str(error):
            raise
        raise FormatError(f"{entry.path}: {error}", error.hint) from error
