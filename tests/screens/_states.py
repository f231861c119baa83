"""The states of a site that are photographed, and how to reach them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page, TimeoutError, expect

from screens._sites import MissingError

PATIENCE_MS = 60_000
SHOWN_MS = 15_000
MISSING_ID = "00000000deadbeef"


@dataclass(frozen=True)
class Visit:
    """A page, the address of the site, and words that find something in it."""

    page: Page
    context: BrowserContext
    url: str
    words: str

    def open(self, view: str = "") -> None:
        # Another page first: otherwise a change of the fragment loads nothing.
        self.page.goto("about:blank")
        self.page.goto(self.url + view)

    def settled(self) -> None:
        """Waits until the results and their pictures are there."""
        summary = self.page.locator(".summary[data-stage=final]")
        expect(summary).to_be_visible(timeout=PATIENCE_MS)
        shown = self.page.locator(".tile-link img.shown, .record, .table-row, .tile-card, .map")
        expect(shown.first).to_be_visible(timeout=PATIENCE_MS)

    def home(self) -> None:
        self.open()
        self.settled()
        # The topics, and the filters beside the pictures, come after these.
        if self.page.locator(".home-topics").count():
            expect(self.page.locator(".home-topic").first).to_be_visible(timeout=PATIENCE_MS)
        waiting = self.page.locator(".filters-body:is(:empty, :has(> .unsettled))")
        expect(waiting).to_have_count(0, timeout=PATIENCE_MS)

    def search(self) -> None:
        self.open(f"#q={quote(self.words)}")
        self.settled()

    def has(self, selector: str, what: str) -> None:
        if not self.page.locator(selector).count():
            raise MissingError(f"the site has no {what}")


def _facets(visit: Visit) -> None:
    visit.search()
    page = visit.page
    visit.has(".toolbar button[aria-controls=filters]", "filters")
    if not page.locator("#filters").count():
        page.locator(".toolbar button[aria-controls=filters]").click()
    expect(page.locator("#filters details").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#filters details[open] .loading")).to_have_count(0, timeout=PATIENCE_MS)


def _timeline(visit: Visit) -> None:
    visit.home()
    if not visit.page.get_by_role("button", name="Calendar").count():
        raise MissingError("the site has no dates")
    visit.page.mouse.wheel(0, 1200)
    visit.page.wait_for_timeout(1500)


def _selection(visit: Visit) -> None:
    visit.search()
    page = visit.page
    page.locator('[data-index="0"]').first.focus()
    for number in range(3):
        page.keyboard.press("x")
        expect(page.locator(".selection-count")).to_have_text(f"{number + 1} selected")
        page.keyboard.press("ArrowRight" if page.locator(".tile").count() else "ArrowDown")


def _view_options(visit: Visit) -> None:
    visit.search()
    visit.has(".viewing", "grid")
    visit.page.locator(".viewing").click()
    expect(visit.page.get_by_role("group", name="View options")).to_be_visible()


def _detail(visit: Visit) -> None:
    visit.search()
    page = visit.page
    page.locator('[data-index="0"]').first.click()
    expect(page.get_by_text("Image id")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(700)


def _map(visit: Visit) -> None:
    visit.home()
    if not visit.page.get_by_role("radio", name="Map").count():
        raise MissingError("the site has no map")
    visit.open("#view=map")
    expect(visit.page.locator(".map[data-loaded]")).to_be_visible(timeout=PATIENCE_MS)
    visit.page.wait_for_timeout(1500)


def _space(visit: Visit) -> None:
    _map(visit)
    visit.page.get_by_role("radio", name="3D").check(force=True)
    visit.page.wait_for_timeout(1500)


def _data(visit: Visit) -> None:
    visit.open("#data=")
    heading = visit.page.get_by_role("heading", name="Data", exact=True)
    expect(heading).to_be_visible(timeout=PATIENCE_MS)
    visit.page.wait_for_timeout(1500)


def _dialog(name: str) -> Callable[[Visit], None]:
    def show(visit: Visit) -> None:
        visit.home()
        button = visit.page.get_by_role("button", name=name).first
        try:
            button.wait_for(timeout=SHOWN_MS)
        except TimeoutError as error:
            raise MissingError(f"there is no button “{name}”") from error
        button.click()
        expect(visit.page.get_by_role("dialog")).to_be_visible()

    return show


def _offline(visit: Visit) -> None:
    visit.home()
    page = visit.page
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    expect(page.locator(".main")).to_be_visible()
    page.wait_for_timeout(3000)
    visit.context.set_offline(True)
    page.reload()
    expect(page.locator(".summary[data-stage=final]")).to_be_visible(timeout=PATIENCE_MS)
    # What was not seen before.
    page.evaluate("scrollBy(0, 2500)")
    page.wait_for_timeout(1500)


def _without(pattern: str, view: Callable[[Visit], None], sign: str) -> Callable[[Visit], None]:
    """A view that lacks the files of a pattern, and what says so."""

    def show(visit: Visit) -> None:
        visit.context.route(pattern, lambda route: route.abort())
        view(visit)
        expect(visit.page.locator(sign).first).to_be_visible(timeout=PATIENCE_MS)

    return show


def _open_search(visit: Visit) -> None:
    visit.open(f"#q={quote(visit.words)}&mode=words")


def _nothing(visit: Visit) -> None:
    visit.open("#q=%22qwzx+vbnmk%22&mode=words")
    heading = visit.page.get_by_role("heading", name="Nothing found")
    expect(heading).to_be_visible(timeout=PATIENCE_MS)


def _missing_picture(visit: Visit) -> None:
    visit.open(f"#image={MISSING_ID}")
    expect(visit.page.get_by_text("isn't in the collection")).to_be_visible(timeout=PATIENCE_MS)


def _missing_page(visit: Visit) -> None:
    visit.open("404.html")


def _print(visit: Visit) -> None:
    visit.search()
    # Names come when the page has nothing else to do.
    nameless = visit.page.locator('.tile-link[aria-label^="Picture "]')
    expect(nameless).to_have_count(0, timeout=PATIENCE_MS)
    visit.page.emulate_media(media="print")


def _print_detail(visit: Visit) -> None:
    _detail(visit)
    visit.page.emulate_media(media="print")


@dataclass(frozen=True)
class State:
    show: Callable[[Visit], None]
    apart: bool = False
    """Whether it needs a visitor of its own, without a service worker unless it is about being offline."""
    paper: bool = False
    """Whether it is about paper, which has no dark form and one width."""
    whole: bool = False
    """Whether the whole page is photographed, and not the screen."""


STATES = {
    "home": State(Visit.home),
    "results": State(Visit.search),
    "facets": State(_facets),
    "timeline": State(_timeline),
    "view-options": State(_view_options),
    "selection": State(_selection),
    "detail": State(_detail),
    "map": State(_map),
    "map-3d": State(_space),
    "data": State(_data),
    "about": State(_dialog("About this collection")),
    "add": State(_dialog("Add pictures")),
    "offline": State(_offline, apart=True),
    "failed-pictures": State(
        _without("**/thumbs/**", lambda visit: visit.open(), ".tile-retry, .record"), apart=True
    ),
    "failed-search": State(
        _without("**/data/terms*", _open_search, ".message.bad, .message.warn"), apart=True
    ),
    "failed-start": State(
        _without("**/manifest.json*", lambda visit: visit.open(), ".failed"), apart=True
    ),
    "nothing-found": State(_nothing),
    "missing-picture": State(_missing_picture),
    "missing-page": State(_missing_page),
    "print": State(_print, paper=True),
    "print-detail": State(_print_detail, paper=True),
}
