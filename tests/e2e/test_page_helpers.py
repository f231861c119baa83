"""What helps on every page: messages with a way back, the link past the header, the way back to the top."""

from __future__ import annotations

import re

from conftest import Visit, eventually
from playwright.sync_api import Page, expect
from steps import PHONE, audit

# Whether a message can be touched where it is drawn: nothing lies on it.
ON_TOP = """(toast) => {
  const box = toast.getBoundingClientRect();
  return toast.contains(document.elementFromPoint(box.left + 30, box.top + box.height / 2));
}"""

# Takes the selection away and presses the key as soon as the message exists, before the browser paints it.
KEY_AT_ONCE = """() => {
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".toast")) return;
    observer.disconnect();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "z", ctrlKey: true, bubbles: true }));
  }).observe(document.body, { childList: true, subtree: true });
  document.querySelector('[aria-label="Clear the selection"]').click();
}"""


def choose(page: Page, count: int) -> None:
    page.locator('.tile-link[data-index="0"]').focus()
    for number in range(count):
        page.keyboard.press("x")
        expect(page.locator(".selection-count")).to_have_text(f"{number + 1} selected")
        page.keyboard.press("ArrowRight")


def test_a_cleared_selection_can_be_taken_back(visit: Visit) -> None:
    page = visit().home()
    toast = page.locator(".toast")
    choose(page, 3)
    page.keyboard.press("Escape")
    expect(toast).to_contain_text("3 pictures are no longer selected.")
    expect(page.locator(".selection")).to_have_count(0)
    assert audit(page) == []
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".selection-count")).to_have_text("3 selected")
    expect(toast).to_have_count(0)
    page.get_by_role("button", name="Clear the selection").click()
    expect(toast).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.locator(".selection-count")).to_have_text("3 selected")
    expect(toast).to_have_count(0)


def test_a_key_counts_as_soon_as_its_message_exists(visit: Visit) -> None:
    page = visit().home()
    choose(page, 3)
    page.evaluate(KEY_AT_ONCE)
    expect(page.locator(".selection-count")).to_have_text("3 selected")
    expect(page.locator(".toast")).to_have_count(0)


def test_one_choice_is_not_worth_a_message(visit: Visit) -> None:
    page = visit().home()
    choose(page, 1)
    page.keyboard.press("Escape")
    expect(page.locator(".selection")).to_have_count(0)
    page.wait_for_timeout(300)
    expect(page.locator(".toast")).to_have_count(0)


def test_a_message_stays_while_somebody_is_at_it(visit: Visit) -> None:
    visitor = visit()
    visitor.page.clock.install()
    page = visitor.home()
    toast = page.locator(".toast")
    choose(page, 2)
    page.keyboard.press("Escape")
    toast.hover()
    page.clock.run_for(20_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 300)
    page.clock.run_for(13_000)
    expect(toast).to_have_count(0)


def test_messages_lie_on_an_open_dialog(visit: Visit) -> None:
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.home()
    page.locator('.tile-link[data-index="0"]').click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Copy link").click()
    toast = page.locator(".toast")
    expect(toast).to_have_text("Link copied")
    expect(dialog.locator(".toast")).to_have_count(1)
    assert toast.evaluate(ON_TOP)
    # It goes on below the dialog if that is closed.
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(toast).to_have_text("Link copied")


def test_a_message_whose_script_is_missing_is_plain_text(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.tolerate("net::ERR_FAILED", "Failed to load resource")
    visitor.context.route("**/assets/toast.*", lambda route: route.abort())
    page = visitor.home()
    page.locator('.tile-link[data-index="0"]').click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".toast")).to_have_text("Link copied")
    expect(page.locator(".toast")).to_have_count(0, timeout=15_000)


def test_the_first_key_leads_past_the_header(visit: Visit) -> None:
    # On a desk the page gives the focus to the search box, two steps further.
    page = visit(**PHONE).home()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the results")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box and box["x"] >= 0 and box["y"] >= 0 and box["width"] > 100 and box["height"] >= 44
    assert audit(page) == []
    page.keyboard.press("Enter")
    expect(page.locator('.tile-link[data-index="0"]')).to_be_focused()
    assert "#main" not in page.url
    assert skip.evaluate("(link) => link.getBoundingClientRect().width") <= 1


def test_the_first_key_on_the_data_page(visit: Visit) -> None:
    page = visit().open("#data=")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    expect(page.locator("#search")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_back_to_the_top(visit: Visit) -> None:
    for settings in ({}, PHONE):
        page = visit(**settings).home()
        button = page.get_by_role("button", name="Back to top")
        expect(button).to_have_count(0)
        page.mouse.wheel(0, 900 * 4)
        expect(button).to_be_visible()
        box, size = button.bounding_box(), page.viewport_size
        assert box and size and box["width"] >= 44 and box["x"] + box["width"] <= size["width"]
        expect(page.locator(".tile-link img.shown").first).to_be_visible()
        assert audit(page) == []
        button.click()
        eventually(lambda page=page: page.evaluate("scrollY") == 0)
        expect(button).to_have_count(0)
        expect(page.locator("#main")).to_be_focused()
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.closest('main') !== null")
        assert focused, page.evaluate("document.activeElement.outerHTML")


def test_what_was_removed_is_named_in_the_dialog(visit: Visit) -> None:
    """The page below cannot be used while the dialog is open, so its message would be lost."""
    visitor = visit()
    page = visitor.home()
    page.get_by_role("button", name="Add pictures").click()
    png = page.evaluate(
        """() => new Promise((done) => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 80;
          canvas.getContext("2d").fillRect(10, 10, 40, 40);
          canvas.toBlob((blob) => blob.arrayBuffer().then((bytes) => done([...new Uint8Array(bytes)])));
        })"""
    )
    page.set_input_files(
        '[data-add="files"]', {"name": "dot.png", "mimeType": "image/png", "buffer": bytes(png)}
    )
    page.locator(".entry").get_by_role("button", name="Remove").click(timeout=60_000)
    toast = page.get_by_role("dialog").locator(".toast")
    expect(toast).to_have_text(re.compile("“dot.*” was removed.Undo"))
    assert toast.evaluate(ON_TOP)
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".entry[data-id]")).to_have_count(1)
