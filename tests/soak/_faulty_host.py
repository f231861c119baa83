"""A host that answers some requests wrongly, as hosts on the way to a visitor do."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".bin": "application/octet-stream",
}
MOUNT = "/pictures/"


@dataclass
class Answer:
    """What the host is about to send for `path`, the file's path in the site."""

    path: str
    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[[Answer], Answer]


def sound(answer: Answer) -> Answer:
    """No fault."""
    return answer


class FaultyHost:
    """Serves a folder under a sub-path; `fault` may change every answer, at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fault: Fault = sound
        self.asked: list[str] = []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answer = host.fault(host.answer(self.path))
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A browser that closes a connection is not worth a word."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{MOUNT}"

    def answer(self, target: str) -> Answer:
        path = unquote(urlsplit(target).path)
        name = path.removeprefix(MOUNT) or "index.html"
        self.asked.append(name)
        file = self.folder / name
        if not path.startswith(MOUNT) or ".." in name or not file.is_file():
            return Answer(name, b"Not found", 404, {"Content-Type": "text/plain"})
        kept = "max-age=31536000, immutable" if "/" in name else "no-cache"
        kind = TYPES.get(file.suffix, "application/octet-stream")
        return Answer(name, file.read_bytes(), 200, {"Content-Type": kind, "Cache-Control": kept})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def faulty_host(folder: Path) -> Iterator[FaultyHost]:
    host = FaultyHost(folder)
    try:
        yield host
    finally:
        host.close()
