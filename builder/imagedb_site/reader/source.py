"""Where a published site is read from: a folder, or a URL over plain HTTP GET."""

from __future__ import annotations

import errno
import functools
import http.client
import io
import ipaddress
import os
import socket
import ssl
import stat
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from imagedb_site.bucket_addresses import is_bucket
from imagedb_site.errors import FormatError, StorageError, UsageError
from imagedb_site.reader.bucket_source import BucketSource

_TIMEOUT_S = 30.0
_LEAST_RATE = 1000
"""Bytes a second that a host must send on average after the first `_TIMEOUT_S`."""
_CHUNK = 1 << 16
MISSING = frozenset({404, 410})
"""What a host answers if there is no such file."""
# Opening a pipe in place of a file would otherwise never return.
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Source(Protocol):
    """Reads whole files of a site by their path relative to manifest.json."""

    @property
    def name(self) -> str: ...

    def read(self, path: str, limit: int) -> bytes:
        """The file as received. FormatError: missing, or longer than `limit` bytes."""
        ...

    def address(self, path: str) -> str:
        """A URL of the file, for people to open."""
        ...


def open_source(place: str | Path) -> Source:
    """A source for a folder, for an address in a bucket, or for the http(s) URL of a site or its manifest."""
    if isinstance(place, str) and is_bucket(place):
        return BucketSource(place)
    if isinstance(place, str) and "://" in place:
        return UrlSource(place)
    return FolderSource(Path(place))


