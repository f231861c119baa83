"""What a visitor loads until the first pictures are on screen, from an empty cache.

    python benchmarks/first_tiles.py SITE

Serves the folder SITE as GitHub Pages does, with gzip for text, opens it in a new browser on a desk
(1280 × 720) and on a phone (390 × 844), and counts the bytes of all answers that were sent until every
thumbnail in view is shown. The last line is a JSON object: `first_tiles_bytes` is the larger of the two;
`desk` and `phone` have `bytes`, `thumbnails` (in view), `ms` and `requests`, a list of [path, bytes].
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from harness import browsing, emit, note

from imagedb_site.serve import content_type

VIEWS = {"desk": (1280, 720), "phone": (390, 844)}
_COMPRESSED = {".html", ".js", ".mjs", ".css", ".json", ".svg", ".txt"}
_TIMEOUT_S = 120

# Every tile in view shows its picture, and there is at least one.
_SHOWN = """() => {
  const inView = [...document.querySelectorAll("ul.grid > li.tile")].filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  });
  const shown = inView.filter((tile) => {
    const image = tile.querySelector("img");
    return image?.complete && image.naturalWidth > 0;
  });
  return inView.length > 0 && shown.length === inView.length ? shown.length : 0;
}"""


class _Server(http.server.ThreadingHTTPServer):
    """Serves one folder, and records each request and how many bytes of its answer were sent."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root.resolve()
        self.requests: list[list[Any]] = []
        self.lock = threading.Lock()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
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
            for start in range(0, len(body), 1 << 16):
                part = body[start : start + (1 << 16)]
                self.wfile.write(part)
                record[1] += len(part)
        except ConnectionError:
            # The page cancelled this request, for example because a thumbnail is no longer needed.
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Do not log requests: they are part of the result."""


@cache
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


@contextmanager
def _serving(site: Path) -> Iterator[_Server]:
    with _Server(site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def visit(site: Path, width: int, height: int) -> dict[str, Any]:
    """Open a site in a new browser and wait for its first pictures.

    Raises playwright's TimeoutError if they do not appear within two minutes.
    """
    with _serving(site) as server, browsing(width, height) as page:
        start = time.perf_counter()
        page.goto(f"http://127.0.0.1:{server.server_port}/", wait_until="commit")
        shown = page.wait_for_function(_SHOWN, timeout=_TIMEOUT_S * 1000, polling="raf")
        with server.lock:
            requests = [list(record) for record in server.requests]
        seconds = time.perf_counter() - start
        thumbnails = int(shown.json_value())
    return {
        "bytes": sum(size for _, size in requests),
        "thumbnails": thumbnails,
        "ms": round(1000 * seconds),
        "requests": requests,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path, help="folder of a built site")
    options = parser.parse_args()
    if not (options.site / "manifest.json").is_file():
        sys.exit(f"{options.site} is not a site: it has no manifest.json.")
    result: dict[str, Any] = {}
    for name, (width, height) in VIEWS.items():
        result[name] = visit(options.site, width, height)
        note(f"{name}: {result[name]['bytes']:,} bytes, {result[name]['thumbnails']} thumbnails")
    result["first_tiles_bytes"] = max(result[name]["bytes"] for name in VIEWS)
    emit(result)


if __name__ == "__main__":
    main()
