"""Steps and checks on a page that several tests use."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from conftest import ROOT, Visitor
from playwright.sync_api import FilePayload, Locator, Page, expect

AXE = ROOT / "web_assets" / "node_modules" / "axe-core" / "axe.min.js"
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


def audit(page: Page) -> list[str]:
    """The violations of WCAG 2.2 AA and best practices that axe rates as serious or critical."""
    if not page.evaluate("'axe' in window"):
        # Through the debugger, because the page's own policy forbids another script tag.
        page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found: dict[str, Any] = page.evaluate(
        """() => axe.run(document, {resultTypes: ["violations"], runOnly: {type: "tag",
          values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})"""
    )
    assert len(found["passes"]) > 5, "axe has checked nothing"
    return [
        f"{rule['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


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
