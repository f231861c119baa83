"""No failure leaves a visitor with a blank page: each is made on purpose and must be explained in words.

Each case is opened in Chromium, and some in Firefox, as wide as a desk and as narrow as a phone. If a button
offers to try again, it must lead to the pictures once the cause is gone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Error, Frame, Page, Playwright, sync_playwright

from browser import ARGUMENTS, chromium_path
from soak._faulty_host import Answer, Fault, FaultyHost, faulty_host, sound
from soak._firefox import firefox
from soak._page_cases import GALLERY, Case, cases

WIDTHS = {"desk": (1280, 860), "phone": (390, 844)}
SECONDS = 40.0
OLD = "delete window.DecompressionStream"
NO_WASM = "delete window.WebAssembly"
FRAME = b"""<!doctype html><title>Frame</title>
<iframe sandbox="allow-scripts" src="./" width="100%" height="700"></iframe>"""
TEXT = "document.body ? document.body.innerText : ''"
NO_LATER = "document.getAnimations().forEach((one) => one.finish())"


def run(folder: Path, scale: float) -> dict[str, int]:
    site = build_site(folder)
    chosen = cases(site)
    chosen = chosen[:: max(1, round(1 / scale))]
    tried = blank = 0
    with faulty_host(site) as host:
        with sync_playwright() as playwright, chromium(playwright) as browser:
            for case in chosen:
                for width in WIDTHS:
                    trouble = try_in_chromium(playwright, browser, host, case, width)
                    tried, blank = tried + 1, blank + _report("Chromium", case, width, trouble)
        for case in chosen:
            if case.firefox:
                try:
                    trouble = try_in_firefox(host, case)
                except RuntimeError as error:
                    print(f"Firefox was left out: {error}", file=sys.stderr)
                    break
                tried, blank = (
                    tried + len(WIDTHS),
                    blank + _report("Firefox", case, "both", trouble),
                )
    return {"pages_tried": tried, "blank_pages": blank}


def _report(browser: str, case: Case, width: str, trouble: str | None) -> int:
    if trouble is None:
        return 0
    print(f"{browser}, {width}, “{case.name}”: {trouble}", file=sys.stderr)
    return 1


def build_site(folder: Path) -> Path:
    """A small site of drawn pictures."""
    pictures = folder / "pictures"
    pictures.mkdir()
    for number in range(24):
        colour = (10 * number, 200 - 8 * number, 120)
        Image.new("RGB", (320, 200 + 5 * number), colour).save(
            pictures / f"red circle {number}.png"
        )
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", str(pictures)]
    subprocess.run([*command, "-o", str(folder / "site"), "-q", "--title", "Colours"], check=True)
    return folder / "site"


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    try:
        yield browser
    finally:
        browser.close()


def try_in_chromium(
    playwright: Playwright | None, browser: Browser, host: FaultyHost, case: Case, width: str
) -> str | None:
    """Returns what is wrong with the page in words, or None. Only refused storage needs `playwright`."""
    across, down = WIDTHS[width]
    settings: dict[str, Any] = {"viewport": {"width": across, "height": down}}
    if case.way == "no-scripts":
        settings["java_script_enabled"] = False
    if case.way != "offline":
        settings["service_workers"] = "block"
    if case.way == "no-storage":
        assert playwright is not None
        with without_storage(playwright, **settings) as page:
            return _look(page, host, case)
    context = browser.new_context(**settings)
    try:
        page = context.new_page()
        if case.way in ("old", "no-wasm"):
            page.add_init_script(OLD if case.way == "old" else NO_WASM)
        return _look(page, host, case)
    finally:
        context.close()
        host.fault = sound


@contextmanager
def without_storage(playwright: Playwright, **settings: Any) -> Iterator[Page]:
    """A page of a browser that keeps nothing: cookies are blocked, and with them every kind of storage."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        preferences = Path(profile) / "Default" / "Preferences"
        preferences.parent.mkdir()
        blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
        preferences.write_text(json.dumps(blocked))
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium_path(), args=ARGUMENTS, **settings
        )
        try:
            yield context.pages[0]
        finally:
            context.close()


def _look(page: Page, host: FaultyHost, case: Case) -> str | None:
    where: Page | Frame = page
    with suppress(Error):
        if case.way == "file":
            page.goto((host.folder / "index.html").as_uri())
        elif case.way == "frame":
            host.fault = _framed(case.fault)
            page.goto(host.url + "frame.html")
            where = page.frames[1]
        elif case.way == "offline":
            _leave_the_network(page, host)
            page.goto(host.url + case.view)
            page.reload()
        else:
            host.fault = case.fault
            page.goto(host.url + case.view)
    said = _waited(lambda: _text(where), case.says)
    if said is not None:
        return said
    if where.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        return "It is wider than the screen."
    if (
        case.way == "no-storage"
        and page.evaluate("(() => { try { localStorage } catch { return true } })()") is not True
    ):
        return "Storage was not refused, so nothing was tried."
    if not case.button:
        return None
    host.fault = sound
    page.get_by_role("button", name=case.button).first.click()
    recovered = _waited(lambda: _text(page), GALLERY)
    return recovered and f"“{case.button}” did not help. {recovered}"


def _text(where: Page | Frame) -> str:
    try:
        # What a page says after some seconds.
        with suppress(Error):
            where.evaluate(NO_LATER)
        return str(where.evaluate(TEXT))
    except Error:
        # The page is being replaced.
        return ""


def _waited(text: Callable[[], str], pattern: str) -> str | None:
    """None once the text has the pattern; after a while, what it has instead."""
    end = time.monotonic() + SECONDS
    while True:
        seen = " ".join(text().split())
        if re.search(pattern, seen):
            return None
        if time.monotonic() > end:
            return f"It says “{seen[:200]}”, not “{pattern}”."
        time.sleep(0.1)


def _framed(fault: Fault) -> Fault:
    def framed(answer: Answer) -> Answer:
        if answer.path == "frame.html":
            return Answer("frame.html", FRAME, 200, {"Content-Type": "text/html"})
        return fault(answer)

    return framed


def _leave_the_network(page: Page, host: FaultyHost) -> None:
    """Visit once, until the service worker is in charge."""
    page.goto(host.url)
    end = time.monotonic() + SECONDS
    while not page.evaluate("navigator.serviceWorker.controller !== null"):
        if time.monotonic() > end:
            return
        time.sleep(0.2)
    page.context.set_offline(True)


def try_in_firefox(host: FaultyHost, case: Case) -> str | None:
    """The same in Firefox, at both widths. Raises RuntimeError if it cannot be driven."""
    refused = {
        "network.cookie.cookieBehavior": 2,
        "dom.storage.enabled": False,
        "dom.indexedDB.enabled": False,
    }
    preferences: dict[str, Any] = {
        "no-scripts": {"javascript.enabled": False},
        "no-storage": refused,
    }.get(case.way, {})
    try:
        with firefox(preferences) as browser:
            for across, down in WIDTHS.values():
                browser.resize(across, down + 90)
                host.fault = _framed(case.fault)
                if case.way == "file":
                    browser.goto((host.folder / "index.html").as_uri())
                elif case.way == "frame":
                    browser.goto(host.url + "frame.html")
                    browser.enter_frame()
                else:
                    browser.goto(host.url + case.view)
                said = _waited(lambda: str(browser.evaluate(TEXT)), case.says)
                if case.way == "frame":
                    browser.leave_frame()
                if said is not None:
                    return said
    finally:
        host.fault = sound
    return None
