"""A portable site opened from the disk, without a network, in Chromium and Firefox."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import COUNT, Host, Visit, Visitor
from playwright.sync_api import Browser, expect
from steps import PHONE, SEND, first_name, names, open_filters, ready, send

from firefox import Firefox, firefox_path

# Browsers report that they block the application of a published site, which a page from the disk cannot use.
MODULE = ("from origin 'null' has been blocked by CORS policy", "net::ERR_FAILED")


@pytest.fixture(scope="session")
def portable(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same collection built with --portable, in a folder whose name has to be escaped in an address."""
    folder = tmp_path_factory.mktemp("disk") / "Bilder & 100 % #1"
    folder.mkdir()
    library = folder / "library"
    shutil.copytree(site.with_name("site.library"), library)
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", site.parent / "pictures"]
    command += ["-o", folder / "site", "--library", library, "-q", "--portable"]
    command += ["--metadata", site.parent / "table.csv", "--originals", "copy"]
    command += ["--title", "Drawn shapes", "--description", "Shapes in five colours."]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "site"


class DiskVisitor(Visitor):
    """Opens a site from the disk. Every request must stay in its folder."""

    def _request(self, url: str) -> None:
        folder = self.host.url.removesuffix("index.html")
        if not url.startswith((folder, "blob:", "data:", "about:")):
            self.problems.append(f"request outside the site: {url}")


class Disk(Host):
    """Where a portable site lies."""

    def __init__(self, site: Path) -> None:
        self._page = (site / "index.html").as_uri()

    @property
    def url(self) -> str:
        return self._page


@pytest.fixture
def opened(browser: Browser, portable: Path) -> Iterator[DiskVisitor]:
    context = browser.new_context(offline=True, viewport={"width": 1270, "height": 860})
    visitor = DiskVisitor(context, Disk(portable))
    visitor.tolerate(*MODULE)
    yield visitor
    visitor.check()
    context.close()


def test_chromium_searches_from_the_disk(opened: DiskVisitor) -> None:
    page = opened.home()
    expect(page.get_by_role("heading", level=1)).to_have_text("Drawn shapes")
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")
    expect(page.get_by_text("You are offline")).to_have_count(0)
    page.keyboard.type("yellow triangle")
    opened.settled("“yellow triangle”")
    found = names(page, 4)
    assert "yellow triangle" in found[0] and all("yellow" in name for name in found), found
    page.locator('.tile-link[data-index="0"]').hover()
    expect(page.locator(".tile-why").first).to_contain_text("“yellow”")
    page.get_by_role("radio", name="Words").check()
    expect(page.locator(".summary")).to_contain_text("9 pictures with “yellow triangle”, 63 more")
    page.go_back()
    opened.settled("“yellow triangle”")
    expect(page.get_by_role("radio", name="All")).to_be_checked()
    page.go_back()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")
    page.go_forward()
    opened.settled("“yellow triangle”")


def test_chromium_compares_pictures_from_the_disk(opened: DiskVisitor, site: Path) -> None:
    page = opened.home()
    send(page, "drop", site.parent / "pictures" / "circle" / "red-4.png")
    ready(opened)
    assert first_name(page) == "A red circle, drawn number 4"
    page.locator('.tile-link[data-index="0"]').click()
    dialog = page.get_by_role("dialog")
    for text in ("Credit and licence", "Drawn by a test", "CC0 1.0", "Painted", "Image id"):
        expect(dialog.get_by_text(text).first).to_be_visible()
    expect(dialog.locator(".similar img").first).to_be_visible()
    dialog.get_by_role("button", name="More like this").click()
    opened.settled("More like this picture")
    assert re.search(r"#like=[0-9a-f]{16}$", page.url)
    opened.search("red square")
    link = page.locator('.tile-link[data-index="0"]').get_attribute("href") or ""
    assert link.startswith("#image=")
    # A visit by a link; the view of a large picture is a file of its own.
    page.goto("about:blank")
    opened.open(link)
    expect(dialog.locator('.stage img.shown[src*="/views/"]')).to_be_visible()


def test_chromium_filters_and_sorts_from_the_disk(opened: DiskVisitor) -> None:
    page = opened.open("#is.label=circle&sort=-rating")
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    expect(page.locator(".summary")).to_contain_text(f"45 of {COUNT} pictures")
    open_filters(page)
    facet = page.get_by_role("checkbox", name=re.compile("^triangle"))
    expect(facet).to_be_visible()
    facet.check()
    expect(page.locator(".summary")).to_contain_text(f"90 of {COUNT} pictures")
    assert "is.label=circle&is.label=triangle" in page.url


def test_a_missing_file_is_named(browser: Browser, portable: Path, tmp_path: Path) -> None:
    """As after an incomplete copy to a stick. Nothing waits for ever."""
    copy = tmp_path / "site"
    shutil.copytree(portable, copy)
    (terms,) = copy.glob("portable/data/terms.*")
    (page_script,) = copy.glob("portable/page.*")
    terms.unlink()
    context = browser.new_context(offline=True)
    visitor = DiskVisitor(context, Disk(copy))
    page = visitor.home()
    visitor.open("#q=circle&mode=words")
    alert = page.locator(".message.bad")
    expect(alert).to_contain_text(f"portable/data/{terms.name} is missing or cannot be read.")
    expect(alert).to_contain_text("Copy the whole folder again.")
    page_script.unlink()
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("A part of this page is missing")
    expect(page.get_by_role("alert")).to_contain_text(f"portable/{page_script.name}")
    context.close()


