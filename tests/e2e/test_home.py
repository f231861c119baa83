"""The start page by the owner's settings: a cover, and sections of pictures in the owner's order."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Host, Visit, draw_collection
from playwright.sync_api import expect
from steps import PHONE, audit

SHIFTS = """window.moved = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
}).observe({type: "layout-shift", buffered: true});"""


@pytest.fixture(scope="module")
def curated_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("curated")
    pictures, table = draw_collection(folder)
    command: list[str | Path] = [sys.executable, "-m", "imagedb_site.cli.main", "build", pictures]
    command += ["-o", folder / "site", "-q", "--metadata", table, "--model", "none"]
    command += ["--title", "Drawn shapes", "--cover", "circle/red-0.png"]
    command += ["--home", "recent,sample,on-this-day,topics"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "site"


@pytest.fixture
def curated(curated_site: Path) -> Iterator[Host]:
    server = Host(curated_site, mount="/shapes/")
    yield server
    server.stop()


def test_sections_have_the_order_of_the_settings_and_lead_on(visit: Visit, curated: Host) -> None:
    visitor = visit()
    visitor.host = curated
    page = visitor.home()
    headings = page.locator(".hero").get_by_role("heading", level=2)
    expect(headings).to_have_text(["NewestAll, newest first", "A sampleOther samples"])
    newest = page.get_by_role("region", name="Newest")
    expect(newest.get_by_role("listitem")).to_have_count(24)
    expect(newest.locator("img").first).to_be_visible()
    link = newest.get_by_role("listitem").first.get_by_role("link")
    # The last variant has the newest date.
    expect(link).to_have_attribute("aria-label", re.compile("drawn number 8"))
    link.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    newest.get_by_role("link", name="All, newest first").click()
    expect(page.locator(".summary")).to_contain_text("180 pictures")
    assert "sort=-painted" in page.url
    page.go_back()
    page.get_by_role("region", name="A sample").get_by_role("link", name="Other samples").click()
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_a_cover_moves_nothing_and_comes_after_the_pictures(
    visit: Visit, curated: Host, phone: bool, scheme: str
) -> None:
    settings: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    visitor = visit(**settings, **(PHONE if phone else {}))
    visitor.host = curated
    visitor.page.add_init_script(SHIFTS)
    page = visitor.home()
    expect(page.get_by_role("heading", level=1)).to_have_text("Drawn shapes")
    cover = page.locator(".cover img")
    assert cover.get_attribute("fetchpriority") == "low"
    expect(cover).to_have_js_property("complete", True)
    assert cover.evaluate("image => image.naturalWidth") > 300
    file = page.request.get(cover.evaluate("image => image.src"))
    assert 0 < len(file.body()) <= 60_000
    expect(page.get_by_role("region", name="A sample").locator("img").first).to_be_attached()
    page.wait_for_timeout(500)
    assert page.evaluate("window.moved") <= 0.02
    assert audit(page) == []
    width = page.viewport_size and page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= (width or 0)
    # A search has no start page.
    page.locator("#search").fill("circle")
    page.locator("#search").press("Enter")
    expect(page.locator(".cover")).to_have_count(0)


def test_a_site_without_settings_begins_with_its_pictures(visit: Visit) -> None:
    page = visit().home()
    expect(page.locator(".hero")).to_be_visible()
    expect(page.locator(".cover, .home-strip")).to_have_count(0)
