"""Pictures added in the browser: found at once, stored, edited, exported, imported and published."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import Host, Visit, Visitor, draw, eventually
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Page, Route, expect
from steps import PHONE, audit, first_name, keep_for_offline

COLOURS = {"red": (206, 40, 40), "green": (44, 150, 70), "blue": (40, 80, 210)}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "imagedb_site.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def build(folder: Path) -> None:
    table = folder / "table.csv"
    arguments = ["build", folder / "pictures", "-o", folder / "site", "-q", "--metadata", table]
    done = run(*arguments, "--title", "Few shapes")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small collection: the folder of pictures, table, site and library."""
    folder = tmp_path_factory.mktemp("additions")
    rows = ["file,title,tags,painted"]
    for shape in ("circle", "square"):
        for number, (name, colour) in enumerate(COLOURS.items()):
            path = folder / "pictures" / f"{name}-{shape}.png"
            path.parent.mkdir(exist_ok=True)
            draw(shape, colour, number + 1).save(path)
            rows.append(f"{path.name},A {name} {shape},{name}; {shape},201{number}-03-01")
    (folder / "table.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build(folder)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "all")
    return tmp_path / "all"


@pytest.fixture
def site(folder: Path) -> Path:
    """Takes the place of the large site of the other tests."""
    return folder / "site"


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lighthouse, stored rotated, with its orientation in the EXIF data."""
    path = tmp_path_factory.mktemp("photo") / "IMG_4711.jpg"
    image = Image.new("RGB", (1200, 800), (120, 180, 230))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 520, 1200, 800), fill=(30, 90, 140))
    draw.polygon([(520, 180), (680, 180), (720, 620), (480, 620)], fill=(240, 240, 235))
    draw.rectangle((510, 300, 690, 350), fill=(200, 40, 40))
    exif = image.getexif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2019:07:14 18:30:00"
    image.rotate(90, expand=True).save(path, exif=exif, quality=90)
    return path


def add(page: Page, *files: Path) -> None:
    page.get_by_role("button", name="Add pictures").click()
    page.set_input_files('[data-add="files"]', [str(file) for file in files])
    expect(page.locator(".entry[data-id]")).to_have_count(len(files), timeout=90_000)
    expect(page.locator(".entry.coming")).to_have_count(0)


def describe(page: Page, caption: str, tags: str) -> None:
    """In the open panel, of the first picture."""
    page.locator(".entry[data-id]").first.get_by_role("button", name=re.compile("^Edit")).click()
    page.get_by_role("textbox", name="Title").fill(caption)
    page.get_by_role("textbox", name="Tags").fill(tags)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".entry-title").first).to_have_text(caption)


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_added_picture_is_found_at_once_and_kept(visit: Visit, host: Host, photo: Path) -> None:
    visitor = visit()
    page = visitor.home()
    add(page, photo)
    close(page)
    # At once, in the plain listing, upright, with its mark.
    expect(page.locator(".summary")).to_contain_text("7 pictures")
    tile = page.locator(".tile", has=page.locator('.tile-link[data-index="0"]'))
    expect(tile.locator(".tile-local")).to_have_text("On this device")
    box = tile.bounding_box()
    assert box and box["width"] > box["height"]
    # By what it shows, among the published ones.
    visitor.search("white tower with a red stripe", mode="meaning")
    expect(page.locator(".tile")).to_have_count(7)
    expect(tile.locator(".tile-local")).to_be_visible()
    # By words as soon as it has any.
    page.get_by_role("button", name="Add pictures, 1 on this device").click()
    describe(page, "Beacon of Nowhere", "coast, tower")
    close(page)
    for words in (
        "beacons",
        "coast",
        '"of nowhere"',
        "img_4711",
        "tag:tower",
        "windmill OR beacon",
        "beacon -tag:circle",
    ):
        visitor.search(words)
        assert first_name(page) == "Beacon of Nowhere", words
        expect(page.locator(".tile")).to_have_count(1)
    page.locator(".tile-link").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text("Beacon of Nowhere")
    expect(dialog.get_by_text("Added by you")).to_be_visible()
    expect(dialog.get_by_text("1,200 × 800 pixels")).to_be_visible()
    expect(dialog.locator(".similar img").first).to_be_visible()
    expect(dialog.locator(".stage-picture img.shown")).to_have_attribute(
        "src", re.compile("^blob:")
    )
    close(page)
    # A reload keeps it, and so does a reload without a network.
    page.reload()
    visitor.settled("“beacon -tag:circle”")
    page = visitor.home()
    keep_for_offline(page)
    host.stop()
    visitor.tolerate("Failed to load resource", "ERR_")
    visitor.context.set_offline(True)
    visitor.search("beacon")
    assert first_name(page) == "Beacon of Nowhere"
    page.reload()
    visitor.settled("“beacon”")
    expect(page.locator(".tile-local")).to_be_visible()


def test_a_listing_that_additions_replace_while_it_loads_is_shown(
    visit: Visit, photo: Path
) -> None:
    """The published rows arrive late, after the list was made again with the pictures on the device."""
    visitor = visit(service_workers="block")
    page = visitor.home()
    add(page, photo)
    close(page)
    held: list[Route] = []
    visitor.context.route("**/data/rows.*", lambda route: held.append(route))
    page.reload()
    expect(page.locator(".summary")).to_contain_text("7 pictures")
    eventually(lambda: bool(page.wait_for_timeout(50) or held))
    page.wait_for_timeout(500)
    for route in held:
        route.continue_()
    expect(page.locator(".tile-link img.shown")).to_have_count(7)


def test_removing_can_be_undone_and_another_tab_follows(visit: Visit, photo: Path) -> None:
    visitor = visit()
    page = visitor.home()
    add(page, photo)
    other = visitor.context.new_page()
    other.goto(visitor.host.url)
    expect(other.locator(".summary")).to_contain_text("7 pictures")
    page.locator(".entry").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("was removed")).to_be_visible()
    expect(other.locator(".summary")).to_contain_text("6 pictures")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".entry[data-id]")).to_have_count(1)
    expect(other.locator(".summary")).to_contain_text("7 pictures")
    # The same file again is recognised, and so is one that is published.
    page.set_input_files('[data-add="files"]', [str(photo)])
    expect(page.get_by_text("You have already added this picture.")).to_be_visible()


def test_an_exported_bundle_is_published_and_the_local_copies_are_deleted(
    visit: Visit, folder: Path, photo: Path, tmp_path: Path
) -> None:
    visitor = visit()
    page = visitor.home()
    add(page, photo)
    describe(page, "Beacon of Nowhere", "coast, tower")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export 1").click()
    assert re.fullmatch(r"few-shapes-additions-[\d-]+\.zip", download.value.suggested_filename)
    bundle = tmp_path / "bundle.zip"
    download.value.save_as(bundle)
    with zipfile.ZipFile(bundle) as opened:
        assert opened.testzip() is None

    added = run("add", bundle, folder / "pictures", "-o", folder / "site", "-q")
    assert added.returncode == 0, added.stderr
    assert "1 pictures added" in added.stdout
    assert "1 with the embeddings of the bundle" in added.stdout
    assert (folder / "pictures" / "added" / "IMG_4711.jpg").read_bytes() == photo.read_bytes()
    again = run("add", bundle, folder / "pictures", "-o", folder / "site", "-q")
    assert "Already in the collection" in again.stdout
    build(folder)

    page.reload()
    notice = page.locator(".messages .message")
    expect(notice).to_contain_text(
        "“IMG_4711.jpg”, which you added, is part of the collection now."
    )
    expect(page.get_by_role("button", name="Add pictures", exact=True)).to_be_visible()
    visitor.search("beacon")
    assert first_name(page) == "Beacon of Nowhere"
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".tile-local")).to_have_count(0)
    # The picture is recognised, so it is not added again.
    page.get_by_role("button", name="Add pictures").click()
    page.set_input_files('[data-add="files"]', [str(photo)])
    expect(page.get_by_text("This picture is already in the collection.")).to_be_visible()


def deny_storage(context: BrowserContext) -> None:
    """Make storage fail as in a browser that does not let the page store anything."""
    denied = (
        "Object.defineProperty(self, 'indexedDB', {get() {"
        " throw new DOMException('denied', 'SecurityError'); }});"
    )

    def worker(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=denied + answer.text())

    context.route(re.compile(r"/assets/main\.[0-9a-f]{16}\.js"), worker)


def test_denied_storage_is_reported_clearly(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("Service Worker registration blocked")
    deny_storage(visitor.context)
    page = visitor.home()
    page.get_by_role("button", name="Add pictures").click()
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text("does not let the page keep pictures on this device")
    expect(page.get_by_role("button", name="Choose pictures")).to_have_count(0)
    close(page)
    visitor.search("red")
    expect(page.locator(".tile-link").first).to_be_visible()


def test_a_full_device_is_reported_clearly_and_nothing_is_stored_in_part(
    visit: Visit, tmp_path: Path
) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("Service Worker registration blocked")
    page = visitor.home()
    large = tmp_path / "noise.png"
    Image.effect_noise((1600, 1600), 90).save(large)
    session = visitor.context.new_cdp_session(page)
    origin = visitor.host.url.removesuffix("/shapes/")
    quota = {"origin": origin, "quotaSize": 300_000}
    session.send("Storage.overrideQuotaForOrigin", quota)
    page.get_by_role("button", name="Add pictures").click()
    page.set_input_files('[data-add="files"]', [str(large)])
    failed = page.locator('.entry[data-state="failed"]')
    expect(failed).to_contain_text("out of storage space", timeout=90_000)
    expect(page.locator(".entry[data-id]")).to_have_count(0)
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    page.set_input_files('[data-add="files"]', [str(large)])
    expect(page.locator(".entry[data-id]")).to_have_count(1, timeout=90_000)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_axe_keyboard_and_phones(visit: Visit, photo: Path, phone: bool) -> None:
    settings: dict[str, Any] = {"reduced_motion": "reduce"}
    if phone:
        settings |= PHONE
    visitor = visit(**settings)
    page = visitor.home()
    button = page.get_by_role("button", name="Add pictures")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert audit(page) == []
    page.set_input_files('[data-add="files"]', [str(photo), __file__])
    expect(page.locator(".entry[data-id]")).to_have_count(1, timeout=90_000)
    expect(page.get_by_text("This is not a picture.")).to_be_visible()
    assert audit(page) == []
    page.get_by_role("button", name="Edit IMG_4711.jpg").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("Mast")
    assert audit(page) == []
    # Esc only ends the editing; the focus returns to the pencil.
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Edit IMG_4711.jpg")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("Mast")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Edit Mast")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    dialog = page.get_by_role("dialog")
    assert dialog.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    if phone:
        tools = dialog.get_by_role("button").all()
        assert len(tools) > 3
        for tool in tools:
            box = tool.bounding_box()
            assert box and box["height"] >= 44 and box["width"] >= 44, tool.inner_text()
    close(page)
    expect(button).to_be_focused()
    page.locator(".tile-link").first.click()
    expect(page.get_by_text("Added by you")).to_be_visible()
    assert audit(page) == []
    page.get_by_role("button", name="Edit caption and tags").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Mast")
    assert audit(page) == []


def test_drop_and_paste_in_the_panel_add_and_elsewhere_search(visit: Visit, photo: Path) -> None:
    visitor: Visitor = visit()
    page = visitor.home()
    page.get_by_role("button", name="Add pictures").click()
    data = list(photo.read_bytes())
    page.evaluate(
        """data => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(data)], "dropped.jpg", {type: "image/jpeg"}));
          const target = document.querySelector("dialog .add-zone");
          for (const kind of ["dragenter", "dragover", "drop"]) {
            const how = {dataTransfer: transfer, bubbles: true, cancelable: true};
            target.dispatchEvent(new DragEvent(kind, how));
          }
        }""",
        data,
    )
    expect(page.locator(".entry[data-id]")).to_have_count(1, timeout=90_000)
    expect(page.locator(".entry-title")).to_have_text("dropped.jpg")
    assert "pictures=" not in page.url
    eventually(lambda: page.locator(".tray").count() == 0)
