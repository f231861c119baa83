"""Answers requests for the files of a site (ranges, revalidation, only GET and HEAD) and for its API."""

from __future__ import annotations

import http.server
import io
import re
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from imagedb_site.api_table import table
from imagedb_site.display import shown
from imagedb_site.http_api import Api, Asked, Reply
from imagedb_site.layout import MANIFEST, is_immutable
from imagedb_site.media_types import TYPES, content_type

from .files import SiteFile, is_folder_with_page, open_file

_CHUNK = 1 << 18
_IDLE_S = 60
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Site(Protocol):
    """What the handler asks of its server."""

    root: Path
    mount: str
    api: Api

    def origin_allowed(self, origin: str | None) -> bool: ...

    def host_allowed(self, header: str | None) -> bool: ...

    def report(self, line: str) -> None: ...


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection; `site` is set by the subclass that a server makes for itself."""

    protocol_version = "HTTP/1.1"
    server_version = "imagedb-site"
    sys_version = ""
    timeout = _IDLE_S
    # Otherwise a small file waits 40 ms for the visitor's system to confirm the headers.
    disable_nagle_algorithm = True
    site: Site

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _refuse(self) -> None:
        self.close_connection = True
        self._text(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD.", {"Allow": "GET, HEAD"})

    def do_POST(self) -> None:
        self._answer(body=True)

    do_OPTIONS = do_POST
    do_PUT = do_DELETE = do_PATCH = do_TRACE = do_CONNECT = _refuse

    def log_message(self, format: str, *args: object) -> None:
        # A request line may hold what a terminal would obey.
        self.site.report(shown(format % args))

    def _answer(self, *, body: bool) -> None:
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            # A body nobody reads would be taken for the next request.
            self.close_connection = True
        try:
            if not self.site.host_allowed(self.headers.get("Host")):
                self._text(HTTPStatus.FORBIDDEN, "This server answers to its own address only.")
                return
            self._find(body)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True

    def _find(self, body: bool) -> None:
        target = self.path.partition("?")[0].partition("#")[0]
        mount = self.site.mount
        decoded = unquote(target, errors="replace")
        if target.startswith(mount):
            reply = self.site.api.answer(self._asked(target[len(mount) :]))
            if reply is not None:
                self._reply(reply, body)
                return
        if self.command not in ("GET", "HEAD"):
            self._refuse()
            return
        if decoded + "/" == mount:
            self._redirect(mount)
            return
        if not decoded.startswith(mount):
            self._text(HTTPStatus.NOT_FOUND, "Nothing is served here.")
            return
        relative = decoded[len(mount) :]
        folder = not relative or relative.endswith("/")
        found = open_file(self.site.root, relative + "index.html" if folder else relative)
        if found is not None:
            with found.handle:
                self._send(found, body)
            return
        if not folder and is_folder_with_page(self.site.root, relative):
            self._redirect(mount + relative + "/")
            return
        self._not_found(body)

    def _asked(self, path: str) -> Asked:
        """The request as the API sees it. Bytes beyond ASCII count as if they were percent-encoded."""
        query = self.path.partition("?")[2].partition("#")[0]
        encoded = quote(query.encode("latin-1", "replace"), safe=_ASCII)
        return Asked(self.command, path, encoded, self.headers.get("Accept", ""), self._read_body)

    def _read_body(self) -> bytes | None:
        """The body of a request, None if it is too large or its length is not announced."""
        length = self.headers.get("Content-Length", "0")
        most = table()["largest_body"]
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,9}", length):
            return None
        return self.rfile.read(int(length)) if int(length) <= most else None

    def _reply(self, reply: Reply, body: bool) -> None:
        headers = dict(reply.headers)
        if self.site.origin_allowed(self.headers.get("Origin")):
            headers["Access-Control-Allow-Origin"] = "*"
        self._head(HTTPStatus(reply.status), headers)
        if body:
            self.wfile.write(reply.content)

    def _send(self, file: SiteFile, body: bool) -> None:
        tag = f'"{file.tag}"'
        immutable = is_immutable(file.path)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache",
            "ETag": tag,
        }
        if _matches(self.headers.get("If-None-Match"), tag):
            self._head(HTTPStatus.NOT_MODIFIED, headers)
            return
        headers["Content-Type"] = content_type(file.path)
        if file.path == MANIFEST:
            # The API says it as the time of the last change.
            headers["Last-Modified"] = formatdate(file.changed, usegmt=True)
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
        page = open_file(self.site.root, "404.html")
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
