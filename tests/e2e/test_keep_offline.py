"""A visitor keeps a whole collection on the device, checks it and removes it."""

from __future__ import annotations

import re

from conftest import COUNT, Visit, eventually
from playwright.sync_api import Page, expect
from steps import audit, keep_for_offline

CACHES = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    const keys = await (await caches.open(name)).keys();
    for (const kind of ["offline", "data"]) if (name.includes(` ${kind} `)) found[kind] = keys.length;
  }
  return found;
}"""


EVICT = """async () => {
  for (const name of await caches.keys()) if (name.includes(" offline ")) await caches.delete(name);
}"""


def stored(page: Page) -> dict[str, int]:
    found: dict[str, int] = page.evaluate(CACHES)
    return found


def about(page: Page) -> None:
    page.get_by_role("button", name="About this collection").click()


def test_a_collection_is_kept_checked_and_removed(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    keep_for_offline(page)
    assert stored(page)["offline"] > 0
    # The wish is remembered: another visit keeps what a new build or the browser may have removed.
    page.evaluate(EVICT)
    page.reload()
    expect(page.locator(".summary[data-stage=final]")).to_contain_text(f"{COUNT} pictures")
    eventually(lambda: stored(page).get("offline", 0) > 0, 60)
    visitor.context.set_offline(True)
    page.reload()
    expect(page.locator(".summary[data-stage=final]")).to_contain_text(f"{COUNT} pictures")
    # Every picture is there, the last one too, although nobody has looked at it.
    page.locator(".tile-link").first.focus()
    page.keyboard.press("End")
    last = page.locator(f'.tile-link[data-index="{COUNT - 1}"]')
    expect(last).to_be_focused()
    eventually(lambda: page.locator(".tile img").count() > 0)
    visitor.context.set_offline(False)
    about(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Check the stored files").click(timeout=60_000)
    expect(dialog.get_by_text(re.compile(r"^Checked \d+ files: all are whole\."))).to_be_visible(
        timeout=30_000
    )
    assert audit(page) == []
    dialog.get_by_role("button", name="Remove from this device").click()
    expect(dialog.get_by_role("button", name="Remove from this device")).to_have_count(0)
    eventually(lambda: stored(page).get("offline", 0) == 0)


def test_storing_can_be_paused_and_continued(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    held: list[object] = []
    visitor.context.route("**/thumbs/**", lambda route: held.append(route))
    about(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Keep this collection offline").click(timeout=60_000)
    expect(dialog.get_by_text(re.compile(r"^Storing the collection: ")).first).to_be_visible(
        timeout=30_000
    )
    dialog.get_by_role("button", name="Pause").click()
    expect(dialog.get_by_text(re.compile(r"^Paused: .+ of .+ are stored\."))).to_be_visible()
    visitor.context.unroute("**/thumbs/**")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_text("This collection is stored on this device")).to_be_visible(
        timeout=60_000
    )
