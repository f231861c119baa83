"""The Data page: counts, downloads, samples, pages, batches and tags, on sites of pictures and of records."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import COUNT, Host, Visit, Visitor
from playwright.sync_api import Locator, Page, Route, expect
from record_sites import write_records
from steps import PHONE, audit

import imagedb_site

RECORDS = 300
BATCHES = "#data=batches&size=16&validation=20&test=10&seed=7"


@pytest.fixture(scope="module")
def records_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_records(tmp_path_factory.mktemp("records") / "site", count=RECORDS)


@pytest.fixture
def records(records_site: Path) -> Iterator[Host]:
    server = Host(records_site, mount="/shapes/")
    yield server
    server.stop()


def rows(page: Page) -> list[int]:
    """The first rows, in their order: those far below the screen are not drawn."""
    links = page.locator(".data-rows [data-row]")
    expect(page.locator(".data-rows [data-index='0']")).to_be_visible()
    found = links.evaluate_all("all => all.map(({dataset}) => [+dataset.index, +dataset.row])")
    found.sort()
    assert [index for index, _ in found] == list(range(len(found)))
    assert len(found) > 3
    return [row for _, row in found]


def shown(page: Page, expected: Sequence[int]) -> bool:
    """Whether the page shows these rows."""
    found = rows(page)
    return found == list(expected)[: len(found)]


def at(visitor: Visitor, host: Host, view: str) -> Page:
    """Open a view of another site with the same visitor."""
    visitor.host = host
    return visitor.open(view)


def field(page: Page, label: str) -> Locator:
    """The card of a field."""
    return page.locator(".data-field", has=page.get_by_role("heading", name=label, exact=True))


def test_the_overview_counts_fields_and_leads_to_searches(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.locator(".header").get_by_role("link", name="Data").click()
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()
    expect(page).to_have_title("Data – Drawn shapes")
    expect(page.locator(".data-about")).to_contain_text("Drawn by a test, CC0 1.0")
    expect(page.locator(".data-about")).to_contain_text("a folder of pictures")
    tags = page.locator(".data-field", has=page.get_by_text("Tags", exact=True))
    expect(tags.locator("li").first).to_contain_text("drawing")
    expect(tags.locator("li").first).to_contain_text(str(COUNT))
    expect(field(page, "Rating")).to_contain_text("1 – 5")
    # Few documents: their texts are counted at once.
    expect(page.locator(".data-table tr", has_text="title").first).to_contain_text(str(COUNT))
    tags.get_by_role("link", name="circle").click()
    expect(page.locator(".summary")).to_contain_text("of 180 pictures")
    assert "is.tags=circle" in page.url and "data" not in page.url
    page.go_back()
    expect(tags.locator("li").first).to_contain_text("drawing")
    page.go_back()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()


def test_bars_of_a_plot_are_filters(visit: Visit) -> None:
    page = visit().open("#data")
    bars = field(page, "Rating").get_by_role("link")
    expect(bars).to_have_count(5)
    expect(bars.nth(1)).to_have_accessible_name(f"2: {2 * COUNT // 9} pictures")
    bars.first.focus()
    for key, at in (("ArrowRight", 1), ("End", 4), ("ArrowRight", 4), ("ArrowLeft", 3)):
        page.keyboard.press(key)
        expect(bars.nth(at)).to_be_focused()
    # The Tab key passes a plot in one step.
    assert bars.evaluate_all("all => all.filter(({tabIndex}) => tabIndex === 0).length") == 1
    name = bars.nth(3).get_attribute("aria-label") or ""
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_contain_text(f"{name.split()[1]} of {COUNT} pictures")
    assert "in.rating=4..4" in page.url
    page.go_back()
    painted = field(page, "Painted").get_by_role("link")
    expect(painted).to_have_count(9)
    expect(painted.first).to_have_accessible_name(f"2010: {COUNT // 9} pictures")
    painted.first.click()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT // 9} of {COUNT} pictures")


def test_credits_the_model_and_the_visit_are_shown(visit: Visit) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.home()
    page = visitor.open("#data")
    licence = field(page, "Licence")
    expect(licence.get_by_role("link", name="CC0 1.0")).to_be_visible()
    expect(licence).to_contain_text(str(COUNT))
    page.get_by_role("button", name="Copy as BibTeX").click()
    expect(page.get_by_text("BibTeX entry copied")).to_be_visible()
    entry = page.evaluate("navigator.clipboard.readText()")
    assert entry.startswith("@misc{drawnshapes,") and visitor.host.url in entry
    expect(page.locator(".data-model")).to_contain_text("builtin-")
    page.get_by_text("Model card").click()
    expect(page.locator(".data-card-text").get_by_role("heading", name="Figures")).to_be_visible()
    expect(page.locator(".data-card-text table").first).to_contain_text("R@1")
    assert audit(page) == []


def test_the_cost_of_a_visit_is_what_the_host_has_sent(visit: Visit) -> None:
    """Without a service worker, and with one that answers from what it keeps."""
    total = "document.querySelector('[data-total]').dataset.total"
    visitor = visit(service_workers="block")
    sent: list[int] = []
    visitor.page.on(
        "response", lambda answer: sent.append(int(answer.headers.get("content-length", 0)))
    )
    visitor.home()
    page = visitor.open("#data")
    expect(page.locator(".data-visit tbody tr", has_text="Pictures")).to_be_visible()
    expect(page.locator(".data-values li").first).to_be_visible()
    page.get_by_role("button", name="Count again").click()
    page.wait_for_timeout(300)
    # Headers count, too; icons that the browser loads for itself do not.
    assert sum(sent) > 300_000
    assert abs(int(page.evaluate(total)) - sum(sent)) < sum(sent) / 20 + 300 * len(sent)

    visitor = visit()
    page = visitor.home()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.reload()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    page = visitor.open("#data")
    expect(page.locator(".data-visit tbody tr", has_text="Pictures")).to_be_visible()
    expect(page.locator(".data-visit")).not_to_contain_text("at least")
    assert int(page.evaluate(total)) < sum(sent) / 2


def test_the_published_files_are_there(visit: Visit) -> None:
    page = visit().open("#data")
    for name in ("JSON lines", "CSV", "croissant.json", "datapackage.json", "HTTP API", "openapi"):
        link = page.locator(".data-downloads").get_by_role("link", name=name)
        answer = page.request.get(link.evaluate("element => element.href"))
        assert answer.ok and len(answer.body()) > 100, name
    expect(page.locator(".data-downloads li", has_text="JSON lines")).to_contain_text(
        "180 pictures"
    )


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_batches_are_those_of_python_and_the_same_in_a_link(
    visit: Visit, site: Path, part: Any
) -> None:
    with imagedb_site.open(site) as collection:
        known = collection.batches(size=6, validation=0.2, test=0.1, seed=7)
    page = visit(permissions=["clipboard-read", "clipboard-write"]).open("#data")
    page.get_by_role("link", name="Batches").click()
    for label, value in {"per batch": 6, "Validation": 20, "Test": 10, "Seed": 7}.items():
        page.locator(".data-entries label", has_text=label).locator("input").fill(str(value))
    page.get_by_role("button", name="Make batches").click()
    name = {"train": "Training", "validation": "Validation", "test": "Test"}[part]
    page.get_by_role("link", name=name).click()
    expect(page.locator(".data-splits [aria-current]")).to_contain_text(
        f"{len(known.rows[part])} pictures"
    )
    assert shown(page, known.batch(part, 0))
    page.get_by_role("button", name="Next batch").click()
    expect(page.locator(".data-steps input")).to_have_value("1")
    assert shown(page, known.batch(part, 1))
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert f"part={part}&n=1&of=" in link
    other = visit().open(link.removeprefix(page.url.partition("#")[0]))
    assert shown(other, known.batch(part, 1))
    page.reload()
    assert shown(page, known.batch(part, 1))
    page.go_back()
    expect(page.locator(".data-steps input")).to_have_value("0")
    assert shown(page, known.batch(part, 0))


def test_a_batch_is_saved_as_csv_and_json_lines(visit: Visit, site: Path, tmp_path: Path) -> None:
    page = visit().open(f"{BATCHES}&part=test&n=0")
    with imagedb_site.open(site) as collection:
        batch = collection.batches(size=16, validation=0.2, test=0.1, seed=7).batch("test", 0)
        documents = [hit.document for hit in collection.hits(batch)]
    assert shown(page, batch)
    found: dict[str, Any] = {}
    for kind, suffix in (("CSV", "csv"), ("JSON lines", "jsonl")):
        with page.expect_download() as download:
            page.locator(".data-save").get_by_role("button", name=kind).click()
        assert download.value.suggested_filename.startswith("drawn-shapes-test-batch-0-")
        assert download.value.suggested_filename.endswith(suffix)
        download.value.save_as(tmp_path / suffix)
        found[suffix] = (tmp_path / suffix).read_text("utf-8")
    lines = [json.loads(line) for line in found["jsonl"].splitlines()]
    table = list(csv.DictReader(found["csv"].splitlines()))
    assert [line["id"] for line in lines] == [document["id"] for document in documents]
    tags = [document["fields"]["tags"] for document in documents]
    assert [line["tags"] for line in lines] == tags
    assert [row["title"] for row in table] == [line["title"] for line in lines]
    assert all((site / line["thumbnail"]).is_file() for line in lines)


def test_a_row_is_opened_and_left_again(visit: Visit) -> None:
    page = visit().open(f"{BATCHES}&part=validation&n=0")
    before = rows(page)
    page.locator(".data-rows [data-index='0']").click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.locator(".stage-position")).to_have_text("1 of 16")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".stage-position")).to_have_text("2 of 16")
    page.reload()
    expect(page.get_by_role("dialog").locator(".stage-position")).to_have_text("2 of 16")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert rows(page)[:4] == before[:4]
    page.locator("#search").fill("red circle")
    page.locator("#search").press("Enter")
    expect(page.locator(".summary")).to_contain_text("red circle")
    assert "data=" not in page.url


def test_records_are_sampled_and_paged(visit: Visit, records: Host, records_site: Path) -> None:
    visitor = visit()
    page = at(visitor, records, "#data=sample&size=30&seed=5")
    with imagedb_site.open(records_site) as collection:
        expect(page.locator(".records")).to_have_attribute("aria-label", "Results")
        page.get_by_role("radio", name="Table").click()
        expect(page.locator(".table-body .record-link").first).to_be_visible()
        assert shown(page, [hit.row for hit in collection.sample(30, seed=5)])
    # A sample has no other order.
    expect(page.locator(".table-heading button")).to_have_count(0)
    page.get_by_role("button", name="New sample").click()
    expect(page.get_by_role("textbox", name="Seed")).not_to_have_value("5")
    expect(page.locator(".data-rows [data-row]").first).to_be_visible()
    changed = rows(page)
    page.reload()
    assert rows(page)[:4] == changed[:4]
    page.get_by_role("link", name="Pages").click()
    page.get_by_role("textbox", name="Rows per page").fill("20")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Rows 1 to 20 of 300")).to_be_visible()
    page.get_by_role("textbox", name="page", exact=True).fill("15")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("Rows 281 to 300 of 300")).to_be_visible()
    assert rows(page)[0] == 280
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()


def test_a_tag_is_looked_up(visit: Visit, records: Host) -> None:
    page = at(visit(), records, "#data=tag")
    page.get_by_role("textbox", name="Tag").fill("WINTER")
    page.get_by_role("button", name="Look up").click()
    line = page.locator(".data-tags li")
    expect(line).to_contain_text("Keywords")
    expect(line).to_contain_text("records")
    page.reload()
    number = line.locator("span").nth(1).inner_text()
    line.get_by_role("link", name="winter").click()
    expect(page.locator(".summary")).to_contain_text(f"{number.split()[0]} of 300 records")
    at(page_visitor := visit(), records, "#data=tag&name=nothing")
    expect(page_visitor.page.get_by_text("No tag is called “nothing”.")).to_be_visible()


@pytest.mark.parametrize(
    ("view", "message", "way"),
    [
        ("batches&size=0", "a whole number from 1 to 1000", None),
        ("batches&validation=60&test=60", "at most 100 % together", None),
        ("batches&n=99", "There is no train batch 99: the numbers are 0 to 2.", "Show 2"),
        ("batches&part=dev", "the parts are train, validation and test", "Show train"),
        ("batches&id=nonsense", "is not an id of batches", None),
        ("sample&size=5000", "The size of a sample must be a whole number from 1 to 1000", None),
        ("page&number=9", "There is no page 9: the pages are 1 to 2.", "Show 2"),
    ],
)
def test_what_does_not_exist_is_said_with_what_does(
    visit: Visit, view: str, message: str, way: str | None
) -> None:
    page = visit().open(f"#data={view}")
    expect(page.get_by_role("alert").filter(has_text=message)).to_be_visible()
    expect(page.locator(".data-rows")).to_have_count(0)
    assert audit(page) == []
    if way:
        page.get_by_role("button", name=way).click()
        rows(page)
        expect(page.get_by_role("alert").filter(has_text=message)).to_have_count(0)


def test_a_form_is_checked_before_it_is_sent(visit: Visit) -> None:
    page = visit().open(BATCHES)
    before = rows(page)
    size = page.get_by_role("textbox", name="Rows per batch")
    size.fill("0")
    size.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="from 1 to 1000")).to_be_visible()
    expect(size).to_be_focused()
    expect(size).to_have_attribute("aria-invalid", "true")
    assert page.url.endswith(BATCHES)
    assert rows(page)[:4] == before[:4]


def test_a_link_of_another_state_says_so(visit: Visit) -> None:
    page = visit().open(f"{BATCHES}&of=0123456789ab")
    expect(page.get_by_role("alert").filter(has_text="another state")).to_be_visible()
    page.get_by_role("button", name="Use the current state").click()
    expect(page.get_by_role("alert").filter(has_text="another state")).to_have_count(0)
    rows(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("kind", ["pictures", "records"])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    visit: Visit, records: Host, host: Host, kind: str, phone: bool, scheme: str
) -> None:
    settings: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    visitor = visit(**settings, **(PHONE if phone else {}))
    views: dict[str, Callable[[Page], Any]] = {
        "#data": lambda page: page.locator(".data-values li").first,
        "#data=sample": lambda page: page.locator(".data-rows [data-row]").first,
        BATCHES: lambda page: page.locator(".data-rows [data-row]").first,
        "#data=page&number=2": lambda page: page.locator(".data-rows [data-row]").first,
        "#data=tag&name=winter": lambda page: page.locator(".data-tags li, .data-none").first,
    }
    for view, there in views.items():
        page = at(visitor, records if kind == "records" else host, view)
        expect(there(page)).to_be_visible()
        assert audit(page) == [], view
        width = page.viewport_size and page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= (width or 0), view


def test_what_cannot_be_loaded_is_loaded_again(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("Failed to load resource", "net::ERR")
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    visitor.page.route("**/data/ids*", lose)
    page = visitor.open("#data=sample&size=12")
    expect(page.locator(".data .message.bad")).to_be_visible()
    assert lost
    page.unroute("**/data/ids*")
    page.get_by_role("button", name="Retry").click()
    rows(page)


def test_the_page_itself_is_loaded_again(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("Failed to load resource", "net::ERR")
    visitor.page.route("**/assets/data.*", lambda route: route.abort())
    page = visitor.open("#data")
    expect(page.get_by_role("heading", name="could not be loaded")).to_be_visible()
    page.unroute("**/assets/data.*")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()
