"""A first visit: what it downloads until each stage, how long the stages take on a slow line, and what moves.

    make bench NAME=visit            # 4,726 photographs; the built site is kept in .cache/bench-visit

Every visit starts with an empty cache, in Chromium, and reaches the site over a line that all connections
share, with gzip for text as static hosts have it. FAST is 40 ms and 20 Mbit/s, SLOW 150 ms and 1.6 Mbit/s.
Bytes are those of the bodies of all answers since the visit began.

first_tiles_bytes   until all thumbnails in view are shown (the larger of desk and phone)
words_bytes         until the first results by words are shown, in a visit by a link to a search (the larger
                    of both lines)
semantic_bytes      … the first results by meaning
refined_bytes       … the final results
words_ms            milliseconds from Enter to the first results by words, on the slow line; the text is typed
semantic_ms         … to the first results by meaning; refined_ms to the final ones; _fast on the fast line
idle_bytes          a visit without a search, until nothing has been sent for a while (fast line)
cls                 cumulative layout shift of the start page and of a link to a search, on a desk and on
                    a phone (slow line)
static_r10          R@10 of static rows on captioned validation pictures
tower_r10           … of the text tower

The text has several words, none of which is among the frequent words of the built-in model. Keys are
pressed every 50 ms, which is faster than people type, once the thumbnails in view are shown.
"""

from __future__ import annotations

import argparse
import bisect
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from first_tiles import SHOWN, VIEWS
from harness import ROOT, browsing, collection, emit, note, run_cli
from playwright.sync_api import Page
from shaped import Line, LineServer, serving
from static_quality import static_quality

FAST = Line(0.040, 20e6 / 8)
SLOW = Line(0.150, 1.6e6 / 8)
CONNECTING = 2
"""Round trips before the first request of a connection: TCP and TLS."""
QUERY = "protestors voting for an amendment"
LINK = f"#q={quote(QUERY)}"
SITE = ROOT / ".cache" / "bench-visit" / "open"
BETWEEN_KEYS_MS = 50
TIMEOUT_S = 240
QUIET_S = 10
"""A visit is idle when nothing has been sent for so long."""
AT_LEAST_S = 20
"""The worker that keeps files for offline visits starts a moment after the page has settled."""
SEMANTIC = ("static", "final")
"""Stages of results by meaning, the first one first."""

# Records when results of each stage were drawn and when Enter was pressed (ms since 1970), and layout shifts.
WATCH = """(() => {
  const seen = window.visit = { stages: {}, enter: null, shifts: [] };
  const QUERY = ASKED;
  const now = () => performance.timeOrigin + performance.now();
  const look = () => {
    const list = document.querySelector("ul[data-key]");
    const asked = new URLSearchParams((list?.dataset.key ?? "").replace(/^[#?]/, "")).get("q");
    if (asked === QUERY && list.querySelector("a[data-row]")) seen.stages[list.dataset.stage] ??= now();
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-key", "data-stage"],
  });
  addEventListener("keydown", (event) => { if (event.key === "Enter") seen.enter = now(); }, true);
  const name = (node) => node ? `${node.nodeName}.${node.className?.baseVal ?? node.className ?? ""}` : "?";
  new PerformanceObserver((entries) => {
    for (const { value, hadRecentInput, startTime, sources } of entries.getEntries()) {
      if (!hadRecentInput) seen.shifts.push([startTime, value, sources.map(({ node }) => name(node))]);
    }
  }).observe({ type: "layout-shift", buffered: true });
})();""".replace("ASKED", json.dumps(QUERY))


class Host(LineServer):
    """Also knows how much had been sent at any moment."""

    def __init__(self, site: Path, line: Line) -> None:
        super().__init__(site, line)
        self.connecting_s = CONNECTING * line.latency_s
        self._times: list[float] = []
        self._totals = [0]

    def finish_request(self, request: Any, client_address: Any) -> None:
        time.sleep(self.connecting_s)
        # The browser closes connections whose answers it no longer needs.
        with suppress(ConnectionError):
            super().finish_request(request, client_address)

    def wait(self, size: int) -> None:
        super().wait(size)
        with self.lock:
            self._times.append(time.time())
            self._totals.append(self._totals[-1] + size)

    @property
    def sent(self) -> int:
        """The bytes of all bodies so far."""
        with self.lock:
            return self._totals[-1]

    def sent_by(self, moment: float) -> int:
        """The bytes that had been sent at a moment (seconds since 1970)."""
        with self.lock:
            return self._totals[bisect.bisect_right(self._times, moment)]


def build() -> Path:
    """The site of the photographs with today's program. Its pictures are derived only once."""
    root = collection("open")
    note("build the site")
    run_cli(
        "build", root / "images", "-o", SITE, "--metadata", root / "captions.jsonl",
        "--title", "Photographs", "--example", "people dancing together",
    )  # fmt: skip
    return SITE


