"""When the model refines results that are on screen, those that it finds alike keep their places."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import Visit
from playwright.sync_api import Page, Route, expect

import imagedb_site

FINAL_MS = 90_000
SHOWN = 12
TOWER = re.compile(r".*/model/text\..*")
TOLERANCE = 1e-3
"""Similarities differ a little between the two runtimes."""


def tiles(page: Page, stage: str) -> list[int]:
    """The rows of the first results, in the order of their places."""
    page.locator(f"ul.grid[data-stage={stage}] a[data-index='{SHOWN - 1}']").wait_for(
        timeout=FINAL_MS
    )
    places: dict[int, int] = {}
    for link in page.locator("ul.grid a[data-row]").all():
        places[int(link.get_attribute("data-index") or 0)] = int(
            link.get_attribute("data-row") or 0
        )
    return [places[place] for place in range(SHOWN)]


class Held:
    """Holds the text tower back until it is released."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self.free = False
        page.route(TOWER, self._hold)

    def _hold(self, route: Route) -> None:
        if self.free:
            route.continue_()
        else:
            self.routes.append(route)

    def release(self) -> None:
        self.free = True
        for route in self.routes:
            route.continue_()


def kept(before: list[int], after: list[int]) -> int:
    return sum(one == other for one, other in zip(before, after, strict=True))


def test_results_keep_their_places_where_the_model_finds_no_difference(
    visit: Visit, site: Path
) -> None:
    steady = alone = 0
    manifest = json.loads((site / "manifest.json").read_text(encoding="utf-8"))
    margin = manifest["model"]["temperature"] / 2 + 2 * TOLERANCE
    with imagedb_site.open(site) as collection:
        for text in ("a round thing", "something yellow", "a purple drawing"):
            visitor = visit(service_workers="block")
            page, held = visitor.page, Held(visitor.page)
            visitor.open(f"#q={quote(text)}&mode=meaning&group=no")
            first = tiles(page, "static")
            held.release()
            final = tiles(page, "final")

            pure = collection.search(text, mode="meaning", k=120)
            similarity = {hit.row: hit.similarity for hit in pure.hits}
            for place, row in enumerate(final):
                for later in final[place + 1 :]:
                    assert similarity[later] - similarity[row] <= margin
            likely = {hit.row for hit in pure.hits if hit.likely}
            assert set(final[: len(likely)]) == likely or len(likely) > SHOWN
            steady += kept(first, final)
            alone += kept(first, [hit.row for hit in pure.hits][:SHOWN])
    assert steady > alone


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_results_wait_for_someone_who_moves_through_them_by_keys(visit: Visit, key: str) -> None:
    visitor = visit(service_workers="block")
    page = visitor.page
    held = Held(page)
    visitor.open("#q=something+yellow&mode=meaning&group=no")
    first = tiles(page, "static")
    page.locator("#search").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("a[data-index='1']")).to_be_focused()
    held.release()
    better = page.get_by_role("button", name="Show better matches")
    better.wait_for(timeout=FINAL_MS)
    assert tiles(page, "static") == first
    expect(page.locator("a[data-index='1']")).to_be_focused()
    better.focus()
    page.keyboard.press(key)
    assert tiles(page, "final") != first
    expect(page.locator("a[data-index='0']")).to_be_focused()
    assert page.evaluate("scrollY") == 0
