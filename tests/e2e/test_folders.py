"""Filters on paths: folders and keywords as trees, with the keyboard, on phones and for screen readers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host, Visit
from PIL import Image
from playwright.sync_api import expect
from steps import PHONE, audit

FOLDERS = {
    "2019": 2,
    "2020": 1,
    "2020/trips": 2,
    "2020/trips/Italy, south": 4,
    "2020/trips/norway": 3,
    'archive/5" disks': 2,
    **{f"years/{year}": 1 for year in range(1990, 2006)},
}
COUNT = sum(FOLDERS.values())
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:lr="http://ns.adobe.com/lightroom/1.0/">'
    "<lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Europe|{}</rdf:li></rdf:Bag>"
    "</lr:hierarchicalSubject></rdf:Description></rdf:RDF></x:xmpmeta>"
)


@pytest.fixture(scope="module")
def folders_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("folders")
    number = 0
    for folder, count in FOLDERS.items():
        target = place / "pictures" / folder
        target.mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            number += 1
            colour = (37 * number % 256, 91 * number % 256, 53 * number % 256)
            Image.new("RGB", (120, 80 + number), colour).save(target / f"{number}.png")
            country = "Italy" if "Italy" in folder else "Norway"
            (target / f"{number}.xmp").write_text(XMP.format(country), encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-m", "imagedb_site.cli.main", "build"]
    command += [place / "pictures", "-o", place / "site", "-q", "--model", "none"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return place / "site"


@pytest.fixture
def host(folders_site: Path) -> Iterator[Host]:
    server = Host(folders_site, mount="/shapes/")
    yield server
    server.stop()


def test_a_folder_includes_everything_below(visit: Visit) -> None:
    page = visit().home()
    page.get_by_role("button", name="Filters").click()
    tree = page.get_by_role("group", name="Folder")
    expect(tree.locator(".facet-value")).to_have_text(["2019", "2020", "archive", "years"])
    expect(tree.locator(".facet-count")).to_have_text(["2", "10", "2", "16"])
    tree.get_by_role("checkbox", name="2020").check()
    expect(page.locator(".summary")).to_contain_text(f"10 of {COUNT} pictures")
    tree.get_by_role("button", name="What is in 2020", exact=True).click()
    tree.get_by_role("button", name="What is in 2020/trips", exact=True).click()
    expect(tree.locator("ul ul ul .facet-value")).to_have_text(["Italy, south", "norway"])
    expect(tree.locator("ul ul ul .facet-count")).to_have_text(["4", "3"])
    tree.get_by_role("button", name="Exclude 2020/trips/norway").click()
    expect(page.locator(".summary")).to_contain_text(f"7 of {COUNT} pictures")
    page.reload()
    expect(page.locator(".summary")).to_contain_text(f"7 of {COUNT} pictures")
    expect(
        page.get_by_role("button", name="Remove filter Folder: not 2020/trips/norway")
    ).to_be_visible()
    page.get_by_role("button", name="Filters").click()
    # What is marked is in sight: its parents are open.
    expect(tree.get_by_text("norway", exact=True)).to_be_visible()
    assert audit(page) == []
    page.get_by_role("button", name="Clear all").click()
    tree.get_by_role("searchbox").fill("disk")
    expect(tree.locator(".facet-value")).to_have_text(['archive/5" disks'])
    tree.get_by_role("checkbox").check()
    expect(page.locator(".summary")).to_contain_text(f"2 of {COUNT} pictures")


def test_typed_filters_find_paths(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    for text, count in {
        "folder:2020": 10,
        "folder:trips/": None,
        "folder:“2020/trips/Italy, south”": 4,
        'folder:"archive/5"" disks/"': 2,
        "keywords:europe/italy": 4,
        "–keywords:norway": 4,
    }.items():
        page.locator("#search").fill(text)
        page.keyboard.press("Enter")
        words = "Nothing found" if count is None else f"among {count} pictures"
        expect(page.locator(".summary")).to_contain_text(words)


def test_the_keyboard_opens_levels_and_long_ones_are_short(visit: Visit) -> None:
    page = visit().home()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    tree = page.get_by_role("group", name="Folder")
    toggle = tree.get_by_role("button", name="What is in years")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(tree.locator("ul ul > li")).to_have_count(8)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".summary")).to_contain_text(f"1 of {COUNT} pictures")
    tree.get_by_role("button", name="Show all 16").click()
    expect(tree.locator("ul ul > li")).to_have_count(16)
    toggle.focus()
    page.keyboard.press("Enter")
    expect(tree.locator("ul ul")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 768])
def test_the_tree_fits_small_screens(visit: Visit, width: int) -> None:
    visitor = visit(**PHONE | {"viewport": {"width": width, "height": 740}})
    page = visitor.home()
    page.get_by_role("button", name="Filters").tap()
    tree = page.get_by_role("group", name="Folder")
    tree.get_by_role("button", name="What is in 2020", exact=True).tap()
    tree.get_by_role("button", name="What is in 2020/trips", exact=True).tap()
    expect(tree.get_by_text("Italy, south")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = tree.get_by_role("button", name="What is in 2020/trips", exact=True).bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 43.5
    assert audit(page) == []
