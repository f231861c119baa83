"""Fifty readers at once: `imagedb-site serve` and nginx give every byte right, for a minute each."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from programs import program_path
from soak._drawn import drawn_site
from soak._servers import Running, free_port, nginx

READERS = 50
SECONDS = 60
_PER_CONNECTION = 40
"""Files that a reader asks for before it opens a new connection, as a visitor does."""


@dataclass
class Reading:
    """What a group of readers saw: seconds for each request, bytes, and errors in words."""

    seconds: list[float] = field(default_factory=list)
    bytes: int = 0
    errors: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Requests, errors, megabytes, and the median and 99th percentile of the latency in ms."""
        ordered = sorted(self.seconds) or [0.0]
        return {
            "requests": len(self.seconds),
            "errors": len(self.errors),
            "megabytes": round(self.bytes / 1e6, 1),
            "median_ms": round(statistics.median(ordered) * 1000, 1),
            "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))] * 1000, 1),
            "longest_ms": round(ordered[-1] * 1000, 1),
        }


def digests(site: Path) -> dict[str, str]:
    """The SHA-256 of every file of a site that servers publish, by its path."""
    files = (path for path in sorted(site.rglob("*")) if path.is_file())
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not path.name.startswith(".")
    }


def read_at_once(url: str, files: dict[str, str], readers: int, seconds: float) -> Reading:
    """Let `readers` threads read random files for some seconds. Every byte is checked."""
    total, lock = Reading(), threading.Lock()
    end = time.monotonic() + seconds

    def one(number: int) -> None:
        seen = _read(url, files, random.Random(number), end)
        with lock:
            total.seconds += seen.seconds
            total.bytes += seen.bytes
            total.errors += seen.errors

    threads = [threading.Thread(target=one, args=(number,)) for number in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total


def _read(url: str, files: dict[str, str], chance: random.Random, end: float) -> Reading:
    seen, paths, address = Reading(), list(files), urlsplit(url)
    while time.monotonic() < end and len(seen.errors) < 20:
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        try:
            for _ in range(_PER_CONNECTION):
                if time.monotonic() >= end:
                    break
                path = chance.choice(paths)
                started = time.monotonic()
                connection.request("GET", quote(address.path + path))
                answer = connection.getresponse()
                data = answer.read()
                seen.seconds.append(time.monotonic() - started)
                seen.bytes += len(data)
                if answer.status != 200:
                    seen.errors.append(f"{path}: status {answer.status}")
                elif hashlib.sha256(data).hexdigest() != files[path]:
                    seen.errors.append(f"{path}: other bytes")
        except (OSError, http.client.HTTPException) as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()
    return seen


@contextmanager
def serve_command(site: Path) -> Iterator[Running]:
    """`imagedb-site serve` as a process."""
    port = free_port()
    command = [sys.executable, "-m", "imagedb_site.cli.main", "serve", str(site)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, "--port", str(port)], **quiet)

    def stop() -> None:
        process.terminate()
        process.wait(20)

    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Running(f"http://127.0.0.1:{port}/", stop)
    finally:
        stop()


def run(folder: Path, scale: float) -> dict[str, int]:
    """Counts: `load_requests`, `load_errors`. The figures of each server go to standard error."""
    site = drawn_site(folder)
    files, seconds = digests(site), max(2.0, SECONDS * scale)
    servers = {"imagedb-site serve": serve_command(site)}
    if program_path("nginx"):
        (folder / "nginx").mkdir()
        servers["nginx"] = nginx(site, folder / "nginx")
    requests = errors = 0
    for name, server in servers.items():
        with server as running:
            seen = read_at_once(running.url, files, READERS, seconds)
        figures = {"server": name, "readers": READERS, "seconds": seconds, **seen.figures()}
        print(json.dumps(figures), *seen.errors[:5], file=sys.stderr, sep="\n", flush=True)
        requests += len(seen.seconds)
        errors += len(seen.errors)
    return {"load_requests": requests, "load_errors": errors}
