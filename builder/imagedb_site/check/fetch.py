"""One file over HTTP into a file on the disk, with a few tries."""

from __future__ import annotations

import http.client
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagedb_site.errors import FormatError, StorageError
from imagedb_site.layout import PAGES
from imagedb_site.reader.source import MISSING, Answer, answer_of

_TRIES = 3
_PAUSE_S = 0.5
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504, 522, 524})


def fetch_to(url: str, file: Path, limit: int) -> bool:
    """Fetch `url`, at most `limit` bytes, into `file`, which exists only once it is whole.

    Returns whether the host says that it compressed the file on the way. Raises FormatError if it is
    missing or too long, StorageError if the connection fails or `file` cannot be written.
    """
    for attempt in range(_TRIES):
        try:
            return _fetch(url, file, limit)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in MISSING:
                    raise FormatError("The file is missing.") from error
                if error.code not in _TEMPORARY or attempt + 1 == _TRIES:
                    raise StorageError(f"The host answers {error.code} {error.reason}.") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt + 1 == _TRIES:
                reason = getattr(error, "reason", error)
                raise StorageError(f"It cannot be read: {reason}.") from error
        time.sleep(_PAUSE_S * 4**attempt)
    raise AssertionError("the last try returns or raises")


def _fetch(url: str, file: Path, limit: int) -> bool:
    # Hosts may send the page for addresses that do not exist as what it is.
    with answer_of(url, also_missing=url.endswith(f"/{PAGES[1]}")) as answer:
        _save(answer, file, limit)
        return "gzip" in answer.encoding


def _save(answer: Answer, file: Path, limit: int) -> None:
    part = file.with_name(f"{file.name}.part")
    size = 0
    with _disk():
        part.parent.mkdir(parents=True, exist_ok=True)
        stream = part.open("wb")
    try:
        with stream:
            for chunk in answer.parts(limit):
                size += len(chunk)
                with _disk():
                    stream.write(chunk)
        if size > limit:
            raise FormatError(f"It is longer than the {limit:,} bytes that were announced.")
        with _disk():
            part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _disk() -> Iterator[None]:
    """Tells a disk that fails from a connection that does."""
    try:
        yield
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> StorageError:
    """What to say if the temporary folder cannot be used."""
    return StorageError(
        f"Cannot write to the temporary folder: {error.strerror or error}.",
        "Set TMPDIR to a folder with room for the site.",
    )
