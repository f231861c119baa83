"""A link into the site: nothing moves while it opens, and the window and "Copy link" tell what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Visit
from playwright.sync_api import expect
from steps import PHONE

# Filters are open at first.
WIDE = {"viewport": {"width": 1440, "height": 900}}
SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("settings", [{}, WIDE, PHONE], ids=["desk", "wide", "phone"])
def test_nothing_moves_while_a_link_opens(visit: Visit, settings: dict[str, Any]) -> None:
    visitor = visit(service_workers="block", **settings)
    page = visitor.search("red circle", mode="all")
    link = page.locator('.tile-link[data-index="3"]').get_attribute("href") or ""
    visitor.context.add_init_script(SHIFTS)
    for view in (
        "",
        link,
        f"{link}&q=red+circle",
        "#q=red+circle&is.tags=red",
        "#data=",
        "#q=nonesuch&mode=words",
    ):
        page.goto("about:blank")
        visitor.open(view)
        if "image=" in view:
            expect(page.get_by_text("Image id")).to_be_visible()
            expect(page.locator(".similar img").first).to_be_attached()
        elif view == "#data=":
            expect(page.get_by_text("JSON lines")).to_be_visible()
        else:
            expect(page.locator(".summary[data-stage=final]")).to_be_visible(timeout=60_000)
        page.wait_for_timeout(1500)
        assert page.evaluate("window.shifts") <= 0.02, view


def test_the_window_names_the_picture_and_its_link_keeps_the_search(visit: Visit) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.search("red circle")
    expect(page).to_have_title("red circle – Drawn shapes")
    page.locator('.tile-link[data-index="0"]').click()
    heading = page.get_by_role("dialog").get_by_role("heading", level=2)
    expect(heading).not_to_have_text("…")
    expect(page).to_have_title(f"{heading.inner_text()} – red circle – Drawn shapes")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url and "q=red+circle" in link and "image=" in link
    page.keyboard.press("Escape")
    expect(page).to_have_title("red circle – Drawn shapes")


def test_a_phone_has_buttons_to_the_next_and_previous_picture(visit: Visit) -> None:
    page = visit(**PHONE).home()
    page.locator('.tile-link[data-index="0"]').tap()
    position = page.locator(".stage-position")
    expect(position).to_contain_text("1 of")
    page.get_by_role("button", name="Next picture").tap()
    expect(position).to_contain_text("2 of")
    page.get_by_role("button", name="Previous picture").tap()
    expect(position).to_contain_text("1 of")


def test_offline_pictures_never_seen_say_so_and_come_with_the_network(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("net::ERR", "Failed to load resource", "503")
    page = visitor.home()
    page.wait_for_timeout(500)
    visitor.context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    page.locator('.tile-link[data-index="0"]').focus()
    page.keyboard.press("End")
    away = page.get_by_text("Not on this device")
    expect(away.first).to_be_visible()
    expect(page.locator(".tile-retry")).to_have_count(0)
    visitor.context.set_offline(False)
    expect(away).to_have_count(0)
    expect(page.locator(".tile-link img.shown").last).to_be_visible()


def test_offline_the_detail_view_says_that_the_picture_is_not_here(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("net::ERR", "Failed to load resource")
    # Number 0 of each colour is large: its view is a file of its own.
    page = visitor.open("#q=%22red+circle+drawn+number+0%22&mode=words")
    large = page.get_by_role("link", name="A red circle, drawn number 0")
    expect(large).to_be_visible()
    visitor.context.set_offline(True)
    large.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You are offline, and the larger picture isn't on this device.")
    expect(dialog.get_by_role("button", name="Retry")).to_have_count(0)
    visitor.context.set_offline(False)
    expect(dialog.locator(".stage-failed")).to_have_count(0)
