"""Choosing results by mouse, keyboard and touch, and what can be done with them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

from conftest import COUNT, Visit
from playwright.sync_api import Page, Route, expect
from steps import PHONE, audit


def chosen(page: Page, number: int) -> None:
    expect(page.locator(".selection-count")).to_have_text(f"{number} selected")
    expect(page.locator(".tile.chosen")).not_to_have_count(0)


def act(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=name).click()


def test_results_are_chosen_and_taken_along(visit: Visit, tmp_path: Path) -> None:
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.home()
    tiles = page.locator(".tile-link")
    place = tiles.nth(3).bounding_box()

    tiles.nth(0).hover()
    page.locator(".select-mark").first.click()
    chosen(page, 1)
    tiles.nth(3).click(modifiers=["Shift"])
    chosen(page, 4)
    assert tiles.nth(3).locator("..").bounding_box() is not None
    item = tiles.nth(3).locator("..").bounding_box()
    assert place and item and round(item["y"]) == round(place["y"]), "Tiles have moved."
    tiles.nth(1).click()
    chosen(page, 3)
    assert audit(page) == []

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    expect(page.locator(".selection-told")).to_have_text(re.compile("^3 pictures saved"))
    download.value.save_as(tmp_path / "chosen.zip")
    with zipfile.ZipFile(tmp_path / "chosen.zip") as archive:
        assert archive.testzip() is None
        text = archive.read("credits.csv").decode("utf-8-sig")
        names = archive.namelist()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert sorted([*(line["file"] for line in lines), "credits.csv"]) == sorted(names)
    assert {line["credit"] for line in lines} == {"Drawn by a test"}
    assert all(name.endswith(".png") for name in names if name != "credits.csv"), "No originals."

    act(page, "Copy credits")
    expect(page.locator(".toast")).to_have_text("3 credits copied")
    assert page.evaluate("navigator.clipboard.readText()").count("Drawn by a test") == 3
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".toast")).to_contain_text("Link to this set")
    link = page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    expect(page.locator(".selection")).to_have_count(0)

    page.goto("about:blank")
    page.goto(link)
    visitor.settled(f"3 of {COUNT} pictures")
    expect(page.locator(".tile")).to_have_count(3)
    page.get_by_role("button", name="Remove filter Set 3 pictures").click()
    visitor.settled(f"{COUNT} pictures")


def test_the_keyboard_chooses(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    first = page.locator(".tile-link").nth(1)
    first.focus()
    expect(page.locator(".select-mark")).not_to_have_count(0)
    page.keyboard.press("x")
    chosen(page, 1)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    chosen(page, 3)
    page.keyboard.press("Shift+ArrowLeft")
    chosen(page, 2)
    act(page, re.compile("Select all"))
    chosen(page, COUNT)
    page.keyboard.press("Escape")
    expect(page.locator(".selection")).to_have_count(0)

    page.locator(".tile-link").nth(1).focus()
    page.keyboard.press("x")
    act(page, "Unlike these")
    visitor.settled("Unlike this picture")
    page.keyboard.press("Escape")
    assert "like=-" in page.url


def test_keys_that_come_before_the_script_count(visit: Visit) -> None:
    visitor = visit()
    page = visitor.page
    held: list[Route] = []
    page.route("**/assets/selection.*.js*", lambda route: held.append(route))
    visitor.home()
    page.locator(".tile-link").nth(0).focus()
    for key in ("x", "ArrowRight", "ArrowRight", "x", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(".tile-link").nth(3)).to_be_focused()
    assert held
    expect(page.locator(".selection")).to_have_count(0)
    for route in held:
        route.continue_()
    chosen(page, 3)


def test_a_long_press_chooses(visit: Visit) -> None:
    visitor = visit(**PHONE)
    page = visitor.home()
    tile = page.locator(".tile-link").nth(1)
    tile.scroll_into_view_if_needed()
    box = tile.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.locator(".selection").wait_for()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    chosen(page, 1)
    page.locator(".tile-link").nth(2).tap()
    chosen(page, 2)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 390
    assert audit(page) == []
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.locator(".selection")).to_have_count(0)
    page.locator(".tile-link").nth(2).tap()
    expect(page.locator("dialog.detail")).to_be_visible()
