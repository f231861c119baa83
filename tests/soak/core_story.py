"""What most visitors do, in Firefox: search, filter, open a picture, turn to the next, reload offline.

Left out with a message if Firefox is not installed. No part of the page may report an error.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from firefox import Firefox, firefox_path
from imagedb_site.serve import SiteServer
from soak.pages import build_site

FINAL = 'document.querySelector(".summary")?.dataset.stage === "final"'
SUMMARY = 'document.querySelector(".summary").textContent.includes(arguments[0])'
TILES = 'document.querySelectorAll(".tile-link img.shown").length'
NO_TROUBLE = "!document.querySelector('.message.bad, .failed, .tile-retry')"
KEY = "document.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))"
POSITION = 'document.querySelector(".stage-position")?.textContent.startsWith(arguments[0])'
READY = "navigator.serviceWorker.controller !== null"


def run(folder: Path, scale: float) -> dict[str, int]:
    path = firefox_path()
    if path is None:
        print("Firefox was left out: it is not installed.", file=sys.stderr)
        return {"firefox_steps": 0, "firefox_failures": 0}
    done = failures = 0
    browser = Firefox(path)
    try:
        for name, step in steps(browser, SiteServer(build_site(folder), port=0)):
            try:
                step()
                browser.until(NO_TROUBLE, seconds=5)
                done += 1
            except (AssertionError, RuntimeError) as error:
                failures += 1
                print(f"Firefox, {name}: {error}", file=sys.stderr)
                break
    finally:
        browser.close()
    return {"firefox_steps": done, "firefox_failures": failures}


def steps(browser: Firefox, server: SiteServer) -> list[tuple[str, Callable[[], object]]]:
    """The story. The server ends before its last step."""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def settled(words: str) -> None:
        browser.until(f"{FINAL} && {SUMMARY} && {TILES}", words)

    def visit() -> None:
        browser.call("WebDriver:Navigate", url=server.url)
        settled("24 pictures")

    def search(view: str, words: str) -> None:
        browser.run("location.hash = arguments[0]", view)
        settled(words)

    def open_picture() -> None:
        browser.run("""document.querySelector('[data-index="0"]').click()""")
        browser.until(POSITION, "1 of")

    def turn() -> None:
        browser.run(KEY, "ArrowRight")
        browser.until(POSITION, "2 of")

    def close() -> None:
        browser.run("""document.querySelector(".detail-close").click()""")
        browser.until("!document.querySelector('dialog[open]')")

    def offline() -> None:
        browser.until(READY)
        # The service worker keeps the application once nothing has happened for two seconds.
        time.sleep(10)
        server.shutdown()
        server.server_close()
        browser.run("window.before = true; location.reload()")
        browser.until("!window.before")
        settled("24 pictures")

    return [
        ("open", visit),
        ("search by words", lambda: search("#q=circle&mode=words", "circle")),
        ("search by meaning", lambda: search("#q=green&mode=meaning", "green")),
        ("filter", lambda: search("#in.width=320..320", "24")),
        ("open a picture", open_picture),
        ("next picture", turn),
        ("close it", close),
        ("back to the start page", lambda: search("#", "24 pictures")),
        ("reload offline", offline),
    ]
