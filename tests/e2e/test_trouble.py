"""Network failures: errors are shown, everything can be retried, and visited sites work offline."""

from __future__ import annotations

import re
from collections.abc import Callable

from conftest import COUNT, Host, Visit, Visitor, eventually
from playwright.sync_api import Route, expect
from steps import keep_for_offline


def refused(route: Route) -> None:
    route.fulfill(status=503, body="")


def damaged(route: Route) -> None:
    """The picture still decodes, but its bytes are not those that were published."""
    response = route.fetch()
    body = bytearray(response.body())
    body[-20] ^= 0x15
    route.fulfill(response=response, body=bytes(body))


class Breakable:
    """A route that fails while it is broken.

    It is not taken away when it is repaired: requests that it still answers would then be answered twice.
    """

    def __init__(self, answer: Callable[[Route], None] = refused) -> None:
        self.broken = True
        self._answer = answer

    def __call__(self, route: Route) -> None:
        if self.broken:
            self._answer(route)
        else:
            route.continue_()


def broken(visit: Visit, files: str) -> tuple[Visitor, Breakable]:
    """A visitor who cannot load these files of the site until the returned route is repaired."""
    visitor = visit(service_workers="block")
    visitor.tolerate("503")
    route = Breakable()
    visitor.context.route(files, route)
    return visitor, route


def test_offline_after_one_visit(visit: Visit, host: Host) -> None:
    visitor = visit()
    visitor.tolerate("net::ERR", "Failed to load resource")
    page = visitor.search("red circle", mode="all")
    first = page.locator('.tile-link[data-index="0"]').get_attribute("data-row")
    keep_for_offline(page)
    host.stop()
    visitor.context.set_offline(True)
    page.reload()
    visitor.settled("“red circle”")
    assert page.locator('.tile-link[data-index="0"]').get_attribute("data-row") == first
    expect(page.locator('.tile-link[data-index="0"] img.shown')).to_be_visible()
    # Chromium's imitation of a lost network ends for `navigator.onLine` when a page is loaded.
    visitor.context.set_offline(False)
    visitor.context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    page.locator("#search").fill("yellow square")
    page.keyboard.press("Enter")
    visitor.settled("“yellow square”")
    page.locator('.tile-link[data-index="0"]').click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text(
        "yellow square"
    )


def test_the_service_worker_never_reloads_the_page_and_lets_ranges_pass(visit: Visit) -> None:
    visitor = visit()
    loads: list[str] = []
    visitor.page.on("framenavigated", lambda frame: loads.append(frame.url))
    page = visitor.home()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    page.reload()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    page.wait_for_timeout(1500)
    assert len([url for url in loads if "#" not in url]) == 2
    status, size = page.evaluate(
        """async () => {
          const manifest = await (await fetch("manifest.json")).json();
          const part = await fetch(manifest.catalog.terms.first.path, {headers: {Range: "bytes=0-9"}});
          return [part.status, (await part.arrayBuffer()).byteLength];
        }"""
    )
    assert (status, size) == (206, 10)


def test_a_collection_that_cannot_be_opened_says_so_and_opens_on_retry(visit: Visit) -> None:
    visitor, route = broken(visit, "**/manifest.json")
    page = visitor.open()
    expect(page.get_by_role("heading", name="The collection could not be opened")).to_be_visible()
    route.broken = False
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".tile-link img.shown").first).to_be_visible()


def test_a_failed_search_is_not_shown_as_no_results(visit: Visit) -> None:
    visitor, route = broken(visit, "**/data/terms.*")
    page = visitor.open("#mode=words&q=red")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The search failed")
    expect(page.get_by_text("Nothing found")).to_have_count(0)
    route.broken = False
    alert.get_by_role("button", name="Retry").click()
    expect(page.locator(".summary")).to_contain_text("36 pictures with “red”")
    expect(alert).to_have_count(0)


def test_a_picture_that_fails_can_be_loaded_again(visit: Visit) -> None:
    visitor, route = broken(visit, "**/thumbs/*")
    page = visitor.open("#mode=words&q=red+circle")
    tile = page.locator(".tile", has=page.locator('[data-index="2"]'))
    retry = tile.get_by_role("button", name=re.compile("^Retry "))
    expect(retry).to_be_visible()
    route.broken = False
    retry.click()
    expect(tile.locator("img.shown")).to_be_visible()
    expect(retry).to_have_count(0)


def test_colour_and_blur_stand_in_for_slow_pictures(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.context.route("**/thumbs/**", lambda _: None)
    page = visitor.search("red circle", mode="all")
    holder = page.locator('.tile-link[data-index="0"] .placeholder')
    expect(holder).to_have_css("background-color", re.compile(r"^rgb\("))
    blur = holder.locator("canvas")
    eventually(lambda: blur.evaluate("(canvas) => canvas.width > 1"))
    expect(page.locator(".tile-link img")).to_have_count(0)
    # Release the held requests.
    visitor.context.unroute("**/thumbs/**")
    expect(page.locator('.tile-link[data-index="0"] img.shown')).to_be_visible()


def test_details_that_fail_can_be_loaded_again(visit: Visit) -> None:
    visitor, route = broken(visit, "**/data/documents.*")
    page = visitor.home()
    page.locator(".tile-link").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_be_visible(timeout=30_000)
    route.broken = False
    dialog.get_by_role("alert").get_by_role("button", name="Retry").click()
    expect(dialog.get_by_text("Image id")).to_be_visible()


def test_an_unknown_picture_is_reported(visit: Visit) -> None:
    page = visit().open("#image=ffffffffffffffff")
    expect(page.get_by_role("dialog")).to_contain_text("isn't in the collection")
    page.keyboard.press("Escape")
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")


def test_words_that_could_not_be_searched_can_be_tried_again(visit: Visit) -> None:
    visitor, route = broken(visit, "**/data/terms.*")
    page = visitor.open("#q=red+circle&mode=all")
    notice = page.locator(".message", has_text="Words were not searched")
    expect(notice).to_be_visible(timeout=60_000)
    route.broken = False
    notice.get_by_role("button", name="Retry").click()
    expect(notice).to_have_count(0)
    visitor.settled("“red circle”")


def test_a_large_picture_that_arrives_damaged_is_not_shown(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    page = visitor.home()
    route = Breakable(damaged)
    visitor.context.route("**/views/*", route)
    page.locator(".tile-link").first.click()
    dialog = page.get_by_role("dialog")
    alert = dialog.get_by_role("alert").filter(has_text="picture could not be loaded")
    expect(alert).to_be_visible()
    expect(dialog.locator(".stage-picture img")).to_have_count(1)
    route.broken = False
    alert.get_by_role("button", name="Retry").click()
    expect(alert).to_have_count(0)
    eventually(
        lambda: dialog.locator(".stage-picture img").first.evaluate("(it) => it.naturalWidth") > 700
    )


def test_an_original_that_arrives_damaged_is_not_saved(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    page = visitor.home()
    route = Breakable(damaged)
    visitor.context.route("**/originals/*", route)
    page.locator(".tile-link").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Original").click()
    alert = dialog.get_by_role("alert").filter(has_text="original could not be loaded")
    expect(alert).to_be_visible()
    route.broken = False
    with page.expect_download() as saved:
        alert.get_by_role("button", name="Retry").click()
    assert saved.value.suggested_filename.endswith(".png")
    expect(alert).to_have_count(0)
