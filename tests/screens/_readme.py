"""The picture of the README: results of the demo, small enough for a repository."""

from __future__ import annotations

import io

from PIL import Image
from playwright.sync_api import Browser

from screens._sites import ROOT
from screens._states import Visit

SIZE = (1280, 800)
FILE = ROOT / "docs" / "screenshot.webp"
MOST_BYTES = 200_000


def photograph_for_readme(browser: Browser, url: str, words: str) -> None:
    """Write docs/screenshot.webp. Raises ValueError if it would be larger than a repository should carry."""
    width, height = SIZE
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    visit = Visit(page, context, url, words)
    visit.search()
    page.wait_for_timeout(3000)
    page.evaluate("document.activeElement?.blur()")
    stream = io.BytesIO()
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(stream, "WEBP", quality=82, method=6)
    context.close()
    if stream.tell() > MOST_BYTES:
        raise ValueError(f"The picture has {stream.tell():,} bytes; the limit is {MOST_BYTES:,}.")
    FILE.write_bytes(stream.getvalue())
