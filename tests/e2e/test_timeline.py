"""Pictures by date: headings of months, the handle that tells them, and what has no date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host, Visit, Visitor
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect
from record_sites import write_records
from steps import PHONE, audit

from imagedb_site.build import build
from imagedb_site.config import BuildConfig

#: The dates of the pictures, newest first, and how many pictures have each.
DATES = {"2024-07-{:02}": 31, "2023-05-{:02}": 28, "2021-12-{:02}": 20, "2020": 4, "": 5}
HEADINGS = ["July 2024", "May 2023", "December 2021", "2020", "Without a date"]
COUNT = sum(DATES.values())


@pytest.fixture(scope="module")
def dated_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dated")
    pictures = folder / "pictures"
    pictures.mkdir()
    lines = ["file,title,taken"]
    for template, count in DATES.items():
        for day in range(1, count + 1):
            number = len(lines)
            colour = (number * 37 % 256, number * 91 % 256, number * 53 % 256)
            Image.new("RGB", (64, 64), colour).save(pictures / f"{number:03}.png")
            lines.append(f"{number:03}.png,Picture no. {number},{template.format(day)}")
    table = folder / "table.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    build(BuildConfig(pictures, folder / "site", metadata=(table,), model="none"))
    return folder / "site"


@pytest.fixture
def host(dated_site: Path) -> Iterator[Host]:
    server = Host(dated_site, mount="/shapes/")
    yield server
    server.stop()


def handle(page: Page) -> Locator:
    return page.get_by_role("slider", name="Place in the results")


def headings(page: Page) -> list[str]:
    return page.locator(".period h2").all_inner_texts()


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["wide", "phone"])
def test_pictures_stand_below_their_months(visit: Visit, settings: dict[str, object]) -> None:
    visitor = visit(**settings)
    page = visitor.open()
    expect(page.get_by_role("heading", name="July 2024")).to_be_visible()
    expect(page.locator(".period").first).to_have_text("July 202431")
    expect(page.get_by_label("Sort by").locator("option:checked")).to_have_text("Newest first")
    first = page.locator(".tile-link[data-index='0']")
    heading = page.locator(".period").first.bounding_box()
    tile = first.bounding_box()
    assert heading and tile and abs(heading["y"] + heading["height"] - tile["y"]) <= 1
    # In the document a heading stands before its first picture.
    order = ".period:first-of-type + .tile, .this-day + .period + .tile"
    expect(page.locator(order).locator("[data-index='0']")).to_have_count(1)
    assert audit(page) == []
    first.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="Without a date")).to_be_visible()
    expect(page.locator(f".tile-link[data-index='{COUNT - 1}']")).to_be_focused()
    # The other way round, what has no date is still at the end.
    page = visitor.open("#sort=taken")
    expect(page.locator(".period h2").nth(1)).to_have_text("December 2021")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("heading", name="Without a date")).to_be_visible()


def test_who_has_scrolled_stays_there_when_the_pictures_come(visit: Visit) -> None:
    visitor = visit(**PHONE)
    page = visitor.page
    # A busy device: the list changes between scrolling and the next frame.
    page.add_init_script(
        "const later = setTimeout; window.requestAnimationFrame ="
        " (call) => later(() => call(performance.now()), 800)"
    )
    held: list[Route] = []
    page.route("**/assets/dated.*.js*", lambda route: held.append(route))
    visitor.open("#sort=taken")
    # The place of the list is there, its headings are not known.
    page.locator("#results").wait_for()
    assert held
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", name="Without a date")).to_be_visible()
    expect(page.locator(f".tile-link[data-index='{COUNT - 1}']")).to_be_in_viewport()


def test_nothing_moves_when_the_headings_come(visit: Visit) -> None:
    visitor = visit()
    visitor.page.add_init_script(
        """window.moved = 0; new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.moved += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page = visitor.open()
    expect(page.get_by_role("heading", name="July 2024")).to_be_visible()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    assert page.evaluate("window.moved") <= 0.02


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["wide", "phone"])
def test_the_handle_tells_the_month(visit: Visit, settings: dict[str, object]) -> None:
    page = visit(**settings).open()
    expect(page.get_by_role("heading", name="July 2024")).to_be_visible()
    expect(handle(page)).to_be_attached()
    page.evaluate("scrollBy(0, 300)")
    expect(page.locator(".scrubber.awake")).to_be_attached()
    box = handle(page).bounding_box()
    assert box and box["height"] >= 44
    x, height = box["x"] + box["width"] / 2, page.evaluate("innerHeight")
    page.mouse.move(x, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(x, 0.6 * height, steps=5)
    bubble = page.locator(".scrubber.says .scrubber-bubble")
    expect(bubble.locator(".scrubber-value")).to_have_text("May 2023")
    expect(bubble).to_contain_text(f"of {COUNT}")
    expect(page.locator(".scrubber-years")).to_contain_text("2024")
    expect(page.locator(".scrubber-years")).to_contain_text("2020")
    assert audit(page) == []
    page.mouse.up()
    expect(handle(page)).to_have_attribute("aria-valuetext", re.compile("^May 2023"))
    handle(page).focus()
    page.keyboard.press("Home")
    expect(handle(page)).to_have_attribute("aria-valuetext", f"Jul 2024, picture 1 of {COUNT}")
    page.keyboard.press("End")
    last = f"Without a date, picture {COUNT} of {COUNT}"
    expect(handle(page)).to_have_attribute("aria-valuetext", last)


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["wide", "phone"])
def test_the_calendar_leads_to_a_month_and_filters_by_a_day(
    visit: Visit, settings: dict[str, object]
) -> None:
    page = visit(**settings).open()
    page.get_by_role("button", name="Calendar").click()
    dialog = page.get_by_role("dialog", name="Calendar")
    expect(dialog.get_by_label("Year", exact=True).locator("option")).to_have_text(
        ["2024 (31)", "2023 (28)", "2021 (20)", "2020 (4)"]
    )
    expect(dialog.get_by_role("button", name="Jul 2024, 31 pictures")).to_be_enabled()
    expect(dialog.get_by_role("button", name="Jun 2024, 0 pictures")).to_be_disabled()
    dialog.get_by_role("button", name="Earlier year").click()
    dialog.get_by_role("button", name="May 2023, 28 pictures").click()
    expect(dialog.locator(".calendar-foot p")).to_have_text("May 2023: 28 pictures")
    assert audit(page) == []
    dialog.get_by_role("button", name="Go there").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", name="May 2023")).to_be_in_viewport()
    expect(page.locator(".tile-link:focus")).to_have_attribute("data-index", "31")
    page.get_by_role("button", name="Calendar").click()
    dialog.get_by_label("Year", exact=True).select_option("2023 (28)")
    dialog.get_by_role("button", name="May 2023, 28 pictures").focus()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="1 May 2023, 1 picture", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(dialog.locator(".calendar-foot p")).to_have_text("May 9, 2023: 1 picture")
    dialog.get_by_role("button", name="Show only these").click()
    expect(page).to_have_url(re.compile("is.taken=2023-05-09"))
    expect(page.locator(".summary")).to_contain_text(f"1 of {COUNT}")
    page.get_by_role("button", name="Calendar").click()
    dialog.get_by_role("button", name="All dates").click()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["wide", "phone"])
