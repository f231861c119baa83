"""What a visitor does on any host, in Chromium: look, search, open a picture, come back without a network."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from soak._servers import Running

WAIT_MS = 60_000


class Problems(list[str]):
    """Errors and warnings on a page, requests that failed, requests to other hosts."""

    def __init__(self, page: Page, url: str) -> None:
        super().__init__()
        self.offline = False
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(f"exception: {error}"))
        page.context.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self.offline:
            self.append(f"console {message.type}: {message.text}")

    def _request(self, url: str) -> None:
        if not url.startswith((f"{self._origin}/", "blob:", "data:")):
            self.append(f"request to another origin: {url}")


def visit(
    browser: Browser, host: Running, word: str, query: str, *, twice: bool = False
) -> list[str]:
    """Visit the site on a host. `word` is in some captions, `query` is searched by meaning.

    `twice`: come back once before the network goes away, for hosts without caching: there the service
    worker has the pictures that it saw itself, and it does not run yet when the first ones are loaded.
    Returns what went wrong; nothing if all is well. The host is stopped at the end.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    problems = Problems(page, host.url)
    try:
        page.goto(host.url)
        _shown(page.locator(".tile-link img.shown").first)
        if not host.url.endswith("/"):
            assert page.url == host.url + "/", f"The address is {page.url}."
            # Files that a page without the slash asks for in vain, before it goes to the right address.
            problems.clear()
        address = page.url
        _search(page, address, word, "words")
        _search(page, address, query, "all")
        _open_picture(page)
        _stored(page)
        if twice:
            page.reload()
            _settled(page, query)
            _open_picture(page)
            # The worker keeps a picture a moment after it has been shown.
            page.wait_for_timeout(1500)
        host.stop()
        problems.offline = True
        context.set_offline(True)
        page.reload()
        _settled(page, query)
        _open_picture(page)
    except AssertionError as error:
        problems.append(" ".join(str(error).split())[:600])
    except Exception as error:  # a visit that fails in any way is a host that failed
        problems.append(f"{type(error).__name__}: {' '.join(str(error).split())[:600]}")
    finally:
        context.close()
    return problems


def explained(browser: Browser, url: str) -> list[str]:
    """Open a page that cannot work there. It must say something within ten seconds."""
    page = browser.new_page()
    try:
        page.goto(url)
        end = time.monotonic() + 10
        text = ""
        while len(text) < 40 and time.monotonic() < end:
            text = " ".join(page.locator("body").inner_text().split())
            page.wait_for_timeout(100)
        return [] if len(text) >= 40 else [f"The page says only “{text}”."]
    finally:
        page.close()


def _search(page: Page, url: str, text: str, mode: str) -> None:
    page.goto(f"{url}#q={text.replace(' ', '+')}&mode={mode}")
    _settled(page, text)


def _settled(page: Page, text: str) -> None:
    """Final results, the first of which shows its thumbnail."""
    summary = page.locator(".summary")
    expect(summary).to_contain_text(f"“{text}”", timeout=WAIT_MS)
    expect(summary).to_have_attribute("data-stage", "final", timeout=WAIT_MS)
    _shown(page.locator('.tile-link[data-index="0"] img.shown'))


def _shown(picture: object) -> None:
    expect(picture).to_be_visible(timeout=WAIT_MS)  # type: ignore[call-overload]


def _open_picture(page: Page) -> None:
    """The picture in large, with its details."""
    page.locator('.tile-link[data-index="0"]').click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text(re.compile(r"\w"))
    expect(dialog.get_by_text("Image id")).to_be_visible()
    picture = dialog.locator(".stage img").first
    expect(picture).to_be_visible()
    end = time.monotonic() + WAIT_MS / 1000
    while not picture.evaluate("(image) => image.complete && image.naturalWidth > 0"):
        assert time.monotonic() < end, "The large picture is never shown."
        page.wait_for_timeout(50)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def _stored(page: Page) -> None:
    """The page keeps what it needs for a search without a network, if necessary after a click."""
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.get_by_role("button", name="About this collection").click()
    stored = page.get_by_text("it also works offline")
    button = page.get_by_role("button", name="Keep this collection offline")
    stored.or_(button).first.wait_for(timeout=WAIT_MS)
    if button.is_visible():
        button.click()
    expect(stored).to_be_visible(timeout=WAIT_MS)
    page.keyboard.press("Escape")
