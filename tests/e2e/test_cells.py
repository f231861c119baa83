"""A site of the tier `cells` in the browser: it reads some of its cells, and finds what Python finds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from conftest import Visit, draw_collection
from playwright.sync_api import Page, Route, expect

import imagedb_site

FINAL_MS = 90_000
SHOWN = 12
BUILD = """
import sys
from imagedb_site.cli.main import main
from imagedb_site.site import vectors
vectors.CELLS_FROM = 40
sys.exit(main(sys.argv[1:]))
"""
"""Only large collections have cells by themselves."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cells")
    pictures, table = draw_collection(folder)
    command: list[str | Path] = [sys.executable, "-c", BUILD, "build", pictures]
    command += ["-o", folder / "site", "-q", "--metadata", table, "--title", "Drawn shapes"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    manifest = json.loads((folder / "site" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["vectors"]["tier"] == "cells"
    return folder / "site"


def rows(page: Page, count: int = SHOWN) -> list[int]:
    """The rows of the first final results."""
    page.locator(f"ul.grid[data-stage=final] a[data-index='{count - 1}']").wait_for(
        timeout=FINAL_MS
    )
    places: dict[int, int] = {}
    for link in page.locator("ul.grid a[data-row]").all():
        places[int(link.get_attribute("data-index") or 0)] = int(
            link.get_attribute("data-row") or 0
        )
    return [places[place] for place in range(count)]


def asked_for(page: Page) -> list[str]:
    """The paths of the requests that a page makes from now on."""
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(urlsplit(request.url).path.partition("/shapes/")[2])
    )
    return asked


@pytest.mark.parametrize("text", ["a round thing", "something yellow", "purple -circle"])
def test_a_text_finds_what_python_finds(visit: Visit, site: Path, text: str) -> None:
    visitor = visit(service_workers="block")
    asked = asked_for(visitor.page)
    visitor.open(f"#q={quote(text)}&mode=meaning&group=no")
    found = rows(visitor.page)
    visitor.settled(text)
    with imagedb_site.open(site) as collection:
        hits = {
            hit.row: hit.similarity for hit in collection.search(text, mode="meaning", k=120).hits
        }
    # Places among alike results may be those of the first answer, and the two runtimes differ a little.
    assert len(set(found) & set(list(hits)[: 2 * SHOWN])) == SHOWN
    kinds = {path.split("/")[1].split(".")[0] for path in asked if path.startswith("data/")}
    assert {"cells", "cell-sizes", "cell-codes", "cell-vectors", "coarse", "quantizer"} <= kinds
    assert not {"vectors", "coarse-codes"} & kinds
    assert any(re.match(r"assets/cells\.", path) for path in asked)


def test_more_like_a_picture_and_conditions(visit: Visit, site: Path) -> None:
    with imagedb_site.open(site) as collection:
        ids = [hit.image_id for hit in collection.search("", k=1).hits]
        similar = [hit.row for hit in collection.search(f"like:{ids[0]}", k=120).hits]
        yellow = {
            hit.row for hit in collection.search("tags:yellow a shape", mode="meaning", k=120).hits
        }
    visitor = visit(service_workers="block")
    visitor.open(f"#q=like:{ids[0]}&group=no")
    assert rows(visitor.page) == similar[:SHOWN]
    visitor.open("#q=tags:yellow+a+shape&mode=meaning&group=no")
    visitor.settled("shape")
    found = set(rows(visitor.page))
    assert len(yellow) >= SHOWN and found <= yellow


def test_a_shard_that_is_missing_is_named_and_asked_for_again(visit: Visit) -> None:
    first = visit(service_workers="block")
    asked = asked_for(first.page)
    first.open("#q=a+round+thing&mode=meaning")
    first.settled("round thing")
    shard = next(path for path in asked if path.startswith("data/cell-codes."))

    visitor = visit(service_workers="block")
    visitor.tolerate("404")
    page = visitor.page

    def gone(route: Route) -> None:
        route.fulfill(status=404, body="gone")

    page.route(f"**/{shard}", gone)
    visitor.open("#q=a+round+thing&mode=meaning")
    visitor.settled("round thing")
    notice = page.get_by_text("Part of the vectors could not be loaded")
    expect(notice).to_contain_text(shard)
    assert page.locator(".tile-link").count() > 0
    page.unroute(f"**/{shard}")
    page.get_by_role("button", name="Retry").first.click()
    expect(notice).to_be_hidden(timeout=FINAL_MS)
    visitor.settled("round thing")
