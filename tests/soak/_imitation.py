"""A web server with the habits of a host: GitHub Pages, and others that do things in unusual ways."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

# What GitHub Pages compresses, by media type.
COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")
PAGES_TYPES = {
    ".js": "application/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".bin": "application/octet-stream",
    ".ts": "video/mp2t",
}


@dataclass(frozen=True)
class Habits:
    """How a host answers. The default is an imitation of GitHub Pages."""

    mount: str = "/repository/"
    types: dict[str, str] = field(default_factory=dict)
    """Media types by extension that differ from those of GitHub Pages."""
    headers: dict[str, str] = field(
        default_factory=lambda: {
            "Cache-Control": "max-age=600",
            "Access-Control-Allow-Origin": "*",
        }
    )
    compresses: tuple[str, ...] = COMPRESSED
    """Media types that it compresses, by their beginning."""
    ignores_case: bool = False
    page_for_missing: bool = False
    """Answers 200 with the page if there is no such file, as hosts of single-page applications do."""
    redirects: bool = True
    """Adds the slash that is missing at the end of a folder's address."""
    chunked: bool = False
    """Sends no Content-Length."""


class ImitationHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; ranges are ignored. A subclass sets `site` and `habits`."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    site: Path
    habits: Habits

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        try:
            self._respond()
        except ConnectionError:
            # The browser went away.
            self.close_connection = True

    def _respond(self) -> None:
        path = unquote(self.path.partition("?")[0])
        mount = self.habits.mount
        if self.habits.ignores_case and path.lower().startswith(mount.lower()):
            path = mount + path[len(mount) :]
        if path + "/" == mount:
            if self.habits.redirects:
                location = self.path.partition("?")[0] + "/"
                self._send(301, b"", "text/html", {"Location": location})
                return
            path = mount
        found = self._find(path[len(mount) :]) if path.startswith(mount) else None
        if found is None and self.habits.page_for_missing:
            found = self.site / "index.html"
        status = 404 if found is None else 200
        file = found or self.site / "404.html"
        self._send(status, file.read_bytes(), self._type_of(file), {})

    def _find(self, name: str) -> Path | None:
        name = name or "index.html"
        if ".." in name.split("/"):
            return None
        if self.habits.ignores_case:
            return _without_case(self.site).get(name.lower())
        file = self.site / name
        return file if file.is_file() else None

    def _type_of(self, file: Path) -> str:
        known = self.habits.types.get(file.suffix) or PAGES_TYPES.get(file.suffix)
        return known or mimetypes.guess_type(file.name)[0] or "application/octet-stream"

    def _send(self, status: int, data: bytes, kind: str, headers: dict[str, str]) -> None:
        accepted = "gzip" in (self.headers.get("Accept-Encoding") or "")
        compress = accepted and kind.startswith(self.habits.compresses)
        if compress:
            data = _compressed(data)
        self.send_response(status)
        for name, value in {**self.habits.headers, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        if compress:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Vary", "Accept-Encoding")
        if self.habits.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            # Also for HEAD: the length of what is sent, not of the file.
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.habits.chunked:
            for start in range(0, len(data), 1 << 16):
                part = data[start : start + (1 << 16)]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(data)


@lru_cache(maxsize=256)
def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, 5)


@lru_cache(maxsize=4)
def _without_case(site: Path) -> dict[str, Path]:
    files = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix().lower(): path for path in files}
