"""The slideshow, full screen and actual size of an open picture, and what is taken along from it."""

from __future__ import annotations

import itertools
import re

from conftest import Visit
from playwright.sync_api import expect
from steps import PHONE, audit


def test_an_open_picture_has_tools(visit: Visit) -> None:
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.home()
    page.locator(".tile-link").nth(0).click()
    position = page.locator(".stage-position")
    expect(position).to_have_text(re.compile("^1 of"))
    page.get_by_role("button", name="Copy credit").click()
    expect(page.locator(".toast")).to_have_text("Credit copied")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "Drawn by a test" in text and "CC0 1.0" in text and "#image=" in text

    page.get_by_role("button", name="Full screen").click()
    page.get_by_role("button", name="Leave full screen").click()
    expect(page.get_by_role("button", name="Full screen", exact=True)).to_be_visible()
    assert audit(page) == []

    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Pause the slideshow")).to_be_visible()
    expect(position).to_have_text(re.compile("^2 of"))
    page.get_by_role("button", name="Pause the slideshow").click()
    expect(page.get_by_role("button", name="Start a slideshow")).to_be_visible()
    page.wait_for_timeout(5_500)
    expect(position).to_have_text(re.compile("^2 of"))


def test_the_tools_fit_on_a_phone(visit: Visit) -> None:
    visitor = visit(**PHONE)
    page = visitor.home()
    page.locator(".tile-link").nth(0).tap()
    expect(page.get_by_role("button", name="Copy credit")).to_be_visible()
    expect(page.get_by_role("button", name="Start a slideshow")).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').scrollWidth") == 390
    boxes = page.locator(".stage-top :is(button, .stage-position):visible").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect()).map(({left, right}) => [left, right])"
    )
    assert len(boxes) > 4
    for (_, right), (left, _) in itertools.pairwise(boxes):
        assert right <= left + 0.5
