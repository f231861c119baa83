"""A host that damages some answers: status 200, the right headers, other bytes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from imagedb_site.media_types import content_type
from imagedb_site.serve import SiteServer
from imagedb_site.serve.files import SiteFile
from imagedb_site.serve.handler import Handler

Damage = Callable[[bytes, bytes], bytes]
"""From the bytes of a file, and those of another file of its kind, to what is sent."""

MOUNT = "/shapes/"
_PAGE = b"<!doctype html><title>Sign in</title><h1>Please sign in to this network.</h1>"


def _cut(data: bytes, other: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _flipped(data: bytes, other: bytes) -> bytes:
    """Bytes in the middle and near the end are other ones; a picture often still decodes."""
    changed = bytearray(data)
    for at in (len(data) // 2, len(data) * 3 // 4, max(len(data) - 20, 0)):
        changed[at] ^= 0x15
    return bytes(changed)


DAMAGES: dict[str, Damage] = {
    "cut": _cut,
    "flipped": _flipped,
    "page": lambda data, other: _PAGE,
    "empty": lambda data, other: b"",
    "other": lambda data, other: other,
}


class DamagingHost(SiteServer):
    """`imagedb-site serve`, which lets browsers keep hashed files for a year, with damaged answers."""

    def __init__(self, site: Path) -> None:
        super().__init__(site, port=0, mount=MOUNT)
        self._lock = threading.Lock()
        self._wanted: re.Pattern[str] | None = None
        self._damage: Damage = _cut
        self._left = 0
        self.sent = 0
        self.RequestHandlerClass = type("DamagingHandler", (_Handler,), {"site": self})

    def damage(self, files: str, how: Damage, times: int) -> None:
        """Damage the next answers for files whose path matches a regular expression."""
        with self._lock:
            self._wanted, self._damage, self._left, self.sent = re.compile(files), how, times, 0

    def heal(self) -> None:
        """Damage nothing more."""
        with self._lock:
            self._left = 0

    def take(self, path: str) -> Damage | None:
        """What to do to the answer for a file, counted as done; None for nothing."""
        with self._lock:
            if self._left <= 0 or self._wanted is None or not self._wanted.fullmatch(path):
                return None
            self._left -= 1
            self.sent += 1
            return self._damage

    def another(self, path: str) -> bytes:
        """The bytes of another file of the same folder and suffix."""
        file = self.root / path
        for other in sorted(file.parent.glob(f"*{file.suffix}")):
            if other != file:
                return other.read_bytes()
        return (self.root / "robots.txt").read_bytes()


class _Handler(Handler):
    site: DamagingHost

    def _send(self, file: SiteFile, body: bool) -> None:
        damage = self.site.take(file.path) if body else None
        if damage is None:
            super()._send(file, body)
            return
        data = damage(file.handle.read(), self.site.another(file.path))
        hashed = "/" in file.path
        headers: dict[str, Any] = {
            "Cache-Control": "public, max-age=31536000, immutable" if hashed else "no-cache",
            "Content-Type": content_type(file.path),
            "Content-Length": str(len(data)),
            # That of the file: the browser believes that the damaged copy is the current one.
            "ETag": f'"{file.tag}"',
        }
        self._head(HTTPStatus.OK, headers)
        self.wfile.write(data)


@contextmanager
def damaging_host(site: Path) -> Iterator[DamagingHost]:
    host = DamagingHost(site)
    threading.Thread(target=host.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()
