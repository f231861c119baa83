"""A server that records each request, and can behave like a line of 40 ms and 20 Mbit/s."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from imagedb_site.serve import content_type

_COMPRESSED = {".html", ".js", ".mjs", ".css", ".json", ".svg", ".txt"}
_PART = 1 << 14


@dataclass(frozen=True)
class Line:
    """How long the first byte of an answer takes, and how many bytes all answers share."""

    latency_s: float = 0.040
    bytes_per_s: float = 20_000_000 / 8


class LineServer(http.server.ThreadingHTTPServer):
    """Serves one folder as GitHub Pages does, with gzip for text.

    `requests` has each request as `[path, bytes sent of its body]`. With `line` all answers share it.
    """

    daemon_threads = True

    def __init__(self, root: Path, line: Line | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root.resolve()
        self.requests: list[list[Any]] = []
        self.lock = threading.Lock()
        self.line = line
        self._free = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def taken(self) -> list[tuple[str, int]]:
        """Returns the requests since the last call."""
        with self.lock:
            found = [(path, size) for path, size in self.requests]
            self.requests.clear()
        return found

    def hold(self, path: str) -> None:
        """Called before a file is sent; a server may wait here."""

    def wait(self, size: int) -> None:
        """Waits until the line has passed `size` bytes."""
        if self.line is None:
            return
        with self.lock:
            self._free = max(time.monotonic(), self._free) + size / self.line.bytes_per_s
            until = self._free
        time.sleep(max(0.0, until - time.monotonic()))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LineServer

    def do_GET(self) -> None:
        if self.server.line is not None:
            time.sleep(self.server.line.latency_s)
        path = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
        self.server.hold(path)
        target = (self.server.root / path).resolve()
        if not target.is_relative_to(self.server.root) or not target.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        compressed = target.suffix in _COMPRESSED
        body = _gzipped(target) if compressed else target.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type(path))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        record: list[Any] = [path, 0]
        with self.server.lock:
            self.server.requests.append(record)
        try:
            for start in range(0, len(body), _PART):
                part = body[start : start + _PART]
                self.server.wait(len(part))
                record[1] += len(part)
                self.wfile.write(part)
        except ConnectionError:
            # The page cancelled this request, for example because a thumbnail is no longer needed.
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Do not log requests: they are part of the result."""


@cache
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


Server = TypeVar("Server", bound=LineServer)


@contextmanager
def on_line(site: Path, line: Line | None = None) -> Iterator[LineServer]:
    """Serves a folder for as long as the block runs."""
    with serving(LineServer(site, line)) as server:
        yield server


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Runs a server for as long as the block runs."""
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
