"""Shared parts of the benchmarks: collections, the command line, a counting server, a browser."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT / "tests"))

from browser import ARGUMENTS, chromium_path  # noqa: E402
from imagedb_site.serve import SiteServer  # noqa: E402


def note(text: str) -> None:
    """Report progress on standard error; the last line of standard output is the result."""
    print(text, file=sys.stderr, flush=True)


def collection(name: str) -> Path:
    """A folder of the test data; exits with a clear message if it is missing."""
    folder = DATA / name
    if not folder.is_dir():
        sys.exit(f"The pictures of {name!r} are not there ({folder}).")
    return folder


def run_cli(*arguments: str | Path) -> tuple[dict[str, Any], float]:
    """Run `imagedb-site … --json` in its own process. Returns its report and its wall-clock seconds."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "imagedb_site.cli.main", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout), seconds


class CountingServer(SiteServer):
    """Serves a site and counts every byte that leaves the socket, headers included."""

    sent = 0

    def get_request(self) -> Any:
        connection, address = super().get_request()
        return _Counted(connection, self), address


class _Counted:
    """A socket that reports what it sends."""

    def __init__(self, connection: Any, server: CountingServer) -> None:
        self._connection, self._server = connection, server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def sendall(self, data: Any, *rest: Any) -> None:
        self._server.sent += len(data)
        self._connection.sendall(data, *rest)

    def send(self, data: Any, *rest: Any) -> int:
        count = int(self._connection.send(data, *rest))
        self._server.sent += count
        return count


@contextmanager
def serving(site: Path) -> Iterator[CountingServer]:
    with CountingServer(site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()


@contextmanager
def browsing(width: int = 1440, height: int = 900, *arguments: str) -> Iterator[Page]:
    """A fresh browser with an empty cache; `arguments` are for Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*ARGUMENTS, *arguments]
        )
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        try:
            yield page
        finally:
            browser.close()


FINAL = """(text) => {
  const list = document.querySelector("ul[data-key]");
  const asked = new URLSearchParams((list?.dataset.key ?? "").replace(/^[#?]/, "")).get("q");
  return asked === text && list.dataset.stage === "final" && list.querySelector("a[data-row]") !== null;
}"""


def show_results(
    page: Page, url: str, text: str, mode: str, timeout_s: float = 120, *, group: bool = True
) -> None:
    """Open the address of a query, in the page that is open, and wait for its final results.

    Without `group` look-alikes have a tile each."""
    more = "" if group else "&group=no"
    page.goto(f"{url}#q={quote(text)}{more}" + ("" if mode == "all" else f"&mode={mode}"))
    page.wait_for_function(FINAL, arg=text, timeout=timeout_s * 1000, polling=50)


def shown_rows(page: Page, k: int) -> list[int]:
    """The rows of the first k results in order."""
    found = page.evaluate(
        "() => [...document.querySelectorAll('a[data-row]')]"
        ".map((a) => [Number(a.dataset.index), Number(a.dataset.row)])"
    )
    return [row for index, row in sorted(found) if index < k][:k]


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def emit(result: dict[str, Any]) -> None:
    """Print the result as one JSON object, on the last line."""
    print(json.dumps(result, sort_keys=True))
