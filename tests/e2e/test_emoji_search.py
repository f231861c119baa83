"""Emoji by their names, and texts that the model does not know, on the page."""

from __future__ import annotations

import re

import pytest
from conftest import VARIANTS, Visit
from playwright.sync_api import expect


@pytest.mark.parametrize(
    ("emoji", "shape"), [("🔴", "red circle"), ("🟦", "blue square"), ("🔺", "red triangle")]
)
def test_an_emoji_that_no_text_has_finds_what_its_name_means(
    visit: Visit, emoji: str, shape: str
) -> None:
    visitor = visit(service_workers="block")
    loaded: list[str] = []
    visitor.context.on("request", lambda request: loaded.append(request.url))
    page = visitor.search("green stripe", "all")
    assert not [url for url in loaded if "emoji-names" in url]
    page = visitor.search(emoji, "all")
    assert len([url for url in loaded if "emoji-names" in url]) == 1
    first = page.locator(".tile-link").first
    expect(first).to_have_accessible_name(re.compile(shape))
    page = visitor.search(emoji)
    tiles = page.locator(".tile-link")
    expect(tiles.first).to_have_accessible_name(re.compile(shape))
    expect(page.locator(".summary")).to_contain_text(re.compile(rf"\b({VARIANTS}|\d\d+)\b"))


@pytest.mark.parametrize("text", ["你好", "สวัสดี", "🜁"])
@pytest.mark.parametrize("mode", ["all", "meaning"])
def test_a_text_that_the_model_does_not_know_is_no_match_of_anything(
    visit: Visit, text: str, mode: str
) -> None:
    page = visit().open(f"#q={text}&mode={mode}")
    expect(page.get_by_text(f"The model does not know “{text}”")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(page.locator(".tile-link")).to_have_count(0)


def test_what_the_model_knows_of_a_text_is_searched_for(visit: Visit) -> None:
    page = visit().search("blue 你好 circle", "meaning")
    expect(page.locator(".tile-link").first).to_have_accessible_name(re.compile("circle"))
    expect(page.get_by_text("The model does not know")).to_have_count(0)
