"""The map of meaning in Chromium: what it loads, when its first points are drawn, how smoothly it moves.

A visit opens the map by a link, with an empty cache. Frames are the times between two drawings while the
map is dragged and zoomed, one movement for each frame; Chromium draws without a GPU here, which is the
worst case. The size of the window is 1280 × 800.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from harness import ROOT, browsing, note
from map_peer import peer_keys
from map_site import write
from playwright.sync_api import Page
from shaped import on_line
from vector_visit import renderer_memory

SIZES = (10_000, 100_000, 270_000, 1_000_000)
FOLDER = ROOT / ".cache" / "bench-map"
_MAIN = 100_000
FRAMES = 240
TIMEOUT_MS = 240_000
GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""Drawing without a GPU."""

_MARK = """() => performance.getEntriesByName("imagedb map drawn")[0]?.startTime ?? 0"""
_FRAMES = """async (frames) => {
  const stage = document.querySelector(".map-stage");
  const { left, top, width, height } = stage.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const send = (type, dx) => stage.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "mouse", button: 0, buttons: type === "pointerup" ? 0 : 1,
    clientX: x + dx, clientY: y, bubbles: true,
  }));
  const wheel = (deltaY) => stage.dispatchEvent(new WheelEvent("wheel", {
    deltaY, clientX: x, clientY: y, bubbles: true, cancelable: true,
  }));
  stage.setPointerCapture = () => {};
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  let last = await frame();
  send("pointerdown", 0);
  for (let i = 0; i < frames; i++) {
    if (i === frames / 2) send("pointerup", 0);
    if (i < frames / 2) send("pointermove", 60 * Math.sin(i / 9));
    else wheel(i < 3 * frames / 4 ? -40 : 40);
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}"""


def site_of(count: int) -> Path:
    """A site with a map of `count` points. It is kept: writing the largest one takes minutes."""
    site = FOLDER / str(count)
    if not (site / "manifest.json").is_file():
        note(f"writing a site of {count:,} rows")
        shutil.rmtree(site, ignore_errors=True)
        write(site, count)
    return site


def _drawn(page: Page) -> float:
    page.locator(".map[data-loaded]").wait_for()
    while not (at := page.evaluate(_MARK)):
        page.wait_for_timeout(20)
    return float(at)


def _all_loaded(page: Page) -> None:
    blocks = page.locator(".map").get_attribute("data-blocks")
    page.locator(f'.map[data-loaded="{blocks}"]').wait_for()
    page.wait_for_timeout(1000)


def page_keys(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """The keys of each size, and those of 100,000 points, if they are measured, without a size, too."""
    keys: dict[str, Any] = {"points": list(sizes)}
    for count in sizes:
        name = f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}m"
        note(f"a map of {count:,} points in Chromium")
        with on_line(site_of(count)) as host, browsing(1280, 800, *GL) as page:
            page.set_default_timeout(TIMEOUT_MS)
            page.goto(f"{host.url}#view=map", wait_until="commit")
            drawn = _drawn(page)
            _all_loaded(page)
            sent = host.taken()
            times = page.evaluate(_FRAMES, FRAMES)
            memory = renderer_memory()
        found = {
            "load_bytes": sum(size for path, size in sent),
            "map_bytes": sum(size for path, size in sent if path.startswith("data/map-")),
            "first_frame_ms": round(drawn),
            "frame_p50_ms": round(float(np.percentile(times, 50)), 1),
            "frame_p95_ms": round(float(np.percentile(times, 95)), 1),
            "renderer_rss_mb": memory,
        }
        note(str(found))
        keys |= {f"{key}_{name}": value for key, value in found.items()}
        if count == _MAIN:
            keys |= found
    return keys | peer_keys(_MAIN)
