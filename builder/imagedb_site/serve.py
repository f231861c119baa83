"""A local HTTP server for a published site: right types, byte ranges, revalidation, no surprises."""

from __future__ import annotations

import hashlib
import http.server
import io
import ipaddress
import os
import re
import socket
import socketserver
import stat
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

from imagedb_site.errors import StorageError, UsageError
from imagedb_site.reader import open_site

DEFAULT_PORT = 8000
_PORTS_TRIED = 100
_CHUNK = 1 << 18
_IDLE_S = 60

TYPES = {
    ".avif": "image/avif",
    ".bin": "application/octet-stream",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

# A hash16 before the extension (docs/FORMAT.md 1), or anything the bundler put under assets/.
_HASHED = re.compile(r"(?:^assets/.|(?:^|[/.])[0-9a-f]{16}\.[a-z0-9]+$)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def serve(
    path: str | Path,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    mount: str = "/",
    ready: Callable[[str], None] = lambda url: None,
    log: Callable[[str], None] = lambda line: None,
) -> None:
    """Serve the site in the folder `path` until interrupted.

    Without `port` the first free one from 8000 on is taken. `mount` puts the site below a path, as
    `/repo/` on GitHub Pages. `ready` is called with the address, `log` with a line for each request.
    Raises FormatError where the folder is no site, StorageError where the port cannot be had,
    KeyboardInterrupt at the end.
    """
    with SiteServer(path, host, port, mount=mount, log=log) as server:
        ready(server.url)
        server.serve_forever()


class SiteServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The server behind `serve`; listens as soon as it is made, answers in `serve_forever`."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"

    def __init__(
        self,
        path: str | Path,
        host: str = "127.0.0.1",
        port: int | None = None,
        *,
        mount: str = "/",
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.root = Path(path)
        open_site(self.root).close()
        self.mount = _mount(mount)
        self.log = log
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = host
        first = DEFAULT_PORT if port is None else port
        ports = range(first, first + _PORTS_TRIED) if port is None else [first]
        for attempt in ports:
            try:
                super().__init__((host, attempt), _Handler)
                break
            except OverflowError as error:
                raise UsageError(f"{attempt} is no port: it must lie below 65536.") from error
            except OSError as error:
                if attempt == ports[-1]:
                    reason = error.strerror or str(error)
                    raise StorageError(
                        f"Cannot listen on {host}, port {attempt}: {reason}.",
                        "Choose another address or port.",
                    ) from error

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the site."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.port}{quote(self.mount)}"

    def server_bind(self) -> None:
        # The base class would ask a name server for the name of this machine, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self._host, self.port

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that closes a connection is no news."""

    def host_allowed(self, header: str | None) -> bool:
        """Whether a request names this machine.

        On a loopback address only: another site must not read private pictures by pointing its own
        name at 127.0.0.1.
        """
        if not _is_loopback(self._host):
            return True
        try:
            name = urlsplit(f"//{header or ''}").hostname or ""
        except ValueError:
            return False
        return name.rstrip(".") == self._host or _is_loopback(name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server_close()


@dataclass(frozen=True)
class _File:
    """An open regular file of the site."""

    path: str
    handle: io.BufferedReader
    size: int
    tag: str


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "imagedb-site"
    sys_version = ""
    timeout = _IDLE_S
    server: SiteServer

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _refuse(self) -> None:
        self.close_connection = True
        self._text(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD.", {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def log_message(self, format: str, *args: object) -> None:
        # A request line may hold what a terminal would obey.
        line = format % args
        self.server.log("".join(mark if mark.isprintable() else "?" for mark in line))

    def _answer(self, *, body: bool) -> None:
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            # A body nobody reads would be taken for the next request.
            self.close_connection = True
        try:
            if not self.server.host_allowed(self.headers.get("Host")):
                self._text(HTTPStatus.FORBIDDEN, "This server answers to its own address only.")
                return
            self._find(body)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True

    def _find(self, body: bool) -> None:
        target = self.path.partition("?")[0].partition("#")[0]
        mount = self.server.mount
        decoded = unquote(target, errors="replace")
        if decoded + "/" == mount:
            self._redirect(mount)
            return
        if not decoded.startswith(mount):
            self._text(HTTPStatus.NOT_FOUND, "Nothing is served here.")
            return
        relative = decoded[len(mount) :]
        folder = not relative or relative.endswith("/")
        found = _open(self.server.root, relative + "index.html" if folder else relative)
        if found is not None:
            with found.handle:
                self._send(found, body)
            return
        if not folder and _is_folder_with_page(self.server.root, relative):
            self._redirect(mount + relative + "/")
            return
        self._not_found(body)

    def _send(self, file: _File, body: bool) -> None:
        tag = f'"{file.tag}"'
        immutable = _HASHED.search(file.path) is not None
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache",
            "ETag": tag,
        }
        if _matches(self.headers.get("If-None-Match"), tag):
            self._head(HTTPStatus.NOT_MODIFIED, headers)
            return
        headers["Content-Type"] = content_type(file.path)
        headers["Accept-Ranges"] = "bytes"
        span = None
        if self.headers.get("If-Range") in (None, tag):
            span = parse_range(self.headers.get("Range"), file.size)
        if span is None:
            first, end, status = 0, file.size, HTTPStatus.OK
        elif span[0] >= span[1]:
            headers["Content-Range"] = f"bytes */{file.size}"
            headers["Content-Length"] = "0"
            self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
            return
        else:
            first, end = span
            status = HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{file.size}"
        headers["Content-Length"] = str(end - first)
        self._head(status, headers)
        if body:
            self._copy(file.handle, first, end)

    def _copy(self, handle: io.BufferedReader, first: int, end: int) -> None:
        handle.seek(first)
        left = end - first
        while left:
            part = handle.read(min(_CHUNK, left))
            if not part:
                # The file became shorter meanwhile: the promised length can only be broken off.
                self.close_connection = True
                return
            self.wfile.write(part)
            left -= len(part)

    def _not_found(self, body: bool) -> None:
        page = _open(self.server.root, "404.html")
        if page is None:
            self._text(HTTPStatus.NOT_FOUND, "There is no such file.")
            return
        with page.handle:
            self._head(
                HTTPStatus.NOT_FOUND,
                {
                    "Cache-Control": "no-cache",
                    "Content-Type": TYPES[".html"],
                    "Content-Length": str(page.size),
                },
            )
            if body:
                self._copy(page.handle, 0, page.size)

    def _redirect(self, path: str) -> None:
        # One slash at the start: two would be the address of another host.
        location = quote("/" + path.lstrip("/"))
        self._text(HTTPStatus.MOVED_PERMANENTLY, "Moved.", {"Location": location})

    def _text(self, status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> None:
        data = (text + "\n").encode()
        self._head(
            status,
            {
                "Cache-Control": "no-cache",
                "Content-Type": TYPES[".txt"],
                "Content-Length": str(len(data)),
                **(headers or {}),
            },
        )
        if self.command != "HEAD":
            self.wfile.write(data)

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()


def content_type(path: str) -> str:
    """The media type of a file of a site, by its extension."""
    return TYPES.get(Path(path).suffix.lower(), "application/octet-stream")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end of a `Range` header for a file of `size` bytes.

    None: send the whole file (no range, several, or one that is not understood, which RFC 9110 lets a
    server ignore). An empty span: not satisfiable.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or not (match[1] or match[2]) or len(match[1]) > 18 or len(match[2]) > 18:
        return None
    if not match[1]:
        last = int(match[2])
        return (max(size - last, 0), size) if last else (0, 0)
    first = int(match[1])
    end = int(match[2]) + 1 if match[2] else size
    if end <= first and match[2]:
        return None
    return (first, min(end, size)) if first < size else (0, 0)


def _matches(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    tags = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in tags or tag in tags


def _open(root: Path, relative: str) -> _File | None:
    """Open a file of the site; None where it is missing, hidden, or leads out of the folder."""
    parts = relative.split("/")
    hidden = any(part.startswith(".") and part != ".nojekyll" for part in parts)
    if hidden or "" in parts or "\\" in relative or "\0" in relative or ":" in parts[0]:
        return None
    target = root / relative
    try:
        if not target.resolve().is_relative_to(root.resolve()):
            return None
        descriptor = os.open(target, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    handle = os.fdopen(descriptor, "rb")
    return _File(relative, handle, status.st_size, _tag(relative, handle, status))


def _tag(relative: str, handle: io.BufferedReader, status: os.stat_result) -> str:
    """An entity tag: what a hashed name says, else the content of a small file, else its age."""
    if _HASHED.search(relative):
        return f"{Path(relative).name}-{status.st_size:x}"
    if status.st_size <= 1 << 22:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        handle.seek(0)
        return digest[:32]
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def _is_folder_with_page(root: Path, relative: str) -> bool:
    found = _open(root, relative + "/index.html")
    if found is None:
        return False
    found.handle.close()
    return True


def _mount(text: str) -> str:
    parts = [part for part in text.split("/") if part]
    if any(part in (".", "..") for part in parts):
        raise UsageError(f"A site cannot be mounted at {text}.")
    return "/" + "".join(f"{part}/" for part in parts)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