class FolderSource:
    """A site in a folder. Links that lead out of it are not followed."""

    def __init__(self, root: Path) -> None:
        if root.name == "manifest.json":
            root = root.parent
        if not root.is_dir():
            raise StorageError(f"{root} is not a folder.")
        self._root = root.resolve()
        self._shown = root
        self._inside: set[str] = set()

    @property
    def name(self) -> str:
        return str(self._shown)

    def address(self, path: str) -> str:
        return (self._root / path).as_uri()

    def read(self, path: str, limit: int) -> bytes:
        target = f"{self._root}{os.sep}{path}"
        try:
            descriptor = self._open(target, path)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise FormatError(f"{path} is not a file.")
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                data = _read_up_to(file, limit + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FormatError(f"{path} is missing.") from error
        except (OSError, ValueError) as error:
            raise StorageError(f"Cannot read {target}: {error}.") from error
        return _limited(data, path, limit)

    def _open(self, target: str, path: str) -> int:
        """Open a file below the root, following links only as far as they stay there."""
        parent = os.path.dirname(target)  # noqa: PTH120
        if parent not in self._inside:
            self._check_inside(parent, path)
            self._inside.add(parent)
        try:
            return os.open(target, _OPEN | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        self._check_inside(target, path)
        return os.open(target, _OPEN)

    def _check_inside(self, target: str, path: str) -> None:
        if not Path(target).resolve().is_relative_to(self._root):
            raise FormatError(f"{path} lies outside the site.")


class UrlSource:
    """A site at a URL. Files come without compression asked for, though a host may still apply it."""

    def __init__(self, url: str) -> None:
        parts = _web_address(url)
        path = parts.path
        last = path.rpartition("/")[2]
        if last and "." not in last:
            path += "/"
        self._base = parts._replace(path=path or "/", query="", fragment="").geturl()

    @property
    def name(self) -> str:
        return self._base

    def address(self, path: str) -> str:
        return urljoin(self._base, quote(path))

    def read(self, path: str, limit: int) -> bytes:
        return fetch(urljoin(self._base, quote(path)), limit)


def fetch(url: str, limit: int) -> bytes:
    """The content at an http(s) address, of at most `limit` bytes.

    Raises UsageError for another kind of address, FormatError if nothing is there or it is longer,
    StorageError if the connection fails, the host hardly sends anything, or it redirects to an address of
    this machine or its network that the URL itself is not on.
    """
    try:
        with answer_of(url) as answer:
            data = b"".join(answer.parts(limit))
    except urllib.error.HTTPError as error:
        with error:
            if error.code in MISSING:
                raise FormatError(f"{url} is missing.") from error
            raise StorageError(f"{url} answers {error.code} {error.reason}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise StorageError(
            f"Cannot read {url}: {reason}.", "Check the address and the connection."
        ) from error
    return _limited(data, url, limit)


class Answer:
    """An answer that has begun."""

    def __init__(self, response: http.client.HTTPResponse | urllib.error.HTTPError) -> None:
        self._response = response
        self.encoding: str = response.headers.get("Content-Encoding", "").lower()
        """How the host says that it encoded the body on the way; empty if it did not."""

    def parts(self, limit: int) -> Iterator[bytes]:
        """The body, up to a part with which it is longer than `limit` bytes.

        Raises TimeoutError if the host hardly sends anything, OSError and HTTPException if it breaks off.
        """
        size = 0
        begun = time.monotonic()
        while size <= limit and (part := self._response.read1(min(_CHUNK, limit + 1 - size))):
            size += len(part)
            yield part
            if time.monotonic() - begun > _TIMEOUT_S + size / _LEAST_RATE:
                raise TimeoutError("the host sends too slowly")
        announced = self._response.headers.get("Content-Length", "")
        if size <= limit and announced.isdecimal() and int(announced) != size:
            raise http.client.IncompleteRead(b"", int(announced) - size)


@contextmanager
def answer_of(url: str, *, also_missing: bool = False) -> Iterator[Answer]:
    """The answer to a GET of an http(s) address, for which no compression is asked.

    Raises UsageError for another kind of address, OSError and HTTPException if the connection fails, and
    HTTPError for an answer that is not a success; with `also_missing`, the page that comes with "not found"
    is an answer, too.
    """
    _web_address(url)
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url, headers={"User-Agent": "imagedb-site", "Accept-Encoding": "identity"}
    )
    watched = _Watched(_TIMEOUT_S)
    opener = urllib.request.build_opener(_WebRedirects(), *watched.handlers())
    response: http.client.HTTPResponse | urllib.error.HTTPError
    try:
        with watched:
            try:
                response = opener.open(request, timeout=_TIMEOUT_S)
            except urllib.error.HTTPError as error:
                if not also_missing or error.code not in MISSING:
                    raise
                response = error
            with response:
                watched.answered()
                yield Answer(response)
    except (OSError, http.client.HTTPException) as error:
        if watched.gave_up:
            raise TimeoutError("the host does not answer") from error
        raise


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Made once: it reads all certificates of the system."""
    return ssl.create_default_context()


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    """Made once: an opener reads all certificates of the system."""
    return urllib.request.build_opener(_WebRedirects())


def _web_address(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"{url} is not an http or https address.")
    return parts


class _Watched:
    """Closes connections on which no answer has begun in time, also if single bytes keep arriving."""

    def __init__(self, seconds: float) -> None:
        self.gave_up = False
        self._connections: list[http.client.HTTPConnection] = []
        self._timer = threading.Timer(seconds, self._give_up)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def answered(self) -> None:
        """An answer has begun; the rate of what follows is measured by its reader.

        Raises TimeoutError if the connection was closed: what had arrived by then may look like an answer.
        """
        self._timer.cancel()
        if self.gave_up:
            raise TimeoutError

    def handlers(self) -> list[urllib.request.BaseHandler]:
        """Handlers of http and https whose connections are watched."""
        watch = self._watch

        class Http(urllib.request.HTTPHandler):
            def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
                return self.do_open(partial(watch, http.client.HTTPConnection), req)

        class Https(urllib.request.HTTPSHandler):
            def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
                https = partial(http.client.HTTPSConnection, context=_certificates())
                return self.do_open(partial(watch, https), req)

        return [Http(), Https(context=_certificates())]

    def _watch(
        self, make: Callable[..., http.client.HTTPConnection], *given: Any, **named: Any
    ) -> http.client.HTTPConnection:
        connection = make(*given, **named)
        self._connections.append(connection)
        return connection

    def _give_up(self) -> None:
        self.gave_up = True
        for connection in self._connections:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and from the internet to the internet only.

    A site can thus point neither at local files nor at services of the network that this machine is in.
    """

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.URLError(f"redirected to {newurl}")
        if _is_private(newurl) and not _is_private(req.full_url):
            raise urllib.error.URLError(f"redirected to {newurl}, which is not on the internet")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_private(url: str) -> bool:
    """Whether a host is this machine or in its network; False if its address is not known."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
        addresses = [
            ipaddress.ip_address(str(address[4][0]).partition("%")[0]) for address in found
        ]
    except (OSError, ValueError):
        return False
    return any(not address.is_global for address in addresses)


def _read_up_to(file: io.FileIO, most: int) -> bytes:
    """At most `most` bytes, without reserving memory for more than the file has."""
    parts: list[bytes] = []
    left = min(most, os.fstat(file.fileno()).st_size)
    while left and (part := file.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _limited(data: bytes, path: str, limit: int) -> bytes:
    if len(data) > limit:
        raise FormatError(f"{path} is longer than the {limit:,} bytes that were announced.")
    return data
