"""A search loads first what is shown first; nothing of a later stage shares the line."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from conftest import Visit, eventually
from playwright.sync_api import Page, Route, expect
from steps import PHONE

COARSE = re.compile(r"data/(vectors|quantizer)\.|model/(static|tokenizer)\.")
MODEL = re.compile(r"model/text\.|(assets|lib)/ort")
FINAL_MS = 90_000


def seen(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until `holds`; routes and requests are reported while the page is waited for."""
    eventually(lambda: page.wait_for_timeout(50) is None and holds(), seconds=60)


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["desk", "phone"])
def test_words_then_first_results_by_meaning_then_the_model(
    visit: Visit, settings: dict[str, object]
) -> None:
    visitor = visit(service_workers="block", **settings)
    page = visitor.page
    asked: list[str] = []
    held: dict[str, Route] = {}

    def named(kind: re.Pattern[str]) -> list[str]:
        return [path for path in asked if kind.match(path)]

    def hold(name: str, route: Route) -> None:
        if name in held:
            route.continue_()
        else:
            held[name] = route

    page.route("**/data/terms.*", lambda route: hold("words", route))
    page.route("**/data/vectors.*", lambda route: hold("coarse", route))
    page.on(
        "request", lambda request: asked.append(urlsplit(request.url).path.partition("/shapes/")[2])
    )
    visitor.open("#q=red+circle")
    seen(page, lambda: "words" in held)
    page.wait_for_timeout(1500)
    assert named(COARSE) + named(MODEL) == []
    expect(page.locator(".summary")).not_to_contain_text("Nothing found")
    held["words"].continue_()

    page.locator("ul.grid[data-stage=words] a[data-row]").first.wait_for()
    expect(page.locator(".summary p").first).to_contain_text("So far")
    seen(page, lambda: "coarse" in held)
    page.wait_for_timeout(1500)
    assert named(MODEL) == []
    held["coarse"].continue_()

    page.locator(".summary[data-stage=final]").wait_for(timeout=FINAL_MS)
    assert named(MODEL) != []
    expect(page.locator(".summary p").first).not_to_contain_text("So far")


def test_the_box_loads_what_a_search_needs_and_the_page_alone_does_not(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    page = visitor.page
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(urlsplit(request.url).path.partition("/shapes/")[2])
    )
    visitor.open()
    page.wait_for_timeout(2500)
    assert [path for path in asked if COARSE.match(path) or MODEL.match(path)] == []
    page.locator("#search").click()
    seen(page, lambda: any(MODEL.match(path) for path in asked))
    first = [next(i for i, p in enumerate(asked) if kind.match(p)) for kind in (COARSE, MODEL)]
    assert first == sorted(first)
