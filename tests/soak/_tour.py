"""Everything that a visitor can do with a site, step by step; each step says whether it worked."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page

from imagedb_site.reader import open_site

_RETRY = re.compile(r"^(Retry|Try again|Reload)\b")


class Trouble(Exception):
    """A step did not work in time."""


@dataclass(frozen=True)
class Tour:
    """The site at `url`, and one picture of it, by id; `name` begins its title, `original` is its file."""

    url: str
    image: str
    name: str
    original: Path

    @classmethod
    def of(cls, site: Path, url: str) -> Tour:
        with open_site(site) as opened:
            document = opened.document(0)
        return cls(
            url, document["id"], str(document["fields"]["title"]), site / document["original"]
        )

    def take(self, page: Page, seconds: float, *, patient: bool) -> None:
        """All steps. `patient`: press every button that offers to try again. Raises Trouble."""
        go = _Steps(page, seconds, patient)
        page.goto(self.url)
        go.until("the first tiles", lambda: go.seen(".tile-link img.shown"))
        self._search(go, "red", "words")
        self._search(go, "something red and round", "all")
        self._detail(go)
        self._facet(go)
        self._suggest(go)

    def _search(self, go: _Steps, text: str, mode: str) -> None:
        go.page.goto(f"{self.url}#q={text.replace(' ', '+')}&mode={mode}")
        final = f'.summary[data-stage="final"]:has-text("“{text}”")'
        go.until(f"the search for {text}", lambda: go.seen(final) and not go.offered())
        go.until("its first picture", lambda: go.seen('.tile-link[data-index="0"] img.shown'))

    def _suggest(self, go: _Steps) -> None:
        """Suggestions are silent when they fail, so the word is typed again."""

        def typed() -> bool:
            go.page.locator("#search").fill("")
            go.page.locator("#search").press_sequentially("circ")
            go.page.wait_for_timeout(250)
            return go.seen('[role="option"]:has-text("circle")')

        go.until("suggestions", typed)
        go.page.keyboard.press("Escape")

    def _detail(self, go: _Steps) -> None:
        # A link that is opened, not a step inside the page.
        go.page.goto("about:blank")
        go.page.goto(f"{self.url}#image={self.image}")
        go.until("the details", lambda: go.seen(f'dialog h2:has-text("{self.name}")'))
        go.until("the large picture", lambda: go.page.evaluate(_LARGE) >= 1000)
        go.until("similar pictures", lambda: go.seen(".similar img"))
        self._save(go)
        go.page.keyboard.press("Escape")

    def _save(self, go: _Steps) -> None:
        saved: list[str] = []
        go.page.once("download", lambda download: saved.append(str(download.path())))
        go.page.locator("dialog .actions a", has_text="Original").click()
        go.until("the original", lambda: bool(saved))
        digests = [
            hashlib.sha256(Path(file).read_bytes()).digest() for file in (saved[0], self.original)
        ]
        if digests[0] != digests[1]:
            raise Trouble("the original that was saved is another file")

    def _facet(self, go: _Steps) -> None:
        go.page.goto(f"{self.url}#")
        go.until("the start page", lambda: go.seen(".tile-link img.shown"))
        # On a wide screen they are open at first, and their content comes after the pictures.
        if not go.seen("#filters"):
            go.page.locator("body").press("f")
        go.until("filters", lambda: go.seen("details summary:has-text('Tags')"))
        group = go.page.locator("details", has=go.page.locator("summary", has_text="Tags"))
        if group.get_attribute("open") is None:
            group.locator("summary").click()
        go.until("the values of a filter", lambda: go.seen("details .facet-line"))


_LARGE = """() => {
  const images = [...document.querySelectorAll("dialog .stage-picture img")];
  return Math.max(0, ...images.filter((image) => image.complete).map((image) => image.naturalWidth));
}"""


class _Steps:
    def __init__(self, page: Page, seconds: float, patient: bool) -> None:
        self.page, self._seconds, self._patient = page, seconds, patient

    def seen(self, selector: str) -> bool:
        return self.page.locator(selector).first.is_visible()

    def offered(self) -> bool:
        """Whether the page offers to try something again."""
        return self.page.get_by_role("button", name=_RETRY).first.is_visible()

    def until(self, what: str, holds: Callable[[], object]) -> None:
        end = time.monotonic() + self._seconds
        pressed = 0.0
        while True:
            try:
                if holds():
                    return
                # A person looks before pressing again.
                if self._patient and time.monotonic() > pressed + 1 and self.offered():
                    self.page.get_by_role("button", name=_RETRY).first.click(timeout=1000)
                    pressed = time.monotonic()
            except Error as error:
                # The page is being loaded again, or what was there has gone.
                if "closed" in str(error):
                    raise Trouble(f"{what}: {error}") from error
            if time.monotonic() > end:
                text = " ".join(self.page.locator("body").inner_text().split())[:300]
                raise Trouble(f"{what}; the page says: {text}")
            self.page.wait_for_timeout(60)
