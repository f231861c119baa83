"""The files of a published site, downloaded a few at a time and compared with what the site names."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from imagedb_site.check.fetch import fetch_to, no_room
from imagedb_site.check.files import Examined, HostGoneError, Wanted, digest_of
from imagedb_site.check.report import Finding
from imagedb_site.container import gunzip_if, gzip_bytes
from imagedb_site.errors import FormatError, StorageError
from imagedb_site.layout import MANIFEST
from imagedb_site.reader.shape import FILE_LIMIT
from imagedb_site.reader.source import Source, UrlSource
from imagedb_site.temporary import TemporaryFolder

_PARALLEL = 8
_AHEAD = 32
_MOST_FAILURES = 20
"""How many files in a row may fail before the host is given up."""
_SLACK = 1 << 16
"""By how many bytes a host's own compression may lengthen a file."""
_PICTURES = ("thumbs/", "views/", "originals/")
_TEXTS = (".html", ".js", ".css", ".txt")


class UrlFiles:
    """The files of a site at an address. What is not a picture stays in a temporary folder until `close`.

    It is also the source that the reader reads from, so that no file is fetched twice.
    """

    # An empty file. Hosts do not show names that begin with a dot, and visitors do not need this one.
    hidden = frozenset({".nojekyll"})

    def __init__(self, url: str) -> None:
        self._site = self._open(url)
        self._failures = 0
        self._decoded = 0
        self._unlike: list[str] = []
        self._lock = threading.Lock()
        try:
            self._temporary = TemporaryFolder("imagedb-check-")
        except OSError as error:
            raise no_room(error) from error
        self._workers = ThreadPoolExecutor(_PARALLEL)
        self.folder = Path(self._temporary.name) / "site"
        self.source: Source = self

    def _open(self, url: str) -> Source:
        return UrlSource(url)

    def _fetch(self, path: str, file: Path, limit: int) -> bool:
        """Fetches a file of at most `limit` bytes; returns whether it was compressed on the way."""
        return fetch_to(self.address(path), file, limit)

    # -- the reader's source ---------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._site.name

    def address(self, path: str) -> str:
        return self._site.address(path)

    def read(self, path: str, limit: int) -> bytes:
        if path in self.hidden:
            return b""
        file = self.folder / path
        if not file.exists():
            try:
                encoded = self._download(path, file, limit + _SLACK)
            except FormatError as error:
                raise FormatError(f"{self.address(path)}: {error}") from error
            except StorageError as error:
                raise StorageError(f"{self.address(path)}: {error}", error.hint) from error
            # What the writer compressed has the hash of these bytes in its name.
            if encoded and not Wanted(path).is_met_by(*_size_and_digest(file)):
                _decode(file, limit)
        data = file.read_bytes()
        if len(data) > limit:
            raise FormatError(f"{path} is longer than the {limit:,} bytes that were announced.")
        return data

    # -- what the check asks ---------------------------------------------------------------------

    def examine(self, wanted: Iterable[Wanted]) -> Iterator[Examined]:
        running: deque[Future[Examined]] = deque()
        waiting = iter(wanted)
        try:
            while True:
                while len(running) < _AHEAD and (one := next(waiting, None)) is not None:
                    running.append(self._workers.submit(self._examine, one))
                if not running:
                    return
                examined = running.popleft().result()
                yield examined
                if examined.file is not None and examined.path.startswith(_PICTURES):
                    examined.file.unlink(missing_ok=True)
        finally:
            for future in running:
                future.cancel()

    def sizes(self) -> None:
        return None

    def notes(self) -> list[Finding]:
        if not self._decoded:
            return []
        message = f"The host decodes compressed files ({self._decoded:,} so far)"
        if len(self._unlike) == self._decoded:
            message += ": they cannot be compared by their hashes on this machine."
            return [Finding("warning", "", message)]
        return [
            Finding(
                "warning", "", f"{message}; compressed again, they are compared by their hashes."
            ),
            *(
                Finding(
                    "error", path, "Its content is not the one that the site's index announces."
                )
                for path in self._unlike
            ),
        ]

    def close(self) -> None:
        self._workers.shutdown(cancel_futures=True)
        self._temporary.cleanup()

    # -- one file --------------------------------------------------------------------------------

    def _examine(self, wanted: Wanted) -> Examined:
        file = self.folder / wanted.path
        entry = wanted.entry
        limit = FILE_LIMIT if entry is None else max(entry.size, entry.raw_size) + _SLACK
        try:
            encoded = not file.exists() and self._download(wanted.path, file, limit)
            size, digest = _size_and_digest(file)
            met = wanted.is_met_by(size, digest)
            if encoded and not met and _decode(file, limit):
                size, digest = _size_and_digest(file)
                met = wanted.is_met_by(size, digest)
            if not met and entry is not None and self._is_decoded(wanted, file):
                met, size = True, entry.size
        except HostGoneError:
            raise
        except (FormatError, StorageError) as error:
            return Examined(wanted.path, 0, str(error), None)
        except OSError as error:
            raise no_room(error) from error
        return Examined(wanted.path, size, "" if met else _difference(wanted, file, size), file)

    def _is_decoded(self, wanted: Wanted, file: Path) -> bool:
        """Whether the file has the length of the content of the one that is named: some hosts decompress.

        Compressed again it should be the published file. If that is true of none, this machine compresses
        in another way than the one of the build, and the reader's checks of the content must do.
        """
        entry = wanted.entry
        if entry is None or entry.size == entry.raw_size or file.stat().st_size != entry.raw_size:
            return False
        packed = gzip_bytes(file.read_bytes())
        same = wanted.is_met_by(len(packed), hashlib.sha256(packed).hexdigest())
        with self._lock:
            self._decoded += 1
            if not same:
                self._unlike.append(wanted.path)
        return True

    def _download(self, path: str, file: Path, limit: int) -> bool:
        try:
            encoded = self._fetch(path, file, limit)
        except StorageError as error:
            with self._lock:
                self._failures += 1
                gone = self._failures >= _MOST_FAILURES
            if gone or path == MANIFEST:
                raise HostGoneError(
                    f"{self.address(path)}: {error}", "Check the address and the connection."
                ) from error
            raise
        with self._lock:
            self._failures = 0
        return encoded


def _size_and_digest(file: Path) -> tuple[int, str]:
    return file.stat().st_size, digest_of(file)


def _decode(file: Path, limit: int) -> bool:
    """Undo the compression that a host applied on the way; False if there is none."""
    data = file.read_bytes()
    with contextlib.suppress(FormatError):
        content = gunzip_if(data, limit)
        file.write_bytes(content)
        return content != data
    return False


def _difference(wanted: Wanted, file: Path, size: int) -> str:
    with file.open("rb") as stream:
        begin = stream.read(200).lstrip().lower()
    if begin.startswith((b"<!doctype html", b"<html")) and not wanted.path.endswith(".html"):
        return "The host sends a web page in its place: the file is probably missing."
    text = wanted.difference(size)
    if wanted.path.endswith(_TEXTS):
        text += (
            " If the published folder is whole, the host rewrites it: turn off minification, the protection"
            " of e-mail addresses, and scripts that the host adds."
        )
    return text
