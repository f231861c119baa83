"""Visits a site in a browser and notes what should never happen: scripts, requests elsewhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as BrowserError

from hostile import trees
from hostile.running import Outcome, run
from hostile.texts import ELSEWHERE, INHERITED, LONG, MARKUP, TEXTS, WORDS_OF_PROGRAMS

SETTLE = """() => {
  const summary = document.querySelector(".summary");
  const stage = summary?.getAttribute("data-stage");
  return stage === "final" || !!document.querySelector(".message.bad, [role=alert], dialog[open]");
}"""
STRANGE = (
    "#app script, iframe, base, object, embed, "
    "meta[http-equiv=refresh], body :not(svg) > style, a[href^=javascript i]"
)
CONTROLS = """() => {
  const wrong = [];
  const seen = (selector) => {
    const node = document.querySelector(selector);
    if (!node) return wrong.push(`${selector} is missing`);
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height) return wrong.push(`${selector} has no size`);
    if (box.left < -1 || box.right > innerWidth + 1) return wrong.push(`${selector} is off the screen`);
    if (box.top < -1 || box.bottom > innerHeight + 1) return;
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!document.querySelector("dialog[open]") && !node.contains(top) && !top?.contains(node)) {
      wrong.push(`${selector} is covered by ${top?.tagName}.${top?.className}`);
    }
  };
  seen("#search");
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    seen("dialog[open] button");
    if (dialog.scrollWidth > dialog.clientWidth + 1) wrong.push("the dialog is too wide");
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) wrong.push("the page is too wide");
  return wrong;
}"""


def links(count: int = 60, seed: int = 5) -> Iterator[str]:
    """Addresses of views: with markup, inherited names, broken escapes, very long or repeated parameters."""
    yield from (
        "#",
        "#%",
        "#%zz&q=%E0%A4%A",
        "#q",
        "#=&=&&&==",
        "?q=%00%0a#q=%ff",
        "#" + "%25" * 2000,
    )
    yield from (
        "#image=constructor",
        "#image=__proto__",
        "#image=ffffffffffffffff",
        "#picture=" + "0" * 16,
    )
    yield from (
        f"#{name}={name}&is.{name}={name}&in.{name}=0..&sort={name}" for name in INHERITED[:8]
    )
    yield from (f"#is.constructor={quote(text)}" for text in MARKUP[:4])
    yield "#q=" + "a" * 1_000_000
    yield "#" + "&".join(f"is.field{number}=x" for number in range(20_000))
    yield "#" + "&".join(["is.tags=x"] * 20_000)
    yield "#like=" + ",".join(["0123456789abcdef"] * 5_000)
    yield "#in.width=1e308..-1e308&in.width=NaN..Infinity&in.height=..&in.taken=9e99..9e99"
    yield "?" + "q=x&" * 300 + "mode=constructor&sort=-__proto__&group=prototype"
    chance = random.Random(seed)
    for text in chance.sample([*TEXTS], min(count, len(TEXTS))):
        yield f"#q={quote(text[:20_000], errors='replace')}"
    for name in (*INHERITED, *WORDS_OF_PROGRAMS):
        yield f"#q={name}%3Ax+sort%3A{name}&is.{name}=constructor"


def build(folder: Path) -> Outcome:
    """Builds a site `dist` in `folder` whose texts, names and own description are hostile."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    trees.write(folder / "pictures")
    options = ["--model", "none", "--view-size", "0", "--originals", "copy", "-q"]
    options += ["--title", MARKUP[1], "--description", "\u202e" + MARKUP[0] + " " + LONG[1][:600]]
    options += ["--attribution", MARKUP[3]]
    for text in (MARKUP[0], MARKUP[4], "constructor", "x" * 300):
        options += ["--example", text]
    return run("build", "pictures", "--metadata", "pictures/table.jsonl", *options, cwd=folder)


class Watched:
    """A page of a site, and everything that should not have happened on it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.ran: list[str] = []
        self.hangs: list[str] = []
        self.broken: list[str] = []
        self._now = ""
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.broken.append(f"{self._now[:80]}: {error}"))
        context.on("page", lambda page: self.ran.append(f"{self._now[:80]}: a new page {page.url}"))
        context.on("request", lambda request: self._request(request.url))
        context.add_init_script("window.alert = window.print = () => { window.__ran = 1; }")

    def _dialog(self, dialog: object) -> None:
        self.ran.append(f"{self._now[:80]}: a dialog")
        dialog.dismiss()  # type: ignore[attr-defined]

    def _request(self, url: str) -> None:
        origin = "/".join(self.url.split("/")[:3])
        if not url.startswith((origin, "blob:", "data:")) or url.startswith(ELSEWHERE):
            self.ran.append(f"{self._now[:80]}: a request to {url[:200]}")

    def visit(self, link: str) -> None:
        """Opens a view, waits until it has settled, and looks at it."""
        self._now = link
        try:
            self.page.goto(self.url + link)
            self.page.wait_for_function(SETTLE)
        except BrowserError as error:
            self.hangs.append(f"{link[:80]}: {str(error).splitlines()[0][:200]}")
            return
        self.look()

    def look(self) -> None:
        """Notes what is wrong with the page as it is now."""
        try:
            if self.page.evaluate("'__ran' in window"):
                self.ran.append(f"{self._now[:80]}: a script ran")
            for wrong in self.page.evaluate(CONTROLS):
                self.broken.append(f"{self._now[:80]}: {wrong}")
            strange = self.page.evaluate("(all) => document.querySelectorAll(all).length", STRANGE)
            if strange or not self.page.url.startswith(self.url.rstrip("/")):
                self.ran.append(f"{self._now[:80]}: markup became part of the page")
        except BrowserError as error:
            self.hangs.append(f"{self._now[:80]}: {str(error).splitlines()[0][:200]}")

    def details(self, most: int) -> int:
        """Opens the details of the first pictures one after the other; gives how many."""
        tiles = self.page.locator(".tile-link")
        number = min(most, tiles.count())
        if number:
            tiles.first.click()
        for at in range(number):
            self._now = f"details {at}"
            dialog = self.page.locator("dialog[open]")
            dialog.get_by_text("Image id").wait_for()
            self.look()
            self.page.keyboard.press("ArrowRight")
            self.page.wait_for_timeout(30)
        self.page.keyboard.press("Escape")
        return number
