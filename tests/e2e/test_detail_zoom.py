"""Zooming into an open picture, down to the pixels of its original."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host, Visit, eventually
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from steps import PHONE, audit
from test_trouble import Breakable, broken

COLOUR = """(canvas) => {
  const { width, height } = canvas;
  return [...canvas.getContext("2d").getImageData(width / 2, height / 2, 1, 1).data];
}"""


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures that are larger than what is published of them, and their originals."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "pictures").mkdir()
    dice = random.Random(7)
    for number, ground in enumerate(("white", "black")):
        image = Image.new("RGB", (4800, 3200), ground)
        draw = ImageDraw.Draw(image)
        for _ in range(400):
            x, y = dice.randrange(4800), dice.randrange(3200)
            draw.ellipse((x, y, x + 60, y + 60), (dice.randrange(256), 90, 160))
        draw.rectangle((2300, 1500, 2500, 1700), (200, 30, 30))
        image.save(folder / "pictures" / f"dots-{number}.jpg", quality=90)
    command: list[str | Path] = [sys.executable, "-m", "imagedb_site.cli.main", "build"]
    command += [folder / "pictures", "-o", folder / "site", "-q", "--model", "none"]
    command += ["--originals", "copy", "--title", "Dots"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "site"


@pytest.fixture
def host(large: Path) -> Iterator[Host]:
    server = Host(large, mount="/shapes/")
    yield server
    server.stop()


def percent(page: Page) -> int:
    return int((page.locator(".zoom-scale").text_content() or "0").removesuffix(" %"))


def test_zooming_in_shows_the_original_down_to_its_pixels(visit: Visit) -> None:
    visitor = visit()
    # The test reads the picture's pixels.
    visitor.tolerate("willReadFrequently")
    page = visitor.home()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator('.tile-link[data-index="0"]').click()
    expect(page.get_by_role("button", name="1:1, actual size")).to_be_visible()
    expect(page.get_by_text("Image id")).to_be_visible()
    expect(page.locator(".stage-picture img.shown")).to_be_visible()
    assert not any("/originals/" in url for url in asked)
    page.keyboard.press("1")
    deep = page.locator(".deep.shown")
    expect(deep).to_be_visible()
    expect(page.locator(".zoom-scale")).to_have_text("100 %")
    # The square in the middle of the picture.
    eventually(lambda: deep.locator("canvas").first.evaluate(COLOUR)[0] > 180)
    assert audit(page) == []
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator(".zoom-scale")).to_have_text("160 %")
    page.keyboard.press("-")
    expect(page.locator(".zoom-scale")).to_have_text("107 %")
    box = deep.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.wheel(0, -300)
    eventually(lambda: percent(page) > 115)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 100, steps=5)
    page.mouse.up()
    eventually(lambda: deep.locator("canvas").first.evaluate(COLOUR)[0] > 0)
    # Escape leaves the zoom, and only then the picture.
    page.keyboard.press("Escape")
    expect(page.locator(".deep")).to_have_count(0)
    expect(page.locator(".zoom-bar")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_be_visible()
    # The next picture starts fitted, with an original of its own.
    page.keyboard.press("1")
    expect(deep).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".stage-position")).to_have_text("2 of 2")
    expect(page.locator(".deep")).to_have_count(0)
    assert len({url for url in asked if "/originals/" in url}) == 1


def test_an_original_that_does_not_come_can_be_asked_for_again(visit: Visit) -> None:
    visitor, route = broken(visit, "**/originals/*")
    page = visitor.home()
    page.locator('.tile-link[data-index="0"]').click()
    expect(page.get_by_text("Image id")).to_be_visible()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The original could not be loaded.")
    # The published picture stays.
    expect(page.locator(".stage-picture img.shown")).to_be_visible()
    assert audit(page) == []
    route.broken = False
    alert.get_by_role("button", name="Retry").click()
    expect(page.locator(".deep.shown")).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_site_that_cannot_be_reached_is_named_as_the_reason(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("net::ERR", "Failed to load resource")
    route = Breakable(lambda route: route.abort("connectionrefused"))
    visitor.context.route("**/views/*", route)
    page = visitor.home()
    page.locator('.tile-link[data-index="0"]').click()
    failed = page.locator(".stage-failed")
    expect(failed).to_contain_text("could not be loaded: the site cannot be reached.")
    with page.expect_event("requestfailed", lambda request: "/views/" in request.url):
        failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("the site cannot be reached")
    route.broken = False
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_have_count(0)
    expect(page.locator(".stage-picture img.shown")).to_be_visible()


def test_on_a_phone_two_taps_zoom_in_and_a_button_leads_back(visit: Visit) -> None:
    page = visit(**PHONE, reduced_motion="reduce").home()
    page.locator('.tile-link[data-index="0"]').tap()
    expect(page.get_by_text("Image id")).to_be_visible()
    stage = page.locator(".stage").bounding_box()
    assert stage
    for _ in range(2):
        page.touchscreen.tap(stage["x"] + 200, stage["y"] + 200)
    expect(page.locator(".zoom-scale")).to_be_visible()
    page.wait_for_timeout(300)
    expect(page.locator(".zoom-scale")).to_be_visible()
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").tap()
    expect(page.locator(".deep.shown")).to_be_visible()
    assert audit(page) == []
    page.get_by_role("button", name="Fit", exact=True).tap()
    expect(page.locator(".deep")).to_have_count(0)


def test_two_fingers_zoom(visit: Visit) -> None:
    page = visit(**PHONE, reduced_motion="reduce").home()
    page.locator('.tile-link[data-index="0"]').click()
    expect(page.locator(".stage-picture img.shown")).to_be_visible()
    box = page.locator(".stage").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    devtools = page.context.new_cdp_session(page)

    def pinch(start: int, end: int) -> None:
        for step in range(13):
            apart = start + (end - start) * step / 12
            points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            kind = "touchMove" if step else "touchStart"
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.wait_for_timeout(16)
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    pinch(20, 120)
    expect(page.locator(".deep.shown")).to_be_visible()
    eventually(lambda: percent(page) > 10)
    before = percent(page)
    pinch(20, 120)
    eventually(lambda: percent(page) > 2 * before)
    nearer = percent(page)
    pinch(120, 40)
    eventually(lambda: percent(page) < nearer / 2)


def test_a_finger_draws_the_picture_down_and_closes_it(visit: Visit) -> None:
    # So low that the details below the picture must be scrolled to.
    visitor = visit(**{**PHONE, "viewport": {"width": 390, "height": 600}})
    page = visitor.home()
    page.locator('.tile-link[data-index="0"]').tap()
    expect(page.get_by_text("Image id")).to_be_attached()
    devtools = visitor.context.new_cdp_session(page)

    def draw(*ways: tuple[int, int]) -> None:
        for number, (x, y) in enumerate(ways):
            kind = "touchMove" if number else "touchStart"
            points = [{"x": x, "y": y}]
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    # Not far enough, and upwards, which scrolls to the details.
    draw((200, 200), (200, 230), (202, 250))
    expect(page.get_by_role("dialog")).to_be_visible()
    draw((200, 300), (200, 270), (200, 200), (200, 100))
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog")).to_be_visible()
    eventually(lambda: page.locator("dialog").evaluate("(dialog) => dialog.scrollTop") > 10)
    page.locator("dialog").evaluate("(dialog) => dialog.scrollTo(0, 0)")
    draw((200, 150), (200, 180), (202, 240), (205, 330))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_details_can_be_hidden(visit: Visit) -> None:
    page = visit().home()
    page.locator('.tile-link[data-index="0"]').click()
    details = page.get_by_role("button", name="Details")
    expect(details).to_have_attribute("aria-pressed", "true")
    narrow = page.locator(".stage").bounding_box()
    page.keyboard.press("i")
    expect(page.locator(".detail-info")).to_be_hidden()
    wide = page.locator(".stage").bounding_box()
    assert narrow and wide and wide["width"] > narrow["width"] + 300
    assert audit(page) == []
    page.keyboard.press("ArrowRight")
    expect(page.locator(".detail-info")).to_be_hidden()
    details.click()
    expect(page.locator(".detail-info")).to_be_visible()
