"""The filters on wide screens and on phones."""

from __future__ import annotations

import re

from conftest import COUNT, Visit
from playwright.sync_api import expect
from steps import PHONE, audit

WIDE = {"viewport": {"width": 1440, "height": 900}}


def test_filters_are_open_on_a_wide_screen_until_they_are_closed(visit: Visit) -> None:
    page = visit(**WIDE).home()
    panel = page.get_by_role("complementary", name="Filters")
    expect(
        panel.get_by_role("group", name="Tags")
        .locator("li", has_text="red")
        .locator(".facet-count")
    ).to_have_text("36")
    assert audit(page) == []
    panel.get_by_role("button", name="Close filters").click()
    expect(panel).to_have_count(0)
    page.reload()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    expect(page.get_by_role("button", name="Filters")).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Filters").click()
    expect(panel).to_be_visible()


def test_counts_say_what_they_count(visit: Visit) -> None:
    visitor = visit(**WIDE)
    page = visitor.open("#q=red&mode=words")
    panel = page.get_by_role("complementary", name="Filters")
    expect(panel.locator(".filters-among")).to_have_text(
        "Counts are for the 36 pictures with the words."
    )
    circles = panel.get_by_role("group", name="Tags").locator("li", has_text="circle")
    expect(circles.locator(".facet-count")).to_have_text("9")


def test_the_sheet_of_a_phone_says_how_many_results_there_are(visit: Visit) -> None:
    page = visit(**PHONE).home()
    page.get_by_role("button", name="Filters").tap()
    sheet = page.get_by_role("dialog", name="Filters")
    expect(sheet.get_by_role("button", name=f"Show {COUNT} results")).to_be_visible()
    sheet.get_by_role("checkbox", name="red").tap()
    button = sheet.get_by_role("button", name="Show 36 results")
    expect(button).to_be_visible()
    button.tap()
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("list", name="Active filters")).to_contain_text("red")


def test_a_range_is_drawn_over_a_histogram_or_set_with_its_sliders(visit: Visit) -> None:
    page = visit(**WIDE).home()
    panel = page.get_by_role("complementary", name="Filters")
    # Opened if it is not among the first groups.
    expect(panel.locator("summary", has_text="Rating")).to_be_visible()
    rating = panel.locator("details", has=page.locator("summary", has_text="Rating"))
    if rating.get_attribute("open") is None:
        rating.locator("summary").click()
    sliders = rating.get_by_role("slider")
    expect(sliders).to_have_count(2)
    expect(sliders.first).to_have_attribute("aria-valuetext", "from 1")
    sliders.last.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Remove filter Rating")).to_be_visible()
    assert "in.rating=1..4" in page.url
    assert audit(page) == []
    bars = rating.locator(".histogram-bars span")
    first, second = bars.nth(1).bounding_box(), bars.nth(2).bounding_box()
    assert first and second
    page.mouse.move(first["x"] + 5, first["y"] + 30)
    page.mouse.down()
    page.mouse.move(second["x"] + 5, second["y"] + 30)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"in\.rating=2\.\.3"))


def test_a_group_without_values_is_folded_until_it_has_some(visit: Visit) -> None:
    page = visit(**WIDE).open("#q=nothingofthekind&mode=words")
    panel = page.get_by_role("complementary", name="Filters")
    tags = panel.locator("details", has=page.locator("summary", has_text="Tags"))
    expect(tags).not_to_have_attribute("open", re.compile(""), timeout=20_000)
    # It can still be opened, and says why it is empty.
    tags.locator("summary").click()
    expect(tags.get_by_text("No values")).to_be_visible()
    tags.locator("summary").click()
    page.locator("#search").fill("red")
    page.keyboard.press("Enter")
    expect(page.locator(".summary[data-stage=final]")).to_contain_text("36")
    expect(panel.locator(".facet-line").first).to_be_attached()
