"""Asks sites in Chromium over a shaped line: words, the newest rows, expressions, and whole visits.

Bytes are those of bodies as they are sent. Of a question they are what the answer needs beyond the page, with
the script it loads, but without the rows and documents that are shown; times are those of the engine in its
worker. A visit has everything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import ARGUMENTS, chromium_path
from playwright.sync_api import Browser, Page, expect, sync_playwright
from shaped import Line, LineServer, on_line

FIRST = 20
_SHOWN = ("documents", "documents-index", "rows", "rows-index", "ids", "ids-index")

_OPEN = """async () => {
  const { open } = await import("/imagedb.js");
  window.site = await open(location.origin + "/");
  await window.site.search("", { mode: "words", k: 20 });
}"""
# The engine's own answer, without the documents that the library adds to it.
_ASK = """async ([text, sort]) => {
  const started = performance.now();
  const given = { text, mode: "words", k: 20, images: {}, ...(sort ? { sort } : {}) };
  const answer = await window.site.collection.search(given);
  const rows = answer.results.map(({ row }) => row);
  return { ms: performance.now() - started, total: answer.total, about: answer.about === true, rows };
}"""


class Asker:
    """A site that is opened in a new browser profile, and asked."""

    def __init__(self, browser: Browser, server: LineServer) -> None:
        self._server = server
        self._context = browser.new_context(service_workers="block")
        self._page = self._context.new_page()
        # A page without a policy, from which the JavaScript library can be used.
        self._page.goto(server.url + "robots.txt")
        self._page.evaluate(_OPEN)
        server.taken()

    def ask(self, text: str, sort: dict[str, str] | None = None) -> dict[str, Any]:
        """The answer to a question, with `bytes` and `requests`."""
        answer: dict[str, Any] = self._page.evaluate(_ASK, [text, sort])
        return {**answer, **counted(self._server)}

    def close(self) -> None:
        self._context.close()


def counted(server: LineServer) -> dict[str, int]:
    """The bytes and requests since the last call, without those of rows and documents."""
    found = [size for path, size in server.taken() if _stem(path) not in _SHOWN]
    return {"bytes": sum(found), "requests": len(found)}


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def share(values: Sequence[float], part: float) -> int:
    """The value below which this part of the values lies."""
    return round(sorted(values)[math.ceil(part * len(values)) - 1])


def asked(site: Path, words: Sequence[str], expressions: Sequence[str]) -> dict[str, Any]:
    """The figures of one site; `answers` has the rows of the first ten for each of the words."""
    result: dict[str, Any] = {}
    with sync_playwright() as playwright, on_line(site, Line()) as server:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        first = []
        for text in words[:FIRST]:
            asker = Asker(browser, server)
            first.append(asker.ask(text))
            asker.close()
        for key in ("bytes", "ms", "requests"):
            values = [one[key] for one in first]
            result[f"first_words_{key}"] = share(values, 0.5)
            result[f"first_words_p95_{key}"] = share(values, 0.95)
        asker = Asker(browser, server)
        asker.ask(words[0])
        following = [asker.ask(text) for text in words[1:]]
        for name, part in (("p50", 0.5), ("p95", 0.95)):
            for key in ("bytes", "ms", "requests"):
                values = [one[key] for one in following]
                result[f"next_words_{name}_{key}"] = share(values, part)
        result["estimated_share"] = round(
            sum(one["about"] for one in following) / len(following), 3
        )
        result["answers"] = [one["rows"][:10] for one in following]
        asker.close()
        asker = Asker(browser, server)
        newest = {"field": "timestamp", "direction": "descending"}
        asker.ask(words[0], newest)
        result["newest_p50_bytes"] = share(
            [asker.ask(text, newest)["bytes"] for text in words[1:41]], 0.5
        )
        asker.close()
        asker = Asker(browser, server)
        of = [asker.ask(text)["bytes"] for text in expressions]
        result["expression_first_bytes"] = of[0]
        result["expression_p50_bytes"] = share(of[1:], 0.5)
        result["expression_p95_bytes"] = share(of[1:], 0.95)
        asker.close()
        browser.close()
    return result


def visited(site: Path, text: str) -> dict[str, Any]:
    """One visit from an empty cache over the shaped line: the page, words, scrolling, a record; and memory.

    `page_bytes`: until the first rows are shown; `visit_bytes`: until the first results of words are shown.
    `renderer_mb`: the largest resident memory of the page's process, with its worker.
    """
    result: dict[str, Any] = {}
    with sync_playwright() as playwright, on_line(site, Line()) as server:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, service_workers="block"
        )
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        memory = _Memory(browser)
        start = time.perf_counter()
        page.goto(server.url)
        _drawn(page)
        result["page_ms"] = round(1000 * (time.perf_counter() - start))
        page.wait_for_timeout(1000)
        result["page_bytes"] = sum(size for _, size in server.taken())
        start = time.perf_counter()
        page.locator("#search").fill(text)
        page.locator("#search").press("Enter")
        expect(page.locator(".summary[data-stage=final]")).to_be_visible(timeout=60_000)
        _drawn(page)
        result["words_shown_ms"] = round(1000 * (time.perf_counter() - start))
        page.wait_for_timeout(1000)
        result["visit_bytes"] = result["page_bytes"] + sum(size for _, size in server.taken())
        memory.look()
        result["scroll_ms"] = _scrolled(page)
        memory.look()
        result["record_ms"] = _record(page)
        memory.look()
        result["renderer_mb"] = memory.largest >> 20
        result["page_errors"] = problems
        browser.close()
    return result


def _drawn(page: Page) -> None:
    expect(page.locator(".record-link bdi").first).to_be_visible(timeout=60_000)


def _scrolled(page: Page) -> int:
    """Milliseconds until rows are drawn after a jump to the middle of all rows."""
    page.locator("#search").fill("")
    page.locator("#search").press("Enter")
    expect(page.locator(".summary[data-stage=final]")).to_be_visible(timeout=60_000)
    start = time.perf_counter()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    page.wait_for_timeout(100)
    _drawn(page)
    return round(1000 * (time.perf_counter() - start))


def _record(page: Page) -> int:
    """Milliseconds until the page of a record is shown."""
    page.evaluate("scrollTo(0, 0)")
    _drawn(page)
    start = time.perf_counter()
    page.locator(".record-link").first.click()
    dialog = page.get_by_role("dialog", name="Record")
    expect(dialog.get_by_role("heading", level=2)).to_be_visible(timeout=60_000)
    return round(1000 * (time.perf_counter() - start))


class _Memory:
    """The resident memory of the browser's renderers."""

    def __init__(self, browser: Browser) -> None:
        self._session = browser.new_browser_cdp_session()
        self.largest = 0

    def look(self) -> None:
        processes = self._session.send("SystemInfo.getProcessInfo")["processInfo"]
        for one in processes:
            status = Path(f"/proc/{one['id']}/status")
            if one["type"] == "renderer" and status.is_file():
                line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
                self.largest = max(self.largest, int(line.split()[1]) << 10)
