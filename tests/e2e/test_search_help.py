"""Help with typing a query: completion, recent searches, corrections."""

from __future__ import annotations

import re

from conftest import Visit
from playwright.sync_api import expect
from steps import audit, names


def test_the_box_completes_words_and_values(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    box = page.get_by_role("combobox", name="Search pictures")
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("tri")
    options = page.get_by_role("option")
    expect(options.filter(has_text="triangle").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    active = page.locator("[role=option][aria-selected=true]")
    expect(active).to_have_count(1)
    expect(box).to_have_attribute("aria-activedescendant", active.get_attribute("id") or "-")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(active).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box).to_have_value("tri")
    page.keyboard.press("Alt+ArrowDown")
    word = options.filter(has_text="pictures").filter(has_text="triangle")
    word.click()
    expect(box).to_have_value("triangle ")
    expect(box).to_be_focused()
    visitor.settled("“triangle”")
    page.keyboard.type("-tags:yel")
    expect(options.filter(has_text="yellow")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value(re.compile(r"triangle -tags:yellow ?$"))
    expect(page.get_by_role("listbox")).to_have_count(0)
    visitor.settled("triangle -tags:yellow")
    assert not any("yellow" in name for name in names(page, 8))


def test_recent_searches_stay_on_the_device_and_can_be_cleared(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    for text in ("green stripe", "purple"):
        page.locator("#search").fill(text)
        page.keyboard.press("Enter")
        visitor.settled(f"“{text}”")
    page.goto(visitor.host.url)
    expect(page.locator(".tile-link").first).to_be_visible()
    page.locator("#search").click()
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("purple")
    expect(options.nth(1)).to_contain_text("green stripe")
    expect(options.filter(has_text="red circle")).to_have_count(1)
    options.nth(1).click()
    visitor.settled("“green stripe”")
    page.get_by_role("button", name="Clear search").click()
    page.locator("#search").click()
    page.get_by_role("button", name="Clear recent searches and pictures").click()
    expect(page.locator(".toast")).to_contain_text("cleared")
    page.locator("#search").click()
    expect(options.filter(has_text="green stripe")).to_have_count(0)
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('imagedb.recent'))"
    assert page.evaluate(kept) == []


def test_without_storage_the_box_still_remembers_for_the_visit(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.context.add_init_script(
        """for (const name of ["localStorage", "indexedDB"]) Object.defineProperty(window, name,
          { get() { throw new DOMException("denied", "SecurityError"); } });"""
    )
    page = visitor.home()
    page.locator("#search").fill("green stripe")
    page.keyboard.press("Enter")
    visitor.settled("“green stripe”")
    page.get_by_role("button", name="Clear search").click()
    page.locator("#search").click()
    expect(page.get_by_role("option").first).to_contain_text("green stripe")


def test_did_you_mean(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#q=yelow+trianlge")
    visitor.settled("“yelow trianlge”")
    expect(page.locator(".mean")).to_have_text("Did you mean yellow triangle?")
    assert audit(page) == []
    page.locator(".mean").get_by_role("button").click()
    visitor.settled("“yellow triangle”")
    expect(page.locator(".mean")).to_have_count(0)
    page.goto(f"{visitor.host.url}#q=cirlce&mode=words&is.tags=red&is.tags=blue")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(page.locator(".mean")).to_contain_text("circle")
    page.get_by_role("button", name="Without “Tags: red”").click()
    expect(page).not_to_have_url(re.compile("is.tags=red"))
    page.locator(".mean").get_by_role("button").click()
    expect(page.locator(".summary")).to_contain_text("9 pictures with “circle”")


def test_did_you_mean_knows_how_words_sound(visit: Visit) -> None:
    visitor = visit()
    for typed, proposed in {
        "sirkle": "circle",
        "purpel skware": "purple square",
        "tryangles blu": "triangle blue",
    }.items():
        page = visitor.open(f"#q={typed.replace(' ', '+')}&mode=words")
        expect(page.locator(".mean")).to_have_text(f"Did you mean {proposed}?")
        page.locator(".mean").get_by_role("button").click()
        visitor.settled(f"“{proposed}”")
        expect(page.locator(".tile-link").first).to_be_visible()
        expect(page.locator(".mean")).to_have_count(0)
