"""Lists that are taller than browsers draw: every row is reached, by scrolling, keys and the handle.

A page draws less of a list where a CSS pixel is many pixels of the screen. So a made-up zoom makes
a list of 1,200 rows behave as one of a million does at a usual zoom.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Host, Visit, still
from playwright.sync_api import Locator, Page, expect
from record_sites import write_records
from steps import PHONE, audit

COUNT = 1200
TALLEST = 12_000
ZOOM = f"Object.defineProperty(window, 'devicePixelRatio', {{ get: () => {24_000_000 / TALLEST} }})"
RESULT = ".tile-link, .record-link"
VIEWS: list[Any] = [
    pytest.param("grid", {}, id="grid"),
    pytest.param("list", {}, id="list"),
    pytest.param("table", {}, id="table"),
    pytest.param("grid", PHONE, id="grid-phone"),
    pytest.param("list", PHONE, id="list-phone"),
]


@pytest.fixture(scope="module")
def long_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_records(tmp_path_factory.mktemp("long") / "site", count=COUNT, pictured=1)


@pytest.fixture
def host(long_site: Path) -> Iterator[Host]:
    server = Host(long_site, mount="/shapes/")
    yield server
    server.stop()


def opened(visit: Visit, view: str, settings: dict[str, Any], more: str = "") -> Page:
    visitor = visit(**settings)
    visitor.page.add_init_script(ZOOM)
    page = visitor.open(f"#view={view}{more}")
    expect(result(page, 0)).to_be_visible()
    drawn = page.locator("[data-stage=final][data-key]").evaluate("element => element.offsetHeight")
    assert drawn == TALLEST
    return page


def result(page: Page, index: int) -> Locator:
    return page.locator(f":is({RESULT})[data-index='{index}']")


def handle(page: Page) -> Locator:
    return page.get_by_role("slider", name="Place in the results")


def first_seen(page: Page) -> int:
    """The place of the first result that lies below the header, once the page is still."""
    still(page)
    expect(page.locator(".grid-waiting, .records-waiting")).to_have_count(0)
    return int(
        page.evaluate(
            """(results) => Math.min(...[...document.querySelectorAll(results)]
              .filter((link) => link.closest("li, [role=row]").getBoundingClientRect().bottom > 150)
              .map((link) => Number(link.dataset.index)))""",
            RESULT,
        )
    )


@pytest.mark.parametrize(("view", "settings"), VIEWS)
def test_every_row_is_reached(visit: Visit, view: str, settings: dict[str, Any]) -> None:
    page = opened(visit, view, settings)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(result(page, COUNT - 1)).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(result(page, 0)).to_be_in_viewport()
    result(page, 0).focus()
    page.keyboard.press("End")
    expect(result(page, COUNT - 1)).to_be_focused()
    expect(result(page, COUNT - 1)).to_be_in_viewport()
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowUp")
    focused = page.locator(f":is({RESULT}):focus")
    expect(focused).to_be_in_viewport()
    assert COUNT - 80 < int(focused.get_attribute("data-index") or 0) < COUNT - 2
    page.keyboard.press("Home")
    expect(result(page, 0)).to_be_focused()
    expect(result(page, 0)).to_be_in_viewport()


@pytest.mark.parametrize(("view", "settings"), VIEWS)
def test_the_handle_leads_to_any_place(visit: Visit, view: str, settings: dict[str, Any]) -> None:
    page = opened(visit, view, settings, "&sort=-made")
    page.evaluate("scrollBy(0, 400)")
    box = handle(page).bounding_box()
    assert box and box["height"] >= 44
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    height = page.viewport_size["height"] if page.viewport_size else 0
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, height / 2 + 30, steps=6)
    bubble = page.locator(".scrubber.says .scrubber-bubble")
    expect(bubble).to_contain_text(f"of {COUNT:,}")
    expect(bubble.locator(".scrubber-value")).to_be_visible()
    page.mouse.up()
    place = first_seen(page)
    assert 0.3 * COUNT < place < 0.7 * COUNT
    expect(handle(page)).to_have_attribute("aria-valuemax", str(COUNT))
    assert abs(int(handle(page).get_attribute("aria-valuenow") or 0) - place) < 12
    handle(page).focus()
    page.keyboard.press("End")
    expect(result(page, COUNT - 1)).to_be_in_viewport()
    expect(handle(page)).to_have_attribute("aria-valuenow", str(COUNT))
    page.keyboard.press("PageUp")
    assert 0.8 * COUNT < first_seen(page) < 0.95 * COUNT
    page.keyboard.press("Home")
    expect(result(page, 0)).to_be_in_viewport()


@pytest.mark.parametrize(("view", "settings"), VIEWS)
def test_a_place_is_kept(visit: Visit, view: str, settings: dict[str, Any]) -> None:
    page = opened(visit, view, settings)
    page.evaluate(f"scrollTo(0, {0.6 * TALLEST})")
    place = first_seen(page)
    assert 0.4 * COUNT < place < 0.8 * COUNT
    link = result(page, place)
    top = link.bounding_box()
    # Small steps move the rows as much as the page, also after the page was put where it belongs.
    page.evaluate("scrollBy(0, 120)")
    page.wait_for_timeout(600)
    moved = link.bounding_box()
    assert top and moved and abs(top["y"] - 120 - moved["y"]) <= 1
    place = first_seen(page)
    page.reload()
    expect(result(page, place)).to_be_in_viewport()
    assert abs(first_seen(page) - place) <= 6
    place = first_seen(page) + 3
    result(page, place).click()
    expect(page.get_by_role("dialog")).to_contain_text(f"no. {place}")
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(result(page, place)).to_be_in_viewport()


def test_axe_finds_nothing_serious_in_a_long_list(visit: Visit) -> None:
    page = opened(visit, "list", {"reduced_motion": "reduce"}, "&sort=made")
    handle(page).focus()
    page.keyboard.press("PageDown")
    expect(page.locator(".scrubber.says .scrubber-value")).to_be_visible()
    first_seen(page)
    handle(page).focus()
    page.keyboard.press("ArrowDown")
    assert audit(page) == []


def test_short_lists_have_no_handle(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#q=lantern&mode=words&is.medium=Carved+wood")
    expect(page.locator(".summary[data-stage=final]")).to_contain_text("lantern")
    expect(handle(page)).to_have_count(0)
