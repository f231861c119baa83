"""Density and captions of the grid: chosen in a panel, remembered on the device, and nothing moves."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Visit
from playwright.sync_api import Page, expect
from steps import PHONE, audit, first_name

from page_checks import faults

# Layout shifts that the person has not caused, since the page was opened.
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
FIRST = '.tile:has([data-index="0"])'


def view_options(page: Page) -> None:
    page.locator(".toolbar").get_by_role("button", name="View").click()
    expect(page.get_by_role("group", name="View options")).to_be_visible()


def height(page: Page) -> float:
    box = page.locator(f"{FIRST} .tile-link").bounding_box()
    assert box
    return box["height"]


def test_captions_and_density_are_remembered(visit: Visit) -> None:
    visitor = visit(reduced_motion="reduce")
    visitor.context.add_init_script(SHIFTS)
    page = visitor.home()
    usual = height(page)
    expect(page.locator(".tile-below")).to_have_count(0)
    view_options(page)
    expect(page.get_by_role("radio", name="Comfortable")).to_be_focused()
    assert audit(page) == []
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Compact")).to_be_checked()
    page.get_by_role("checkbox", name="Captions").check()
    caption = page.locator(f"{FIRST} .tile-below")
    expect(caption).to_have_text(first_name(page))
    assert height(page) < 0.8 * usual
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="View options")).to_have_count(0)
    expect(page.locator(".viewing")).to_be_focused()
    # The caption is below the picture and within the tile.
    picture, below = page.locator(f"{FIRST} img").bounding_box(), caption.bounding_box()
    assert picture and below and below["y"] >= picture["y"] + picture["height"] - 1
    page.reload()
    expect(caption).to_have_text(first_name(page))
    assert height(page) < 0.8 * usual
    assert page.evaluate("window.shifted") < 0.02
    assert faults(page) == [] and audit(page) == []


def test_the_panel_closes_by_a_click_elsewhere_and_by_leaving_it(visit: Visit) -> None:
    page = visit().home()
    panel = page.get_by_role("group", name="View options")
    view_options(page)
    page.mouse.click(5, 400)
    expect(panel).to_have_count(0)
    view_options(page)
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(panel).to_have_count(0)
    view_options(page)
    page.locator(".viewing").click()
    expect(panel).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390])
def test_captions_are_there_at_first_on_touch(visit: Visit, width: int) -> None:
    settings: dict[str, Any] = PHONE | {"viewport": {"width": width, "height": 844}}
    page = visit(**settings).home()
    expect(page.locator(f"{FIRST} .tile-below")).to_have_text(first_name(page))
    view_options(page)
    assert faults(page) == [] and audit(page) == []
    page.get_by_role("checkbox", name="Captions").uncheck()
    expect(page.locator(".tile-below")).to_have_count(0)
    page.reload()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    expect(page.locator(".tile-below")).to_have_count(0)
