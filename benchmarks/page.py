"""What the page itself costs: code before any search, things that move, and scrolling a long list.

    make bench NAME=page                            # builds the sites, which are kept in .cache
    make bench NAME=page ARGS="--steps 1000"        # scrolls less

first_js_css_bytes    scripts and styles until the pictures in view are shown, with gzip
first_files           … their paths and bytes
idle_js_css_bytes     the same, with what the page loads afterwards without being asked: the engine, dialogs,
                      filters; idle_files are those
cls_home, cls_deep_link, cls_phone   layout shift of the start page and of a link to a search on a desk, and
                      the larger of both on a phone (slow line, 4,726 photographs)
scroll_steps          steps of a row and a half each, down and up again, through 100,000 pictures; every
                      hundredth one is a jump to another place
scroll_rows_dropped   rows of the screen that had no tiles two frames after a step
scroll_frame_p95_ms   between two frames while scrolling
heap_growth_mb        JavaScript memory after the steps, less that before them, both after collecting garbage
dom_growth            elements after the steps, less those before them
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from first_tiles import SHOWN
from harness import browsing, emit, note
from map_page import site_of
from playwright.sync_api import Page
from shaped import on_line
from visit import LINK, build, shift

ROWS = 100_000
STEPS = 10_000
PART = 500
"""Steps in one call, so that progress is seen."""
TIMEOUT_MS = 240_000

# Scrolls by steps. After each one, whether every height of the screen that the list covers has a tile.
_SCROLL = """async ([first, steps]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const grid = document.querySelector("ul.grid");
  const tileHeight = grid.querySelector("li.tile").getBoundingClientRect().height;
  const times = [];
  let dropped = 0, last = await frame();
  for (let step = first; step < first + steps; step++) {
    const most = document.documentElement.scrollHeight - innerHeight;
    if (step % 100 === 99) scrollTo(0, most * ((step * 7919) % 10007) / 10007);
    else scrollBy(0, (step % 1000 < 600 ? 1 : -1) * 1.5 * tileHeight);
    times.push(-last + (last = await frame()));
    times.push(-last + (last = await frame()));
    const list = grid.getBoundingClientRect();
    const [top, bottom] = [Math.max(0, list.top), Math.min(innerHeight, list.bottom)];
    const boxes = [...grid.querySelectorAll(":scope > li")].map((tile) => tile.getBoundingClientRect());
    // Headings and gaps are lower than half a row.
    for (let y = top + tileHeight / 2; y < bottom - tileHeight / 2; y += tileHeight / 2) {
      if (!boxes.some((box) => box.top - tileHeight / 4 <= y && box.bottom + tileHeight / 4 >= y)) dropped++;
    }
  }
  return { times, dropped, at: scrollY };
}"""


def _code(taken: list[tuple[str, int]]) -> dict[str, int]:
    return {path: size for path, size in taken if path.endswith((".js", ".mjs", ".css"))}


def first_code(site: Path) -> dict[str, Any]:
    """The scripts and styles of a visit without a search, and without a service worker."""
    with on_line(site) as host, browsing() as opened:
        assert opened.context.browser is not None
        context = opened.context.browser.new_context(
            viewport={"width": 1280, "height": 720}, service_workers="block"
        )
        page = context.new_page()
        page.goto(host.url, wait_until="commit")
        page.wait_for_function(SHOWN, polling="raf")
        first = _code(host.taken())
        page.wait_for_timeout(5000)
        later = _code(host.taken())
    return {
        "first_js_css_bytes": sum(first.values()),
        "first_files": first,
        "idle_js_css_bytes": sum(first.values()) + sum(later.values()),
        "idle_files": later,
    }


def _heap(page: Page) -> tuple[float, int]:
    """Used JavaScript memory in MB after collecting garbage, and how many elements the page has."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    return used, int(page.evaluate("document.querySelectorAll('*').length"))


def scrolling(site: Path, steps: int) -> dict[str, Any]:
    with on_line(site) as host, browsing(1280, 800) as page:
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(host.url)
        page.wait_for_function(SHOWN, polling="raf")
        # The first steps fill caches of bounded size.
        page.evaluate(_SCROLL, [0, min(steps, PART)])
        before, elements = _heap(page)
        times: list[float] = []
        dropped = 0
        for first in range(0, steps, PART):
            found = page.evaluate(_SCROLL, [first, min(PART, steps - first)])
            times += found["times"]
            dropped += found["dropped"]
            note(f"  step {first + PART:,}: {dropped} rows dropped, at {found['at']:,.0f} px")
        page.wait_for_timeout(2000)
        after, elements_after = _heap(page)
    return {
        "scroll_steps": steps,
        "scroll_rows_dropped": dropped,
        "scroll_frame_p95_ms": round(float(np.percentile(times, 95)), 1),
        "heap_growth_mb": round(after - before, 1),
        "dom_growth": elements_after - elements,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--only", choices=("code", "cls", "scroll"))
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "page"}
    if options.only != "scroll":
        site = build()
        if options.only != "cls":
            note("code")
            result |= first_code(site)
        if options.only != "code":
            note("layout shifts")
            result["cls_home"] = shift(site, "desk", "")
            result["cls_deep_link"] = shift(site, "desk", LINK)
            result["cls_phone"] = max(shift(site, "phone", address) for address in ("", LINK))
    if options.only in (None, "scroll"):
        note("scrolling")
        result |= scrolling(site_of(ROWS), options.steps)
    emit(result)


if __name__ == "__main__":
    main()
