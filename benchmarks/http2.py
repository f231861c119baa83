"""HTTP/2 in front of a local server, as static hosts speak it: Caddy with a certificate of its own."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIG = """{{
  admin off
  auto_https disable_redirects
  skip_install_trust
}}
https://localhost:{port} {{
  tls internal
  reverse_proxy {target} {{
    transport http {{
      keepalive_idle_conns_per_host 128
    }}
  }}
}}
"""
_START_S = 20


@contextmanager
def by_http2(url: str) -> Iterator[str]:
    """The address, by HTTPS and HTTP/2, of what a server at `url` answers. Needs Caddy (a Debian package)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "Caddyfile"
        config.write_text(_CONFIG.format(port=port, target=url.removesuffix("/")))
        homes = {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
        server = subprocess.Popen(command, env=os.environ | homes, stderr=subprocess.DEVNULL)
        try:
            _wait(f"https://localhost:{port}/robots.txt")
            yield f"https://localhost:{port}/"
        finally:
            server.terminate()
            server.wait()


def _wait(url: str) -> None:
    """Until the server answers. Its certificate is not checked: this program has just started it."""
    until = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(url, context=ssl._create_unverified_context()).read()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
