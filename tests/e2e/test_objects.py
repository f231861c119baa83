"""Objects with several pictures: one result for each, and their pages in the detail view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Host, Visit
from object_site import OBJECTS, PAGES, PICTURES, build_objects
from playwright.sync_api import Locator, Page, expect
from steps import PHONE, audit

from imagedb_site.reader import open_site, verify_site


@pytest.fixture(scope="module")
def objects_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_objects(tmp_path_factory.mktemp("objects"))


@pytest.fixture
def host(objects_site: Path) -> Iterator[Host]:
    server = Host(objects_site, mount="/shapes/")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def link(objects_site: Path) -> Callable[[str], str]:
    """Gives the link to the picture whose title begins with a text."""
    with open_site(objects_site) as site:
        verify_site(site)
        documents = [site.document(row) for row in range(site.count)]

    def to(title: str) -> str:
        found = [one["id"] for one in documents if one["fields"]["title"].startswith(title)]
        return f"#image={found[0]}"

    return to


def strip(page: Page) -> Locator:
    return page.get_by_role("region", name="Pages of this object")


def title(page: Page) -> Locator:
    return page.locator(".detail-info h2")


def test_the_pages_of_an_object_are_turned(visit: Visit, link: Callable[[str], str]) -> None:
    visitor = visit()
    page = visitor.open(link("Travel diary, page 5"))
    pages = strip(page)
    expect(pages.get_by_role("heading")).to_have_text("Page 5 of 12")
    current = pages.locator("[aria-current=page]")
    expect(current).to_have_attribute("aria-label", "Page 5 of 12")
    page.keyboard.press("PageDown")
    expect(title(page)).to_have_text(re.compile("^Travel diary, page 6"))
    page.get_by_role("button", name="Previous page").click()
    expect(title(page)).to_have_text("Travel diary, page 5")
    pages.get_by_role("link", name="Page 3 of 12").click()
    expect(title(page)).to_have_text(re.compile("^Travel diary, page 3"))
    expect(pages.get_by_role("heading")).to_have_text("Page 3 of 12")
    for _ in range(2):
        page.keyboard.press("PageUp")
    expect(title(page)).to_have_text("Travel diary, page 1")
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()
    page.keyboard.press("PageUp")
    expect(title(page)).to_have_text("Travel diary, page 1")
    assert audit(page) == []
    # The way back leads out of the object, not through its pages.
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_labels_decide_the_order_and_one_picture_has_no_pages(
    visit: Visit, link: Callable[[str], str]
) -> None:
    visitor = visit()
    page = visitor.open(link("Coin 42, verso"))
    expect(strip(page).get_by_role("heading")).to_have_text("Page 2 of 2")
    page.keyboard.press("PageUp")
    expect(title(page)).to_have_text("Coin 42, recto")
    page.goto(visitor.host.url + link("Blue vase, back"))
    expect(strip(page).get_by_role("heading")).to_have_text("Page 2 of 4")
    page.goto(visitor.host.url + link("<img"))
    expect(title(page)).to_have_text(re.compile("^<img src=x"))
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    expect(strip(page)).to_have_count(0)


def test_only_pages_in_view_are_drawn(visit: Visit, link: Callable[[str], str]) -> None:
    visitor = visit()
    page = visitor.open(link("Ledger, page 31"))
    pages = strip(page)
    expect(pages.get_by_role("link", name="Page 31 of 60")).to_be_in_viewport()
    assert 5 < pages.get_by_role("link").count() < 30
    pages.locator("ol").evaluate("strip => { strip.scrollLeft = 0; }")
    expect(pages.get_by_role("link", name="Page 1 of 60")).to_be_in_viewport()
    expect(pages.get_by_role("link", name="Page 60 of 60")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_on_a_phone(visit: Visit, link: Callable[[str], str], scheme: str) -> None:
    visitor = visit(**PHONE, color_scheme=scheme)
    page = visitor.open(link("Blue vase, front"))
    page.get_by_role("button", name="Next page").tap()
    expect(title(page)).to_have_text("Blue vase, back")
    for button in ("Next page", "Previous page"):
        box = page.get_by_role("button", name=button).bounding_box()
        assert box is not None and box["width"] >= 40 and box["height"] >= 40
    assert page.evaluate("document.querySelector('dialog').scrollWidth") == 390
    assert audit(page) == []


def summary(page: Page) -> Locator:
    return page.locator(".summary[data-stage=final] p").first


def badges(page: Page) -> Locator:
    return page.locator(".tile-pages")


def test_an_object_is_one_result_until_all_pages_are_wanted(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    expect(summary(page)).to_have_text(f"{OBJECTS} objects, {PICTURES} pictures")
    expect(page.locator(".tile")).to_have_count(OBJECTS)
    expect(badges(page)).to_have_text(["4 pages", "2 pages", "60 pages", "12 pages"])
    assert audit(page) == []
    toggle = page.get_by_role("button", name="All pages")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(summary(page)).to_have_text(f"{PICTURES} pictures")
    expect(badges(page).first).to_have_text("p. 4 of 4")
    assert page.url.endswith("#pages=all")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(summary(page)).to_have_text(f"{OBJECTS} objects, {PICTURES} pictures")


def test_the_best_page_stands_for_its_object(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#q=harbour&mode=words")
    expect(summary(page)).to_have_text("8 objects with “harbour”")
    expect(badges(page)).to_have_count(1)
    expect(badges(page)).to_have_text(re.compile(r"^p\. (3|6|9|12) of 12$"))
    name = page.locator(".tile", has=badges(page)).locator(".tile-link")
    expect(name).to_have_attribute("aria-label", re.compile(r"harbour.*, p\. \d+ of 12$"))
    name.click()
    expect(strip(page).get_by_role("heading")).to_have_text(re.compile(r"^Page (3|6|9|12) of 12$"))
    # Another page has the place of its object, so that the results go on from there.
    position = page.locator(".stage-position").inner_text()
    page.get_by_role("button", name="Previous page").click()
    expect(strip(page).get_by_role("heading")).to_have_text(re.compile(r"^Page (2|5|8|11) of 12$"))
    expect(page.locator(".stage-position")).to_have_text(position)
    page.keyboard.press("Escape")
    expect(name).to_be_focused()
    page.goto(visitor.host.url + "#is.object=Ledger&in.height=1..")
    expect(summary(page)).to_have_text(f"1 of {OBJECTS} objects, 60 pictures")


@pytest.mark.parametrize("view", ["list", "table"])
def test_lists_and_tables_say_what_is_a_page(visit: Visit, view: str) -> None:
    visitor = visit()
    page = visitor.open(f"#view={view}")
    expect(summary(page)).to_have_text(f"{OBJECTS} objects, {PICTURES} pictures")
    of = page.locator(".of-object")
    expect(of.filter(has_text="60 pages")).to_be_visible()
    assert audit(page) == []


def test_the_site_knows_its_objects(objects_site: Path) -> None:
    with open_site(objects_site) as site:
        entry = site.manifest.objects
        assert entry is not None
        assert (entry.count, entry.rows) == (len(PAGES), sum(PAGES.values()))
        assert site.count == PICTURES == OBJECTS - len(PAGES) + sum(PAGES.values())
