"""At any width no two controls overlap, nothing is wider than the screen, and no text is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Visit, Visitor
from playwright.sync_api import expect

from page_checks import faults

WIDTHS = (320, 390, 600, 768, 820, 960, 1024, 1280, 1440)
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def views(visitor: Visitor) -> Iterator[str]:
    """Shows one view of the site after another."""
    page = visitor.home()
    yield "home"
    ids: list[str] = page.eval_on_selector_all(
        ".tile-link", "(links) => links.map((link) => link.hash.replace('#image=', ''))"
    )
    visitor.open(f"#q=red+circle&like={ids[0]},{ids[1]}&is.tags=red&in.rating=1..4")
    visitor.settled("red circle")
    yield "results"
    # On a wide screen they are open at first.
    button = page.locator(".toolbar").get_by_role("button", name="Filters")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    expect(page.locator(".facet-count").first).to_be_visible()
    yield "filters"
    page.keyboard.press("Escape")
    visitor.open(f"#q=%22{LONG_WORD}%22&mode=words&is.tags={LONG_WORD}")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible(timeout=60_000)
    yield "nothing found"
    visitor.open(f"#image={ids[0]}")
    expect(page.get_by_text("Image id")).to_be_visible()
    yield "picture"
    visitor.open("#image=00000000deadbeef")
    expect(page.get_by_text("isn't in the collection")).to_be_visible()
    yield "missing picture"
    page.get_by_role("button", name="Show the collection").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    for button in ("About this collection", "Add pictures"):
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        yield button
        page.keyboard.press("Escape")
    visitor.open("#data=")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    yield "data"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overlaps_or_is_cut(visit: Visit, width: int) -> None:
    touch = {"is_mobile": True, "has_touch": True} if width <= 600 else {}
    settings: dict[str, Any] = {"viewport": {"width": width, "height": 844}, **touch}
    visitor = visit(reduced_motion="reduce", **settings)
    found = {view: faults(visitor.page) for view in views(visitor)}
    assert len(found) == 9
    assert [f"{view}: {fault}" for view, some in found.items() for fault in some] == []


def test_the_check_sees_an_overlap_and_a_cut_text(visit: Visit) -> None:
    page = visit(viewport={"width": 1024, "height": 800}).home()
    assert faults(page) == []
    page.locator(".header-end").evaluate("(element) => { element.style.translate = '-200px 0'; }")
    page.locator(".hero h1").evaluate(
        """({style}) => Object.assign(style, {width: "20px", overflow: "hidden", overflowWrap: "normal"})
          && null"""
    )
    kinds = {fault.split(":")[0] for fault in faults(page)}
    assert {"overlap", "cut"} <= kinds


def test_a_phone_shows_pictures_without_scrolling(visit: Visit) -> None:
    """What stands above the first picture takes less than half of the screen."""
    page = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).home()
    first = page.locator('.tile-link[data-index="0"]').bounding_box()
    assert first and first["y"] < 400
