"""A local HTTP server for a published site: right types, byte ranges, revalidation, no surprises."""

from __future__ import annotations

import http.server
import ipaddress
import os
import socket
import socketserver
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from imagedb_site.errors import StorageError, UsageError
from imagedb_site.http_api import Api
from imagedb_site.reader import open_site

from .handler import Handler

DEFAULT_PORT = 8000
_PORTS_TRIED = 100


def serve(
    path: str | Path,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    mount: str = "/",
    any_origin: bool = False,
    ready: Callable[[str], None] = lambda url: None,
    log: Callable[[str], None] = lambda line: None,
) -> None:
    """Serve the site in the folder `path` until interrupted.

    Without `port` the first free one from 8000 on is taken. `mount` puts the site below a path, as
    `/repo/` on GitHub Pages. On a loopback address only pages of this machine may read the answers of the
    API, or with `any_origin` those of every website. `ready` is called with the address, `log` with a line
    for each request.
    Raises FormatError if the folder is not a site, StorageError if the port is not available,
    KeyboardInterrupt at the end.
    """
    with SiteServer(path, host, port, mount=mount, any_origin=any_origin, log=log) as server:
        ready(server.url)
        server.serve_forever()


class SiteServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The server behind `serve`; listens as soon as it is made, answers in `serve_forever`."""

    daemon_threads = True
    # Connections that wait to be accepted. The default of 5 makes many readers at once wait for a second.
    request_queue_size = 128
    allow_reuse_address = os.name != "nt"

    def __init__(
        self,
        path: str | Path,
        host: str = "127.0.0.1",
        port: int | None = None,
        *,
        mount: str = "/",
        any_origin: bool = False,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.root = Path(path)
        open_site(self.root).close()
        self.mount = _mount(mount)
        self.api = Api(self.root, self.mount)
        self._any_origin = any_origin
        self.report = log
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = host
        handler = type("SiteHandler", (Handler,), {"site": self})
        first = DEFAULT_PORT if port is None else port
        ports = range(first, first + _PORTS_TRIED) if port is None else [first]
        for attempt in ports:
            try:
                super().__init__((host, attempt), handler)
                break
            except OverflowError as error:
                raise UsageError(f"{attempt} is not a port: it must be below 65536.") from error
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
        """A browser that closes a connection is not an error."""

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

    def origin_allowed(self, origin: str | None) -> bool:
        """Whether the page that asks may read an answer of the API.

        On a loopback address only pages of this machine may: a collection on somebody's own computer is not
        for every website that they visit.
        """
        if self._any_origin or origin is None or not _is_loopback(self._host):
            return True
        try:
            return _is_loopback(urlsplit(origin).hostname or "")
        except ValueError:
            return False

    def server_close(self) -> None:
        super().server_close()
        self.api.close()

    def __exit__(self, *_: object) -> None:
        self.server_close()


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
