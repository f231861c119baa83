"""On paper: a contact sheet with captions and credits, and the open picture on one page."""

from __future__ import annotations

import itertools
import re

import pytest
from conftest import Visit
from playwright.sync_api import Page, expect
from steps import names

CAPTION = "(tile) => getComputedStyle(tile, '::after').content"


def pages(page: Page) -> int:
    """How many pages of A4 it takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


def test_results_are_a_contact_sheet_with_captions_and_credits(visit: Visit) -> None:
    page = visit(color_scheme="dark").search("red circle")
    first = names(page)[0]
    page.emulate_media(media="print")
    tiles = page.locator(".tile")
    expect(page.locator(".header")).to_be_hidden()
    caption = tiles.first.locator(".tile-link").evaluate(CAPTION)
    assert first in caption and "Drawn by a test" in caption and "CC0 1.0" in caption
    boxes = [box for tile in tiles.all() if (box := tile.bounding_box())]
    assert len(boxes) > 6
    # Four in a row, and no row covers the one before.
    assert len({round(box["x"]) for box in boxes}) == 4
    below = [box for box in boxes if box["y"] > boxes[0]["y"] + 1]
    assert below and all(box["y"] >= boxes[0]["y"] + boxes[0]["height"] - 1 for box in below)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert 1 <= pages(page) <= 1 + len(boxes) // 16


@pytest.mark.parametrize("view", ["list", "table"])
def test_the_rows_of_a_list_are_whole_and_follow_each_other(visit: Visit, view: str) -> None:
    page = visit(color_scheme="dark").open(f"#view={view}")
    rows = page.locator(".record, .table-body .table-row")
    expect(rows.first.locator(".record-link")).not_to_be_empty()
    expect(rows.first.locator(".bone")).to_have_count(0)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})
    expect(page.locator(".header")).to_be_hidden()
    boxes = [box for row in rows.all() if (box := row.bounding_box())]
    assert len(boxes) > 6
    for above, below in itertools.pairwise(boxes):
        assert below["y"] >= above["y"] + above["height"] - 1
    cut = rows.evaluate_all(
        """rows => rows.map(row => [row.textContent, row.scrollWidth - row.clientWidth,
            row.scrollHeight - row.clientHeight]).filter(([, wider, taller]) => wider > 1 || taller > 1)"""
    )
    assert cut == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    assert pages(page) >= 1


def test_the_open_picture_fits_on_one_page(visit: Visit) -> None:
    page = visit().search("red circle")
    page.locator('.tile-link[data-index="0"]').click()
    expect(page.get_by_text("Image id")).to_be_visible()
    expect(page.locator(".stage-picture img.shown").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".tile").first).to_be_hidden()
    for text in ("Credit and licence", "Drawn by a test", "Image id"):
        expect(page.get_by_role("dialog").get_by_text(text).first).to_be_visible()
    picture = page.locator(".stage-picture").bounding_box()
    assert picture and picture["height"] > 300
    assert pages(page) == 1
