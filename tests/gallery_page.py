"""The gallery of all states of the interface: built, served, and opened until all is drawn."""

from __future__ import annotations

import io
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, FloatRect, Page

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_MS = 60_000
FRAME = "section.frame"
_SLICE = 4000
# A page of a site has one search box. Of a value of 10,000 characters four lines are shown.
ONLY_HERE = ("landmark-unique", 'low: <span class="facet-value"')


def build_gallery(to: Path) -> Path:
    """Builds tests/gallery. Raises subprocess.CalledProcessError if that fails."""
    command = ["node", "node_modules/vite/bin/vite.js", "build", "-c", "vite.gallery.config.ts"]
    subprocess.run(
        [*command, "--logLevel", "error"],
        cwd=ROOT / "web_assets",
        env={**os.environ, "GALLERY": str(to)},
        check=True,
        capture_output=True,
    )
    return to


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    """The address of a folder that is not a site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def open_gallery(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("html[data-gallery=ready]").wait_for(state="attached", timeout=PATIENCE_MS)


def unexpected(found: list[str]) -> list[str]:
    """What is wrong, without what only the gallery has."""
    return [one for one in found if not one.startswith(ONLY_HERE)]


def empty_frames(page: Page) -> list[str]:
    """The names of the frames in which nothing is drawn."""
    found: list[str] = page.eval_on_selector_all(
        f"{FRAME} .showcase",
        """(stages) => stages.filter((stage) => ![...stage.querySelectorAll("*")].some((element) => {
          const {width, height} = element.getBoundingClientRect();
          return width > 0 && height > 0;
        })).map((stage) => stage.parentElement.getAttribute("aria-label"))""",
    )
    return found


def photograph_whole(page: Page, path: Path) -> None:
    """Writes a picture of the whole page. Chromium repeats what is taller than its largest surface."""
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    whole = Image.new("RGB", (width, height))
    for top in range(0, height, _SLICE):
        clip: FloatRect = {"x": 0, "y": top, "width": width, "height": min(_SLICE, height - top)}
        try:
            part = page.screenshot(full_page=True, clip=clip)
        except Error:
            # The page is less tall while it is photographed: its end is reached.
            if not top:
                raise
            whole = whole.crop((0, 0, width, top))
            break
        whole.paste(Image.open(io.BytesIO(part)), (0, top))
    whole.save(path)
