"""Steps and checks on a page that several tests use."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from conftest import Visitor
from playwright.sync_api import FilePayload, Locator, Page, expect

from page_checks import audit as audit

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
SEND = """([kind, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const target = document.activeElement ?? document.body;
  const options = { bubbles: true, cancelable: true };
  if (kind === "paste") {
    target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, ...options }));
  } else {
    target.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, ...options }));
  }
}"""


def keep_for_offline(page: Page) -> None:
    """Let the service worker store the collection, and wait until it has."""
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.get_by_role("button", name="About this collection").click()
    page.get_by_role("button", name="Keep this collection offline").click(timeout=60_000)
    expect(page.get_by_text("This collection is stored on this device")).to_be_visible(
        timeout=60_000
    )
    page.keyboard.press("Escape")


def names(page: Page, count: int = 8) -> list[str]:
    """The names of the first tiles on screen, once they are known; look-alikes are one tile."""
    tiles = page.locator(".tile-link")
    assert tiles.count()
    found = []
    for index in range(min(count, tiles.count())):
        tile = tiles.nth(index)
        expect(tile).not_to_have_attribute("aria-label", re.compile(r"^Picture "))
        found.append(tile.get_attribute("aria-label") or "")
    return found


def first_name(page: Page) -> str:
    """The name of the first tile, once it is known."""
    tile = page.locator('.tile-link[data-index="0"]')
    expect(tile).not_to_have_attribute("aria-label", re.compile(r"^Picture "))
    return tile.get_attribute("aria-label") or ""


def send(page: Page, kind: str, *files: Path | FilePayload) -> None:
    """Drag files over the page, drop them, or paste them."""
    payloads = []
    for file in files:
        if isinstance(file, Path):
            payloads.append((file.name, "image/png", base64.b64encode(file.read_bytes()).decode()))
        else:
            content = base64.b64encode(file["buffer"]).decode()
            payloads.append((file["name"], file["mimeType"], content))
    page.evaluate(SEND, [kind, payloads])


def pick(page: Page, *files: Path | FilePayload) -> None:
    """Choose files by the button in the search box."""
    page.get_by_role("button", name="Search by picture").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose pictures").click()
    chosen: list[Any] = list(files)
    chooser.value.set_files(chosen)


def ready(visitor: Visitor, count: int = 1) -> Locator:
    """The cards of the query's pictures, once all are embedded and the results are shown."""
    cards = visitor.page.locator('.tray-card[data-state="ready"]')
    expect(cards).to_have_count(count, timeout=60_000)
    expect(visitor.page.locator(".summary")).to_have_attribute(
        "data-stage", "final", timeout=60_000
    )
    return cards


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until something has the focus."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    expect(wanted).to_be_focused()


def open_filters(page: Page) -> None:
    """Open the filters, unless they are open at first, as on a wide screen."""
    if page.locator("#filters").count() == 0:
        page.locator(".toolbar button[aria-controls=filters]").click()