def test_pictures_are_added_from_the_disk(opened: DiskVisitor, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (300, 200), (12, 200, 190)).save(tmp_path / "teal.png")
    page = opened.home()
    page.get_by_role("button", name="Add pictures").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose").first.click()
    chooser.value.set_files(tmp_path / "teal.png")
    expect(page.get_by_text("teal").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".summary")).to_contain_text(f"{COUNT + 1} pictures")
    opened.search("teal")
    expect(
        page.locator(".tile", has=page.get_by_text("On this device")).locator("img.shown")
    ).to_be_visible()
    page.reload()
    opened.settled("teal")


def test_a_phone_shows_it_too(browser: Browser, portable: Path) -> None:
    context = browser.new_context(offline=True, **PHONE)
    visitor = DiskVisitor(context, Disk(portable))
    visitor.tolerate(*MODULE)
    visitor.home()
    visitor.search("blue circle")
    visitor.check()
    context.close()


def test_on_a_host_it_is_a_site_like_any_other(browser: Browser, portable: Path) -> None:
    host = Host(portable, mount="/shapes/")
    context = browser.new_context()
    visitor = Visitor(context, host)
    requested: list[str] = []
    context.on("request", lambda request: requested.append(request.url))
    visitor.home()
    visitor.search("red square")
    boot = [url for url in requested if "/portable/" in url]
    assert boot and all("/portable/boot." in url for url in boot)
    visitor.check()
    context.close()
    host.stop()


def test_a_normal_site_does_not_wait_for_scripts(visit: Visit) -> None:
    page = visit().home()
    assert page.evaluate("typeof imagedbPortable") == "undefined"


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    path = firefox_path()
    if path is None:
        pytest.skip("Firefox is not installed")
    browser = Firefox(path)
    yield browser
    browser.close()


FINAL = 'document.querySelector(".summary")?.dataset.stage === "final"'
SUMMARY = 'document.querySelector(".summary").textContent.includes(arguments[0])'
TILES = 'document.querySelectorAll(".tile-link img.shown").length'
NAME = """/^A /.test(document.querySelector('[data-index="0"]')?.ariaLabel) &&
    document.querySelector('[data-index="0"]').ariaLabel"""
CLICK = """[...document.querySelectorAll("button, a, label, input")]
    .find((one) => (one.ariaLabel || one.textContent).trim().startsWith(arguments[0])).click()"""


def settled(firefox: Firefox, words: str) -> None:
    firefox.until(f"{FINAL} && {SUMMARY} && {TILES}", words)


def test_firefox_searches_from_the_disk(firefox: Firefox, portable: Path) -> None:
    firefox.call("WebDriver:Navigate", url=(portable / "index.html").as_uri())
    firefox.until(TILES)
    firefox.until(SUMMARY, f"{COUNT} pictures")
    firefox.run('location.hash = "#q=yellow+triangle"')
    settled(firefox, "“yellow triangle”")
    assert "yellow triangle" in firefox.until(NAME)
    firefox.run(
        """document.querySelector('[data-index="0"]').dispatchEvent(new PointerEvent("pointerenter"))"""
    )
    firefox.until('document.querySelector(".tile-why")?.textContent.includes("“yellow”")')
    firefox.run(CLICK, "Words")
    settled(firefox, "9 pictures with “yellow triangle”")
    firefox.run("history.back()")
    firefox.until(f"{FINAL} && !location.hash.includes('mode')")
    settled(firefox, "“yellow triangle”")
    assert firefox.run("return document.querySelector('.message.bad, .failed')") is None


def test_firefox_compares_and_filters_from_the_disk(
    firefox: Firefox, portable: Path, site: Path
) -> None:
    address = (portable / "index.html").as_uri()
    firefox.call("WebDriver:Navigate", url=f"{address}#is.label=circle&sort=-rating")
    firefox.until(f"{TILES} && {SUMMARY}", f"45 of {COUNT} pictures")
    firefox.run('location.hash = ""')
    firefox.until(f"{TILES} && {SUMMARY}", f"{COUNT} pictures")
    file = site.parent / "pictures" / "circle" / "red-4.png"
    content = base64.b64encode(file.read_bytes()).decode()
    firefox.run(f"({SEND})(arguments[0])", ["drop", [[file.name, "image/png", content]]])
    settled(firefox, "your picture")
    assert firefox.until(NAME) == "A red circle, drawn number 4"
    firefox.run("""document.querySelector('[data-index="0"]').click()""")
    firefox.until('document.querySelector("dialog")?.textContent.includes("Drawn by a test")')
    firefox.run(CLICK, "More like this")
    settled(firefox, "More like this picture")
    firefox.run(CLICK, "Colour")
    firefox.until("document.documentElement.dataset.theme")
