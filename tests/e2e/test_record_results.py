"""Records without pictures in the browser: list, table, the page of a record, beside pictures, on phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Host, Visit, Visitor
from playwright.sync_api import Browser, Route, expect
from record_sites import HOSTILE, write_records
from steps import PHONE, audit


@pytest.fixture(scope="module")
def records_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_records(tmp_path_factory.mktemp("records") / "site")


@pytest.fixture
def host(records_site: Path) -> Iterator[Host]:
    server = Host(records_site, mount="/shapes/")
    yield server
    server.stop()


# The sum of all layout shifts, as browsers report it.
SHIFTS = """addEventListener("DOMContentLoaded", () => {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
});"""


def test_the_values_of_a_row_stand_beside_each_other_at_any_width(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#view=list")
    lines = page.locator(".record-main .record-values")
    seen = set()
    for width in (360, 480, 600, 688, 760, 820, 880):
        page.set_viewport_size({"width": width, "height": 900})
        expect(lines.first).to_be_visible()
        found = lines.evaluate_all(
            """lines => lines.map(line => [...line.children].map(pair => {
              const [label, value] = pair.children;
              return [label.scrollWidth - label.clientWidth, value.scrollWidth - value.clientWidth,
                pair.getBoundingClientRect().right - line.getBoundingClientRect().right];
            }))"""
        )
        for pairs in found:
            seen.add(len(pairs))
            for at, (label, value, beyond) in enumerate(pairs):
                assert label <= 0 and beyond <= 1, (width, pairs)
                assert value <= 0 or at == len(pairs) - 1, (width, pairs)
    assert len(seen) > 1


# A page whose frames are late, as those of a busy device are.
LATE_FRAMES = """
  const later = setTimeout;
  window.setTimeout = (call, ms, ...rest) => later(call, Math.max(ms ?? 0, 2000), ...rest);
  window.requestAnimationFrame = (call) => later(() => call(performance.now()), 2000);
"""


@pytest.mark.parametrize("view", ["list", "table"])
def test_a_script_that_comes_before_the_next_frame_is_used(visit: Visit, view: str) -> None:
    visitor = visit()
    page = visitor.page
    held: list[Route] = []
    page.route("**/assets/list.*.js*", lambda route: held.append(route))
    page.add_init_script(LATE_FRAMES)
    visitor.open(f"#view={view}")
    page.locator(".records-soon .records-waiting").wait_for()
    assert held
    for route in held:
        route.continue_()
    expect(page.locator(".record-link").first).to_be_visible()


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["desk", "phone"])
def test_the_script_of_a_list_is_loaded_beside_the_first_one(
    visit: Visit, settings: dict[str, Any]
) -> None:
    visitor = visit(**settings)
    page = visitor.page
    held: dict[str, list[Route]] = {"manifest.json": [], "assets/list.*.js": []}
    page.route("**/manifest.json", lambda route: held["manifest.json"].append(route))
    page.route("**/assets/list.*.js*", lambda route: held["assets/list.*.js"].append(route))
    page.add_init_script(SHIFTS)
    visitor.open()
    # Neither waits for the other.
    for _ in range(400):
        if all(held.values()):
            break
        page.wait_for_timeout(50)
    assert {pattern: len(routes) for pattern, routes in held.items()} == dict.fromkeys(held, 1)
    for route in held["manifest.json"]:
        route.continue_()
    place = page.locator(".records-soon .records-waiting")
    expect(place).to_be_visible()
    assert page.locator(".record").count() == 0
    page.unroute("**/assets/list.*.js*")
    for route in held["assets/list.*.js"]:
        route.continue_()
    expect(page.locator(".record-link bdi").first).to_be_visible()
    expect(place).to_have_count(0)
    assert page.evaluate("window.shifts") <= 0.02


def test_a_list_that_cannot_be_loaded_is_asked_for_again(visit: Visit, tmp_path: Path) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("Failed to load resource", "Failed to fetch", "ERR_FAILED")
    mixed = Host(write_records(tmp_path / "site", count=40, pictured=2), mount="/shapes/")
    visitor.host = mixed
    page = visitor.open()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    page.route("**/assets/list.*.js*", lambda route: route.abort())
    page.reload()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    page.get_by_role("radio", name="List").check()
    alert = page.locator(".records-soon [role=alert]")
    expect(alert).to_contain_text("could not be loaded")
    page.unroute("**/assets/list.*.js*")
    alert.get_by_role("button", name="Retry").click()
    expect(page.locator(".record-link bdi").first).to_be_visible()
    mixed.stop()


def test_a_list_is_searched_and_a_record_is_read(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("")
    expect(page.get_by_text("300 records").first).to_be_visible()
    expect(page.locator(".record")).not_to_have_count(0)
    assert page.locator(".record[aria-setsize='300']").count() < 60
    page.locator("#search").fill("lantern")
    expect(page.locator(".summary[data-stage=final]")).to_contain_text("lantern")
    first = page.locator(".record-link").first
    expect(first.locator("mark")).to_have_text("lantern")
    title = first.inner_text()
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".record-link[data-index='1']")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Record")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(title)
    expect(dialog.locator(".stage")).to_have_count(0)
    expect(dialog.get_by_text("CC0 1.0")).to_be_visible()
    dialog.get_by_role("button", name="Next record").click()
    expect(dialog.locator(".stage-position")).to_contain_text("2 of")
    page.reload()
    expect(page.get_by_role("dialog").locator(".stage-position")).to_contain_text("2 of")
    page.keyboard.press("Escape")
    expect(page.locator(".record-link").first).to_have_text(title)


def test_a_table_is_sorted_by_its_headings_and_kept_in_the_link(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#view=table")
    expect(page.locator("[role=columnheader], th").first).to_be_visible()
    page.get_by_role("button", name="Artist").first.click()
    expect(page.locator("[aria-sort=ascending], [aria-sort=descending]")).to_have_count(1)
    assert "view=table" in page.url and "sort=artist" in page.url
    page.get_by_role("radio", name="List").click()
    expect(page.locator("li.record").first).to_be_visible()
    assert "view=list" in page.url


def test_markup_in_a_record_is_text(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#q=onerror")
    link = page.locator(".record-link").first
    expect(link).to_have_text(HOSTILE)
    link.click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text(HOSTILE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_nothing_serious_in_records(visit: Visit, scheme: str, phone: bool) -> None:
    settings: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    if phone:
        settings |= PHONE
    visitor = visit(**settings)
    page = visitor.open("")
    expect(page.locator(".record-link bdi").first).to_be_visible()
    assert audit(page) == []
    width = page.viewport_size and page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= (width or 0)
    if not phone:
        visitor.open("#view=table&q=vase")
        expect(page.locator("[role=columnheader], th").first).to_be_visible()
        assert audit(page) == []
        visitor.open("#view=list")
    page.locator(".record-link").first.click()
    expect(page.get_by_text("Image id")).to_be_visible()
    assert audit(page) == []


def test_a_record_beside_pictures_is_a_card(browser: Browser, tmp_path: Path) -> None:
    mixed = Host(write_records(tmp_path / "site", count=40, pictured=2), mount="/shapes/")
    visitor = Visitor(browser.new_context(viewport={"width": 1270, "height": 860}), mixed)
    try:
        page = visitor.open("#view=grid")
        expect(page.locator(".tile-card").first).to_contain_text("no. ")
        page.locator(".tile-link[data-index='1']").click()
        expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text("no. 1")
        visitor.check()
    finally:
        visitor.context.close()
        mixed.stop()
