"""The pictures on screen are loaded before everything else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from conftest import Visit, eventually
from playwright.sync_api import Route
from steps import PHONE

# Records that the service worker is registered.
NOTE = """(() => {
  const register = ServiceWorkerContainer.prototype.register;
  ServiceWorkerContainer.prototype.register = function (...given) {
    window.registered = true;
    return register.apply(this, given);
  };
})();"""
# How many tiles are in view, once all of them but one show their picture. The grid rounds the lower edge of
# the screen up to 80 pixels, so that it does not draw at each step of a scroll.
ALL_BUT_ONE = """() => {
  const tiles = [...document.querySelectorAll("ul.grid > li.tile")].filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight + 80;
  });
  const shown = tiles.filter((tile) => tile.querySelector("img")?.naturalWidth);
  return tiles.length > 1 && shown.length === tiles.length - 1 ? tiles.length : 0;
}"""
# Documents are loaded for the names of pictures that have been on screen for a while.
NEEDED = re.compile(
    r"(index\.html|manifest\.json|assets/(app|main|icon)\..*|data/(rows|documents)(-index)?\..*|thumbs/.*)?"
)


@pytest.mark.parametrize("settings", [{}, PHONE], ids=["desk", "phone"])
def test_nothing_else_is_loaded_before_the_first_pictures(
    visit: Visit, settings: dict[str, object]
) -> None:
    visitor = visit(**settings)
    page = visitor.page
    asked: list[str] = []
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    def pictures() -> int:
        return len([path for path in asked if path.startswith("thumbs/")])

    page.route("**/thumbs/*", hold_first)
    page.on(
        "request", lambda request: asked.append(urlsplit(request.url).path.partition("/shapes/")[2])
    )
    page.add_init_script(NOTE)
    visitor.open()
    tiles = page.wait_for_function(ALL_BUT_ONE, polling="raf", timeout=60_000).json_value()
    page.wait_for_timeout(1500)
    assert [path for path in asked if not NEEDED.fullmatch(path)] == []
    assert pictures() == tiles
    assert len([path for path in asked if path.startswith("data/rows.")]) == 1
    assert not page.evaluate("window.registered")
    held[0].continue_()
    drawn = "document.querySelectorAll('ul.grid > li.tile').length"
    eventually(lambda: int(page.evaluate(drawn)) > tiles, seconds=30)
    eventually(lambda: bool(page.evaluate("window.registered")), seconds=30)
