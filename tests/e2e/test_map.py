"""The map of meaning in a browser: points, topics, areas, and what is shown if it cannot be drawn."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Host, Visit, Visitor
from PIL import Image
from playwright.sync_api import Page, expect
from steps import PHONE, audit

from imagedb_site.records import FieldSpec
from imagedb_site.site import MapTopic, MeaningMap, SiteInput, SiteRow, SiteSettings, write_site

GROUPS = (
    ("boat, harbour", "#2266cc", (9_000, 12_000)),
    ("tower, church", "#aa3322", (52_000, 16_000)),
    ("meadow, flower", "#338844", (30_000, 54_000)),
)
EACH = 30
COUNT = EACH * len(GROUPS)
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return String(kind).startsWith("webgl") ? null : real.call(this, kind, ...rest);
};
"""


def made() -> SiteInput:
    """Three groups of pictures, each of one colour, in three corners of the map."""
    random = np.random.default_rng(5)
    rows, thumbnails, points = [], [], []
    for group, (name, colour, middle) in enumerate(GROUPS):
        for number in range(EACH):
            stream = io.BytesIO()
            Image.new("RGB", (120 + number, 90), colour).save(stream, "WEBP")
            thumbnails.append(stream.getvalue())
            digest = hashlib.sha256(b"%d %d" % (group, number)).hexdigest()[:16]
            title = f"{name.split(',')[0].title()} {number + 1}"
            fields = {"title": title, "kind": name.split(", ")[1], "height": 90}
            size = (120 + number, 90)
            rows.append(SiteRow(digest, f"{title}.jpg", *size, size, b"", fields))
            points.append(np.array([*middle, 30_000]) + random.integers(-4000, 4000, 3))
    space = np.array(points).astype(np.uint16)
    numbers = np.repeat(np.arange(len(GROUPS)), EACH).astype(np.uint16)
    topics = [
        MapTopic(name, tuple(name.split(", ")), EACH, *middle, (EACH * group,))
        for group, (name, _, middle) in enumerate(GROUPS)
    ]
    return SiteInput(
        title="Places",
        rows=rows,
        fields=[
            FieldSpec("title", "Title", "text", fts=True),
            FieldSpec("kind", "Kind", "category", fts=True, facet=True, column=True),
            FieldSpec("height", "Height", "number", column=True, unit="px"),
        ],
        thumbnail=lambda row: thumbnails[row],
        map=MeaningMap(space[:, :2].copy(), space, numbers, topics, {"name": "test"}),
        settings=SiteSettings(),
    )


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("mapped") / "site"
    write_site(made(), site)
    return site


@pytest.fixture
def place(mapped: Path) -> Iterator[Host]:
    host = Host(mapped, mount="/shapes/")
    yield host
    host.stop()


def opened(visit: Visit, place: Host, view: str = "", **settings: object) -> Visitor:
    visitor = visit(**settings)
    visitor.host = place
    # Drawing in software is slow, and the browser says so.
    visitor.tolerate("GPU stall", "swiftshader", "SwiftShader", "GL Driver Message")
    visitor.open(view)
    return visitor


def summary(page: Page, text: str) -> None:
    expect(page.locator(".summary[data-stage=final]")).to_contain_text(text, timeout=30_000)


def test_topics_of_the_start_page_lead_to_their_pictures(visit: Visit, place: Host) -> None:
    page = opened(visit, place).page
    summary(page, f"{COUNT} pictures")
    topics = page.get_by_role("navigation", name="Topics")
    before = topics.bounding_box()
    tower = topics.get_by_role("link", name=re.compile("tower"))
    expect(tower.locator("img")).to_be_visible()
    # The place was kept for them.
    assert topics.bounding_box() == before
    assert audit(page) == []
    tower.click()
    summary(page, f"{EACH} of {COUNT}")
    assert "topic=tower,+church" in page.url
    page.get_by_role("button", name="Remove filter Topic tower, church").click()
    summary(page, f"{COUNT} pictures")


@pytest.mark.parametrize("settings", [{}, PHONE, {"color_scheme": "dark"}])
def test_the_map_shows_topics_and_filters_by_them(
    visit: Visit, place: Host, settings: dict[str, object]
) -> None:
    page = opened(visit, place, "#view=map", **settings).page
    view = page.locator(".map[data-loaded]")
    expect(view).to_be_visible(timeout=30_000)
    expect(page.get_by_role("application", name=f"Map of {COUNT} points")).to_be_visible()
    expect(page.locator("[data-topic]")).to_have_count(3)
    assert audit(page) == []
    topics = page.get_by_role("navigation", name="Topics")
    if not topics.is_visible():
        page.get_by_role("button", name="Topics").click()
    topics.get_by_role("button", name=re.compile("^meadow")).click()
    summary(page, f"{EACH} of {COUNT}")
    assert "topic=meadow,+flower" in page.url
    assert "view=map" in page.url


def test_a_field_with_one_value_says_it(visit: Visit, place: Host) -> None:
    page = opened(visit, place, viewport={"width": 1440, "height": 900}).page
    group = page.get_by_role("complementary", name="Filters").get_by_role("group", name="Height")
    expect(group).to_have_text("The only value is 90 px.")
    expect(group.locator("input, .histogram")).to_have_count(0)
    assert audit(page) == []


def test_a_box_becomes_a_filter_that_combines_with_words(visit: Visit, place: Host) -> None:
    page = opened(visit, place, "#view=map").page
    stage = page.get_by_role("application")
    expect(stage).to_be_visible(timeout=30_000)
    expect(page.locator("[data-topic]")).to_have_count(3)
    page.get_by_role("radio", name=re.compile("box", re.IGNORECASE)).check(force=True)
    label = page.locator('[data-topic="0"]')
    box = label.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 90, y - 70)
    page.mouse.down()
    page.mouse.move(x + 90, y + 70, steps=6)
    page.mouse.up()
    expect(page.get_by_role("button", name=re.compile("^Remove filter")).first).to_be_visible()
    assert "area=" in page.url
    found = page.locator(".summary[data-stage=final]")
    expect(found).to_contain_text(f" of {COUNT}", timeout=30_000)
    inside = int((found.inner_text()).split(" of ")[0])
    assert 0 < inside <= EACH
    page.locator("#search").fill("boat")
    page.keyboard.press("Enter")
    expect(page.locator(".summary[data-stage=final]")).to_contain_text(str(inside))


def test_without_webgl_the_topics_are_there(visit: Visit, place: Host) -> None:
    visitor = opened(visit, place)
    visitor.context.add_init_script(NO_WEBGL)
    page = visitor.open("#view=map")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("does not offer WebGL2", timeout=30_000)
    assert audit(page) == []
    topics = page.get_by_role("navigation", name="Topics")
    topics.get_by_role("button", name=re.compile("^boat")).click()
    summary(page, f"{EACH} of {COUNT}")


def test_topics_that_cannot_be_loaded_are_asked_for_again(visit: Visit, place: Host) -> None:
    visitor = visit(service_workers="block")
    visitor.host = place
    visitor.tolerate("Failed to load resource", "ERR_FAILED")
    visitor.context.route("**/data/map-names.*", lambda route: route.abort())
    page = visitor.open()
    topics = page.get_by_role("navigation", name="Topics")
    alert = topics.get_by_role("alert")
    expect(alert).to_be_visible(timeout=30_000)
    visitor.context.unroute("**/data/map-names.*")
    alert.get_by_role("button", name="Retry").click()
    expect(topics.get_by_role("link")).to_have_count(3)
