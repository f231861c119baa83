"""Web servers for the host tests: nginx and Caddy as in the guide, Python's, our own, imitations."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from imagedb_site.serve import SiteServer
from programs import nginx_types, program_path
from soak._imitation import Habits, ImitationHandler

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "hosting.md"


@dataclass
class Running:
    """A server of one site: where it is, and how to stop it for good."""

    url: str
    stop: Callable[[], None]


def snippet(language: str) -> str:
    """The settings that the hosting guide shows for a server."""
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text("utf-8"), re.S | re.M)
    assert len(found) == 1, f"the guide has {len(found)} snippets for {language}"
    return str(found[0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def link_site(site: Path, root: Path, mount: str) -> None:
    """Make the site appear at `mount` below the folder that a server publishes."""
    place = root / mount.strip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(site.resolve())


@contextmanager
def nginx(site: Path, folder: Path) -> Iterator[Running]:
    """nginx with the settings of the guide; the site is at /pictures/."""
    program = program_path("nginx")
    assert program, "nginx is missing"
    port, root = free_port(), folder / "www"
    link_site(site, root, "pictures")
    shown = snippet("nginx")
    server = shown.replace("listen 80;", f"listen 127.0.0.1:{port};")
    server = server.replace("root /srv/www;", f"root {root};")
    assert server.count(str(root)) == 1 and f":{port};" in server
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = folder / "nginx.conf"
    settings.write_text(
        f"{user} daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/errors.log;\n"
        f"events {{ worker_connections 512; }}\n"
        f"http {{ include {nginx_types()}; default_type application/octet-stream; access_log off;\n"
        f"{temporary}\n{server}\n}}\n"
    )
    yield from _process(
        [program, "-p", str(folder), "-e", f"{folder}/errors.log", "-c", str(settings)],
        *(port, "/pictures/", folder),
    )


@contextmanager
def caddy(site: Path, folder: Path) -> Iterator[Running]:
    """Caddy with the settings of the guide; the site is at /pictures/."""
    program = program_path("caddy")
    assert program, "caddy is missing"
    port, root = free_port(), folder / "www"
    link_site(site, root, "pictures")
    shown = snippet("caddy")
    server = shown.replace("pictures.example.org {", f"http://127.0.0.1:{port} {{", 1)
    server = server.replace("/srv/www", str(root))
    assert str(root) in server and f":{port} {{" in server
    settings = folder / "Caddyfile"
    settings.write_text(f"{{\n\tadmin off\n}}\n{server}")
    command = [program, "run", "--config", str(settings), "--adapter", "caddyfile"]
    yield from _process(command, port, "/pictures/", folder)


@contextmanager
def python_server(site: Path, folder: Path) -> Iterator[Running]:
    """`python -m http.server`: HTTP/1.0, no caching headers."""
    port, root = free_port(), folder / "www"
    link_site(site, root, "sub/folder")
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d"]
    yield from _process([*command, str(root)], port, "/sub/folder/", folder)


@contextmanager
def own_server(site: Path, folder: Path, mount: str = "/repository/") -> Iterator[Running]:
    """`imagedb-site serve --mount`."""
    server = SiteServer(site, port=0, mount=mount)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    running = Running(server.url, _once(stop))
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def imitation(site: Path, folder: Path, habits: Habits) -> Iterator[Running]:
    """A host with these habits."""
    handler = type("Handler", (ImitationHandler,), {"site": site, "habits": habits})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    running = Running(f"http://127.0.0.1:{server.server_port}{quote(habits.mount)}", _once(stop))
    try:
        yield running
    finally:
        running.stop()


def _once(stop: Callable[[], None]) -> Callable[[], None]:
    stopped = threading.Event()

    def stop_once() -> None:
        if not stopped.is_set():
            stopped.set()
            stop()

    return stop_once


def _process(command: list[str], port: int, mount: str, folder: Path) -> Iterator[Running]:
    """Run a server as a process of its own."""
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **home}, stdout=log, stderr=log, start_new_session=True
        )

    def stop() -> None:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    running = Running(f"http://127.0.0.1:{port}{mount}", _once(stop))
    try:
        _wait_for(port, process, folder / "output.log")
        yield running
    finally:
        running.stop()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start: {log.read_text(errors='replace')[-2000:]}")
