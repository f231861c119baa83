"""From the key that completes a query to painted results, over a large collection, as a person types."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import browsing, note, serving, show_results
from playwright.sync_api import Browser, Page
from query_site import typed_queries, write_large

from imagedb_site.packs import ModelPack
from imagedb_site.query.index import Floats

KEY_MS = 120
"""Milliseconds between two keys: a quick typist."""
ASKED, WARMING = 40, 20

WATCH = """() => {
  const state = { text: null, key: 0, painted: 0, pictures: 0 };
  window.latency = state;
  const box = document.querySelector("#search");
  addEventListener("keydown", (event) => { state.key = event.timeStamp; }, true);
  const afterPaint = (action) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => action(performance.now());
    port2.postMessage(null);
  });
  const look = () => {
    const list = document.querySelector("ul[data-key]");
    if (!state.text || !list || list.dataset.stage !== "final") return;
    const asked = new URLSearchParams(list.dataset.key.replace(/^[#?]/, "")).get("q");
    if (asked !== state.text || state.painted) return;
    const tiles = [...list.querySelectorAll("a[data-row]")]
      .filter((tile) => tile.getBoundingClientRect().top < innerHeight);
    if (!tiles.length) return;
    state.painted = -1;
    afterPaint((now) => { state.painted = now; });
  };
  const loaded = () => {
    if (state.pictures || !(state.painted > 0)) return;
    const seen = [...document.querySelectorAll("ul[data-key] a[data-row]")]
      .filter((tile) => tile.getBoundingClientRect().top < innerHeight);
    if (!seen.every((tile) => tile.querySelector("img.shown"))) return;
    state.pictures = -1;
    afterPaint((now) => { state.pictures = now; });
  };
  new MutationObserver(() => { look(); }).observe(document.querySelector("main"),
    { subtree: true, childList: true, attributes: true, attributeFilter: ["data-key", "data-stage"] });
  state.loaded = loaded;
}"""
"""Notes when the last key went down, and the end of the frame in which the final results stand."""

START = """(text) => {
  const state = window.latency;
  Object.assign(state, { text, key: 0, painted: 0, pictures: 0 });
}"""


def typed(page: Page, text: str) -> tuple[float, float]:
    """Type a query into the empty box, key by key; milliseconds from its last letter to painted results, and
    to all pictures in view."""
    page.focus("#search")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.wait_for_timeout(400)
    page.evaluate(START, text)
    page.keyboard.type(text, delay=KEY_MS)
    return _waited(page)


def pasted(page: Page, text: str) -> tuple[float, float]:
    """The same if the whole text is entered at once, followed by Enter; measured from Enter."""
    page.focus("#search")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.wait_for_timeout(400)
    page.evaluate(START, text)
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    return _waited(page)


def _waited(page: Page) -> tuple[float, float]:
    page.wait_for_function("() => window.latency.painted > 0", timeout=20_000, polling=50)
    page.wait_for_function(
        "() => { window.latency.loaded(); return window.latency.pictures > 0 }",
        timeout=20_000,
        polling=20,
    )
    key, painted, pictures = page.evaluate("[latency.key, latency.painted, latency.pictures]")
    return float(painted - key), float(pictures - key)


def longest_task(browser: Browser, page: Page, work: Callable[[], None]) -> tuple[float, float]:
    """The longest task of the page's main thread during `work`, from Chromium's trace: its milliseconds, and
    the most milliseconds of processor time that one took."""
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    work()
    trace = json.loads(browser.stop_tracing())["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in trace if e["name"] == "thread_name"}
    main = {where for where, name in names.items() if name == "CrRendererMain"}
    tasks = [
        (e["dur"] / 1000, e.get("tdur", 0) / 1000)
        for e in trace
        if e.get("ph") == "X" and (e["pid"], e["tid"]) in main and e["name"].endswith("RunTask")
    ]
    return max(wall for wall, _ in tasks), max(cpu for _, cpu in tasks)


def latency(
    pack: ModelPack,
    embeddings: Floats,
    count: int,
    median: Callable[[Sequence[float]], float],
    site: Path | None = None,
) -> dict[str, Any]:
    """Measure a site of `count` pictures: `site`, or a new one if `site` is None."""
    with tempfile.TemporaryDirectory() as place:
        if site is None:
            site = Path(place) / "site"
            note("writing the large site")
            write_large(site, pack, embeddings, count)
        queries = typed_queries(2 * ASKED + WARMING)
        with serving(site) as server, browsing() as page:
            show_results(page, server.url, queries.pop(), "all", 300)
            page.evaluate(WATCH)
            for _ in range(WARMING - 1):
                typed(page, queries.pop())
            note("typing")
            found: dict[str, list[tuple[float, float]]] = {"key": [], "enter": []}

            def ask() -> None:
                found["key"] += [typed(page, text) for text in queries[:ASKED]]
                found["enter"] += [pasted(page, text) for text in queries[ASKED:]]

            browser = page.context.browser
            assert browser is not None
            longest, busiest = longest_task(browser, page, ask)
    (key, pictures), (enter, _) = (zip(*found[name], strict=True) for name in ("key", "enter"))
    return {
        "key_to_paint_p50_ms": round(median(key), 1),
        "key_to_paint_p95_ms": round(float(np.quantile(key, 0.95)), 1),
        "key_to_pictures_p50_ms": round(median(pictures), 1),
        "enter_to_paint_p50_ms": round(median(enter), 1),
        "longest_task_ms": round(longest, 1),
        "longest_task_cpu_ms": round(busiest, 1),
        "latency_pictures": count,
    }