@contextmanager
def visiting(
    site: Path, line: Line, address: str = "", view: str = "desk"
) -> Iterator[tuple[Host, Page]]:
    with serving(Host(site, line)) as host, browsing(*VIEWS[view]) as page:
        page.add_init_script(WATCH)
        page.set_default_timeout(TIMEOUT_S * 1000)
        page.goto(host.url + address, wait_until="commit")
        yield host, page


def tiles(site: Path, view: str) -> int:
    """Bytes until all thumbnails in view are shown."""
    with visiting(site, FAST, view=view) as (host, page):
        page.wait_for_function(SHOWN, polling="raf")
        return host.sent


def wait_final(page: Page) -> None:
    page.locator(".summary[data-stage=final]").wait_for()
    page.locator("ul.grid[data-stage=final] a[data-row]").first.wait_for()


def stages(page: Page) -> dict[str, float]:
    """When the first results by words, by meaning, and the final ones were shown (ms since 1970)."""
    page.wait_for_function("() => window.visit.stages.final", polling=100)
    seen = page.evaluate("window.visit.stages")
    return {
        "words": min(seen.values()),
        "semantic": min(seen[stage] for stage in SEMANTIC if stage in seen),
        "refined": seen["final"],
    }


def typed(site: Path, line: Line) -> dict[str, int]:
    """Milliseconds from Enter to each stage."""
    with visiting(site, line) as (_, page):
        page.wait_for_function(SHOWN, polling="raf")
        page.locator("#search").click()
        page.locator("#search").press_sequentially(QUERY, delay=BETWEEN_KEYS_MS)
        page.keyboard.press("Enter")
        moments = stages(page)
        enter = page.evaluate("window.visit.enter")
        return {name: round(moment - enter) for name, moment in moments.items()}


def linked(site: Path, line: Line) -> dict[str, int]:
    """Bytes until each stage of a link to a search."""
    with visiting(site, line, LINK) as (host, page):
        return {name: host.sent_by(moment / 1000) for name, moment in stages(page).items()}


def idle(site: Path) -> int:
    """Everything that a visit without a search downloads."""
    with visiting(site, FAST) as (host, _):
        began = time.monotonic()
        last, since = -1, began
        while time.monotonic() < max(since + QUIET_S, began + AT_LEAST_S):
            if host.sent != last:
                last, since = host.sent, time.monotonic()
            time.sleep(0.1)
        return last


def shift(site: Path, view: str, address: str) -> float:
    """Cumulative layout shift: the largest sum within five seconds without a second's pause."""
    with visiting(site, SLOW, address, view) as (_, page):
        if address:
            wait_final(page)
        page.wait_for_function(SHOWN, polling="raf")
        page.wait_for_timeout(1500)
        shifts = page.evaluate("window.visit.shifts")
    worst = total = 0.0
    first = last = -1e9
    for at, value, sources in shifts:
        if at - last > 1000 or at - first > 5000:
            first, total = at, 0.0
        last, total = at, total + value
        worst = max(worst, total)
        note(f"  {view} {address or 'home'}: {value:.4f} at {at:.0f} ms: {', '.join(sources)}")
    return round(worst, 4)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", type=Path, help="measure this site instead")
    parser.add_argument(
        "--only",
        help="tiles, link, search, idle, cls or quality",
        default="tiles,link,search,idle,cls,quality",
    )
    options = parser.parse_args()
    site = options.site or build()
    only = options.only.split(",")
    result: dict[str, Any] = {"query": QUERY}
    if "tiles" in only:
        note("first tiles")
        result["first_tiles_bytes"] = max(tiles(site, view) for view in VIEWS)
    if "link" in only:
        note("a link to a search")
        fast, slow = linked(site, FAST), linked(site, SLOW)
        result |= {f"{stage}_bytes": max(fast[stage], slow[stage]) for stage in fast}
    if "search" in only:
        note("a search")
        result |= {f"{stage}_ms": found for stage, found in typed(site, SLOW).items()}
        result |= {f"{stage}_ms_fast": found for stage, found in typed(site, FAST).items()}
    if "idle" in only:
        note("an idle visit")
        result["idle_bytes"] = idle(site)
    if "cls" in only:
        note("layout shifts")
        result["cls"] = {
            "home": shift(site, "desk", ""),
            "deep_link": shift(site, "desk", LINK),
            "phone": shift(site, "phone", ""),
            "phone_deep_link": shift(site, "phone", LINK),
        }
    if "quality" in only:
        note("static rows and the text tower")
        result |= static_quality()
    emit(result)


if __name__ == "__main__":
    main()
