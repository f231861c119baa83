"""Phones and accessibility: axe finds nothing serious, and targets are large enough."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Visit
from playwright.sync_api import expect
from steps import PHONE, audit


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(visit: Visit, scheme: str, phone: bool) -> None:
    settings: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    if phone:
        settings |= PHONE
    visitor = visit(**settings)
    page = visitor.home()
    assert audit(page) == []
    page = visitor.open("#q=red+circle&is.tags=red")
    visitor.settled("“red circle”")
    assert audit(page) == []
    page.get_by_role("button", name="Filters").click()
    expect(page.locator(".facet-count").first).to_be_visible()
    assert audit(page) == []
    page.keyboard.press("Escape")
    page.locator(".tile-link").first.click()
    expect(page.get_by_text("Image id")).to_be_visible()
    expect(page.locator(".similar img").first).to_be_visible()
    assert audit(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="About this collection").click()
    assert audit(page) == []


def test_phone_width_has_no_sideways_scrolling_and_large_targets(visit: Visit) -> None:
    visitor = visit(**PHONE | {"viewport": {"width": 360, "height": 740}})
    page = visitor.home()
    targets = """[...document.querySelectorAll("button, a, select, input, summary")]
      .filter((element) => element.checkVisibility() && !element.closest(".footer, .modes"))"""
    small = (
        f"() => {targets}"
        + """
      .map((element) => {
        const box = element.getBoundingClientRect();
        // What lies over a small mark belongs to it, and is what a finger meets.
        const over = getComputedStyle(element, "::after");
        const met = over.position === "absolute" && over.pointerEvents !== "none";
        const [width, height] = met ? [parseFloat(over.width), parseFloat(over.height)] : [0, 0];
        return [element.outerHTML.slice(0, 120), {
          width: Math.max(box.width, width || 0), height: Math.max(box.height, height || 0),
        }];
      })
      .filter(([, box]) => box.width > 1 && (box.width < 43.5 || box.height < 43.5))
      .map(([html, box]) => `${html} ${box.width}×${box.height}`)"""
    )
    for view in ("", "#q=red+circle&is.tags=red", "#image"):
        if view == "#image":
            page.locator(".tile-link").first.tap()
            expect(page.get_by_text("Image id")).to_be_visible()
        elif view:
            page = visitor.open(view)
            visitor.settled("“red circle”")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate(f"{targets}.length") > 5
        assert page.evaluate(small) == []


def test_a_swipe_leads_to_the_next_picture(visit: Visit) -> None:
    visitor = visit(**PHONE)
    page = visitor.home()
    page.locator('.tile-link[data-index="0"]').tap()
    expect(page.locator(".stage-position")).to_contain_text("1 of")
    swipe = """([from, to]) => {
      const stage = document.querySelector(".stage");
      const send = (type, x) => stage.dispatchEvent(new PointerEvent(type,
        {pointerId: 7, pointerType: "touch", isPrimary: true, bubbles: true, clientX: x, clientY: 300}));
      stage.setPointerCapture = () => undefined;
      send("pointerdown", from); send("pointermove", (from + to) / 2); send("pointermove", to);
      send("pointerup", to);
    }"""
    page.evaluate(swipe, [300, 80])
    expect(page.locator(".stage-position")).to_contain_text("2 of")
    page.evaluate(swipe, [80, 300])
    expect(page.locator(".stage-position")).to_contain_text("1 of")


def test_without_javascript_the_page_says_what_it_is(visit: Visit) -> None:
    page = visit(java_script_enabled=False).open()
    expect(page.get_by_role("heading", level=1)).to_have_text("Drawn shapes")
    # Playwright's text selectors ignore <noscript>.
    assert "Turn on JavaScript" in page.evaluate("document.querySelector('main').textContent")
