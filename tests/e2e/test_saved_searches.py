"""Saved searches: saved under a name, offered, opened, removed and restored; browsers without storage."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Visit
from playwright.sync_api import Locator, Page, expect
from steps import PHONE, audit

FULL = (
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
)


def opened(page: Page) -> Locator:
    """The dialog with the saved searches."""
    page.get_by_role("button", name="Saved searches").click()
    dialog = page.get_by_role("dialog", name="Saved searches")
    expect(dialog).to_be_visible()
    return dialog


def test_a_search_is_saved_found_again_and_removed(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#q=circle&mode=words&is.tags=red")
    visitor.settled("circle")
    found = page.locator(".summary").inner_text()
    dialog = opened(page)
    name = dialog.get_by_role("textbox", name="Name")
    expect(name).to_be_focused()
    expect(name).to_have_value("circle · Tags: red · by words")
    name.fill("Red ones \u202e<b>")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("This search is saved as")).to_be_visible()
    assert audit(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Saved searches")).to_be_focused()

    page.reload()
    page.get_by_role("link", name="Drawn shapes").click()
    expect(page.locator(".summary")).to_contain_text("180 pictures")
    page.locator("#search").click()
    option = page.get_by_role("option", name="Red ones")
    expect(option).to_contain_text("saved")
    option.click()
    expect(page.locator(".summary")).to_have_text(found)
    assert "is.tags=red" in page.url
    expect(page.locator("#search")).to_have_value("circle")

    page.get_by_role("link", name="Drawn shapes").click()
    dialog = opened(page)
    expect(dialog.get_by_role("textbox")).to_have_count(0)
    dialog.get_by_role("button", name="Remove Red ones").click()
    expect(dialog.get_by_role("listitem")).to_have_count(0)
    dialog.get_by_role("button", name="Undo").click()
    dialog.get_by_role("link", name="Red ones").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".summary")).to_have_text(found)


def test_a_browser_without_room_says_so(visit: Visit) -> None:
    visitor = visit()
    visitor.page.add_init_script(FULL)
    page = visitor.search("circle")
    dialog = opened(page)
    dialog.get_by_role("button", name="Save this search").click()
    expect(dialog.get_by_role("alert")).to_contain_text("did not store the search")
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("circle · by words")
    expect(dialog.get_by_role("listitem")).to_have_count(0)
    assert audit(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_saved_searches_on_a_phone(visit: Visit, scheme: str) -> None:
    settings: dict[str, Any] = {**PHONE, "color_scheme": scheme, "reduced_motion": "reduce"}
    visitor = visit(**settings)
    page = visitor.search("circle")
    dialog = opened(page)
    dialog.get_by_role("textbox", name="Name").fill("A rather long name of a search " * 3)
    dialog.get_by_role("button", name="Save this search").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    assert audit(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = dialog.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