def test_the_start_page_leads_to_this_day(visit: Visit, settings: dict[str, object]) -> None:
    visitor = visit(**settings)
    visitor.page.clock.set_fixed_time("2026-07-03T12:00:00")
    page = visitor.open()
    link = page.get_by_role("link", name="On this day: 2024")
    expect(link).to_be_visible()
    line, heading = link.bounding_box(), page.locator(".period h2").first.bounding_box()
    assert line and heading and line["y"] + line["height"] <= heading["y"]
    assert audit(page) == []
    link.click()
    expect(page.locator(".summary")).to_contain_text(f"1 of {COUNT}")
    expect(page.get_by_role("link", name="On this day")).to_have_count(0)
    page.go_back()
    expect(link).to_be_visible()


def test_no_other_year_has_this_day(visit: Visit) -> None:
    visitor = visit()
    visitor.page.clock.set_fixed_time("2026-03-03T12:00:00")
    page = visitor.open()
    expect(page.get_by_role("heading", name="July 2024")).to_be_visible()
    expect(page.get_by_role("link", name="On this day")).to_have_count(0)


def test_only_the_grid_has_headings(visit: Visit) -> None:
    page = visit().open("#view=list")
    expect(page.locator(".record-link").first).to_be_visible()
    expect(page.locator(".period")).to_have_count(0)
    handle(page).focus()
    page.keyboard.press("End")
    expect(handle(page)).to_have_attribute(
        "aria-valuetext", f"Without a date, picture {COUNT} of {COUNT}"
    )


def test_a_filtered_list_has_its_own_headings(visit: Visit) -> None:
    page = visit().open("#is.taken=2023&is.taken=2020")
    expect(page.locator(".summary")).to_contain_text("32 of 88")
    expect(page.get_by_role("heading", name="May 2023")).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("heading", name="2020")).to_be_visible()
    assert "July 2024" not in headings(page)


def test_without_dates_there_is_nothing(browser: Browser, tmp_path: Path) -> None:
    host = Host(write_records(tmp_path / "site", count=90, pictured=1), mount="/shapes/")
    visitor = Visitor(browser.new_context(), host)
    page = visitor.open("#view=grid")
    expect(page.locator(".tile-link").first).to_be_visible()
    expect(page.get_by_label("Sort by").locator("option:checked")).to_have_text("Default order")
    page.evaluate("scrollBy(0, 900)")
    expect(page.locator(".period")).to_have_count(0)
    expect(handle(page)).to_have_count(0)
    # These records have another date. Nothing is ordered by it unless a visitor asks for that.
    page = visitor.open("#view=grid&sort=-made")
    expect(page.locator(".period").first).to_be_visible()
    visitor.check()
    visitor.context.close()
    host.stop()


def test_a_typed_month_is_offered_as_a_date(visit: Visit) -> None:
    page = visit().open()
    page.locator("#search").fill("may 2023")
    page.get_by_role("option", name="May 2023 Taken").click()
    expect(page.locator(".summary")).to_contain_text("among 28 pictures")
    expect(page.locator(".tile-link").first).to_be_visible()
