"""Visits of a large site in Chromium: bytes by stage, time of a cold index, memory, time of a warm search."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import browsing, median, note
from http2 import by_http2
from playwright.sync_api import Page
from shaped import Line, serving
from visit import LINK, WATCH, Host, stages

FAST = Line(0.040, 20e6 / 8)
LARGE = Line(0.040, 100e6 / 8)
TIMEOUT_S = 300
QUIET_S = 3
WORDS = ("a dog in the snow", "two people at a table", "red car", "children on a beach", "a guitar")
_TRUST = "--ignore-certificate-errors"
_TASKS = """(() => {
  window.longest = 0;
  new PerformanceObserver((entries) => {
    for (const { duration } of entries.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ type: "longtask" });
})();"""


class GatedHost(Host):
    """Holds requests for files of the index until `open` is called."""

    def __init__(self, site: Path, line: Line) -> None:
        super().__init__(site, line)
        manifest = json.loads((site / "manifest.json").read_text(encoding="utf-8"))
        self.stems = frozenset(_stem(path) for path in _paths(manifest["vectors"]))
        self._gate = threading.Event()

    def open(self) -> None:
        self._gate.set()

    def is_index(self, path: str) -> bool:
        return path.startswith("data/") and _stem(path) in self.stems

    def hold(self, path: str) -> None:
        if self.is_index(path):
            self._gate.wait(TIMEOUT_S)


def _stem(path: str) -> str:
    return Path(path).name.split(".")[0].removesuffix("-index")


def _paths(value: Any) -> Iterator[str]:
    """Every path in a part of the manifest."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value["path"]
        for one in value.values():
            yield from _paths(one)
    elif isinstance(value, list):
        for one in value:
            yield from _paths(one)


@contextmanager
def _visiting(host: GatedHost, address: str) -> Iterator[Page]:
    with serving(host), browsing(1280, 720) as page:
        page.add_init_script(WATCH)
        page.add_init_script(_TASKS)
        page.set_default_timeout(TIMEOUT_S * 1000)
        page.goto(host.url + address, wait_until="commit")
        yield page


def bytes_and_memory(site: Path) -> dict[str, Any]:
    """A link to a search: bytes of the whole visit until each stage, those of the index, renderer memory."""
    host = GatedHost(site, FAST)
    host.open()
    with _visiting(host, LINK) as page:
        moments = stages(page)
        found = {f"{name}_bytes": host.sent_by(at / 1000) for name, at in moments.items()}
        index = [size for path, size in host.taken() if host.is_index(path)]
        found |= {
            "index_bytes_browser": sum(index),
            "index_requests_browser": len(index),
            "renderer_rss_mb": renderer_memory(),
        }
    return found


class ColdHost(GatedHost):
    """Only files of the index are on the line; all others come at once, as if they were there before."""

    def __init__(self, site: Path, line: Line) -> None:
        super().__init__(site, Line(0.0, line.bytes_per_s))
        self._latency_s = line.latency_s
        self._now = threading.local()
        self.ranked: float | None = None

    def hold(self, path: str) -> None:
        super().hold(path)
        if path.startswith("data/rows.") and self.ranked is None:
            self.ranked = time.time()
        self._now.on_line = self.is_index(path)
        if self._now.on_line:
            time.sleep(self._latency_s)

    def wait(self, size: int) -> None:
        if self._now.on_line:
            super().wait(size)


_OPEN = """async ([site, text]) => {
  const { open } = await import(`${site}imagedb.js`);
  window.site = await open(site);
  await window.site.search("the", { mode: "words" });
  await window.site.embedText(text);
}"""
_COLD = """async (text) => {
  const begun = performance.now();
  const { hits } = await window.site.search(text, { mode: "meaning" });
  if (!hits.length) throw new Error("Nothing was found.");
  return performance.now() - begun;
}"""


def cold(site: Path, line: Line) -> dict[str, int]:
    """Milliseconds until the final answer of a page that has its text tower but nothing of the index: until
    its rows are known and the page asks for them (`ranked`), and until their documents are there, too.

    The published JavaScript library runs in the page, so that the tower can work before the index is there.
    As static hosts do, Caddy answers by HTTP/2: by HTTP/1.1, only six requests run at a time.
    """
    spent: list[float] = []
    ranked: list[float] = []
    for text in WORDS:
        host = ColdHost(site, line)
        with serving(host), by_http2(host.url) as url, browsing(1280, 720, _TRUST) as page:
            page.set_default_timeout(TIMEOUT_S * 1000)
            page.goto(url + "robots.txt")
            page.evaluate(_OPEN, [url, "a picture"])
            page.wait_for_timeout(1000)
            host.ranked = None
            host.open()
            begun = time.time()
            spent.append(page.evaluate(_COLD, text))
        assert host.ranked is not None
        ranked.append(1000 * (host.ranked - begun))
        note(f"  {text}: {ranked[-1]:.0f} ms, {spent[-1]:.0f} ms")
    return {
        "ranked_p50": round(median(ranked)),
        "p50": round(median(spent)),
        "max": round(max(spent)),
    }


def warm(site: Path) -> dict[str, Any]:
    """Searches with everything loaded: milliseconds from Enter to the final results, and the longest task."""
    host = GatedHost(site, Line(0.0, 1e9))
    host.open()
    spent: list[float] = []
    with _visiting(host, LINK) as page:
        stages(page)
        page.wait_for_timeout(2000)
        page.evaluate("window.longest = 0")
        for turn in range(3):
            for text in WORDS:
                box = page.locator("#search")
                box.fill(text)
                begun = time.perf_counter()
                box.press("Enter")
                page.wait_for_function(_DRAWN, arg=text, polling="raf")
                spent.append(1000 * (time.perf_counter() - begun))
            note(f"  turn {turn}: {[round(ms) for ms in spent[-len(WORDS) :]]} ms")
        longest = page.evaluate("window.longest")
    return {
        "key_to_paint_p50_ms": round(median(spent[len(WORDS) :]), 1),
        "longest_task_ms": round(longest),
    }


_DRAWN = """(text) => {
  const list = document.querySelector("ul[data-key]");
  const asked = new URLSearchParams((list?.dataset.key ?? "").replace(/^[#?]/, "")).get("q");
  return asked === text && list.dataset.stage === "final" && list.querySelector("a[data-row]") !== null;
}"""


def renderer_memory() -> int:
    """The largest peak of resident memory of this process's Chromium renderers, in MB."""
    parents: dict[int, int] = {}
    peaks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "status").read_text().splitlines()
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        values = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        parents[int(folder.name)] = int(values["PPid"])
        if "--type=renderer" in command:
            peaks[int(folder.name)] = int(values["VmHWM"].split()[0]) // 1024

    def is_ours(pid: int) -> bool:
        while pid > 1:
            if pid == os.getpid():
                return True
            pid = parents.get(pid, 0)
        return False

    return max((peak for pid, peak in peaks.items() if is_ours(pid)), default=0)
