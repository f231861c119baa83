"""What lies beside an open picture: the film strip, and pictures taken around the same time."""

from __future__ import annotations

import re

from conftest import Visit, eventually
from playwright.sync_api import Page, expect
from steps import PHONE, audit
from test_deep_links import SHIFTS


def current(page: Page) -> str:
    """The name of the picture that the strip marks, once it is one."""
    marked = page.locator(".strip [aria-current]")
    expect(marked).to_have_count(1)
    return marked.get_attribute("aria-label") or ""


def test_the_strip_follows_and_leads(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.locator('.tile-link[data-index="3"]').click()
    position = page.locator(".stage-position")
    expect(page.locator(".strip img").first).to_be_visible()
    assert current(page) == "Picture 4 of 180"
    page.keyboard.press("ArrowRight")
    expect(position).to_have_text("5 of 180")
    assert current(page) == "Picture 5 of 180"
    page.locator(".strip").get_by_role("link", name="Picture 9 of 180", exact=True).click()
    expect(position).to_have_text("9 of 180")
    # One stop of the Tab key, which goes along with the arrow keys.
    expect(page.locator('.strip a[tabindex="0"]')).to_have_count(1)
    page.locator(".strip [aria-current]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strip [aria-current]")).to_be_focused()
    assert current(page) == "Picture 10 of 180"
    # Far along, in a page of results that was not loaded yet; few pictures are drawn at a time.
    page.locator(".strip").evaluate("(strip) => { strip.scrollLeft = 165 * 56; }")
    page.locator(".strip").get_by_role("link", name="Picture 178 of 180", exact=True).click()
    expect(position).to_have_text("178 of 180")
    assert page.locator(".strip li").count() < 40
    assert audit(page) == []
    # It stays closed where there is no room.
    page.set_viewport_size({"width": 720, "height": 450})
    expect(page.locator(".strip")).to_have_count(0)
    page.set_viewport_size({"width": 1270, "height": 860})
    expect(page.locator(".strip")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".strip")).to_be_hidden()


def test_the_strip_on_a_phone_moves_under_a_finger_and_nothing_else_moves(visit: Visit) -> None:
    visitor = visit(**PHONE, service_workers="block", reduced_motion="reduce")
    page = visitor.home()
    link = page.locator('.tile-link[data-index="5"]').get_attribute("href") or ""
    visitor.context.add_init_script(SHIFTS)
    page.goto("about:blank")
    visitor.open(link)
    expect(page.locator(".strip img").first).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifts") <= 0.02
    box = page.locator(".strip").bounding_box()
    picture = page.locator(".stage-picture").bounding_box()
    assert box and picture and picture["y"] + picture["height"] <= box["y"] + 0.5
    page.locator(".strip").get_by_role("link", name="Picture 8 of 180", exact=True).tap()
    expect(page.locator(".stage-position")).to_have_text("8 of 180")
    assert page.evaluate("document.querySelector('dialog').scrollWidth") == 390


def test_pictures_around_the_same_time(visit: Visit) -> None:
    visitor = visit()
    page = visitor.search("red circle")
    page.locator('.tile-link[data-index="0"]').click()
    near = page.get_by_role("region", name="Around the same time")
    place = page.locator(".similar-place")

    def shown() -> bool:
        # The details may be drawn again while the search loads.
        place.evaluate("(one) => one.scrollIntoView()")
        return near.locator("img").count() == 6

    eventually(shown)
    expect(near.locator("[aria-current]")).to_have_count(1)
    # Their names are learned a little later.
    other = near.locator("a:not([aria-current])[title]").first
    expect(other).to_be_visible()
    assert audit(page) == []
    name = other.get_attribute("aria-label") or ""
    day = near.get_by_role("link", name=re.compile("^All from .*March"))
    other.click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text(name)
    day.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".summary")).to_contain_text("20 of 180 pictures")
    assert "sort=painted" in page.url
