"""`make screenshots`: photographs every state of the sites, and checks each.

    python -m screens                                       # everything
    python -m screens --site camera --state detail,print --width 390 --scheme dark
    python -m screens --built demo=dist                     # photographs a site that is built already
    python -m screens --readme                              # writes the picture of the README

Each picture is a line of JSON on standard output: site, state, width, scheme, file, and what is wrong:
`faults` (controls that overlap, texts that are cut, scrolling sideways), `axe` (violations of any severity)
and `errors` (of the console). The last line has the sums. The pictures and an index.html are in
.cache/screens/pictures. The exit status is 1 if anything is wrong. Test data that is missing is named and
left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, sync_playwright

from browser import ARGUMENTS, chromium_path
from gallery_page import build_gallery, open_gallery, photograph_whole, serving_files, unexpected
from imagedb_site.serve import SiteServer
from page_checks import audit, faults
from screens._readme import photograph_for_readme
from screens._sheet import write_sheet
from screens._sites import KEPT, SITES, MissingError
from screens._states import STATES, State, Visit

HEIGHTS = {1440: 900, 1024: 768, 820: 1180, 390: 844}
SCHEMES = ("light", "dark")
TOUCH = 900
"""Narrower screens are touched."""
GALLERY = "gallery"
"""The page of all states of components. It is not a site."""
A4 = (794, 1123)
IMPACTS = ("minor", "moderate", "serious", "critical")
# Errors that a state causes on purpose, and what drawing in software says.
MEANT = ("net::ERR_", "Failed to load resource", "GPU stall", "GL Driver", "swiftshader")


@contextmanager
def serving(site: Path) -> Iterator[str]:
    with SiteServer(site, port=0) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.url
        finally:
            server.shutdown()


class Visitors:
    """Browser contexts of one width. States that break something have one of their own."""

    def __init__(self, browser: Browser, size: tuple[int, int]) -> None:
        self._browser, self._size = browser, size
        self._common: BrowserContext | None = None

    @contextmanager
    def context(self, state: str, how: State) -> Iterator[BrowserContext]:
        if not how.apart:
            self._common = self._common or self._new(service_workers="block")
            yield self._common
            return
        context = self._new(service_workers="allow" if state == "offline" else "block")
        try:
            yield context
        finally:
            context.close()

    def close(self) -> None:
        if self._common:
            self._common.close()

    def _new(self, **settings: Any) -> BrowserContext:
        width, height = self._size
        if width < TOUCH and self._size != A4:
            settings |= {"has_touch": True, "is_mobile": True}
        size = {"width": width, "height": height}
        return self._browser.new_context(viewport=size, reduced_motion="reduce", **settings)


def photograph(
    visitors: Visitors,
    url: str,
    words: str,
    state: str,
    schemes: list[str],
    to: Path,
    how: State | None = None,
) -> Iterator[dict[str, Any]]:
    """One state in light and dark. Raises MissingError if the site does not have it."""
    how = how or STATES[state]
    with visitors.context(state, how) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        try:
            page.emulate_media(color_scheme="light")
            how.show(Visit(page, context, url, words))
            for scheme in ["light"] if how.paper else schemes:
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                page.wait_for_timeout(300)
                # A busy device has not painted the other colours by then.
                page.evaluate(
                    "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))"
                )
                width = page.viewport_size["width"] if page.viewport_size else 0
                file = to / f"{to.name}-{state}-{width}-{scheme}.png"
                if how.whole:
                    photograph_whole(page, file)
                else:
                    page.screenshot(path=file, full_page=how.paper)
                yield {
                    "state": state,
                    "width": width,
                    "scheme": scheme,
                    "file": f"{to.name}/{file.name}",
                    "faults": [] if how.paper else faults(page),
                    "axe": [] if how.paper else audit(page, IMPACTS),
                    "errors": [one for one in errors if not any(known in one for known in MEANT)],
                }
        finally:
            page.close()


def photograph_site(
    browser: Browser, name: str, folder: Path, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    to = KEPT / "pictures" / name
    to.mkdir(parents=True, exist_ok=True)
    paper = [state for state in options.state if STATES[state].paper]
    shown = [state for state in options.state if state not in paper]
    sizes = [((width, HEIGHTS.get(width, 900)), shown) for width in options.width]
    with serving(folder) as url:
        for size, states in [*sizes, (A4, paper)]:
            visitors = Visitors(browser, size)
            for state in states:
                shots = photograph(visitors, url, SITES[name].words, state, options.scheme, to)
                try:
                    for shot in shots:
                        yield {"site": name, **shot}
                except MissingError as missing:
                    print(f"{name}, {state}, {size[0]} px: {missing}", file=sys.stderr)
                except (AssertionError, Error) as error:
                    first = str(error).split("\n\n")[0][:400]
                    yield {
                        "site": name, "state": state, "width": size[0], "scheme": "", "file": "",
                        "faults": [f"not reached: {first}"], "axe": [], "errors": [],
                    }  # fmt: skip
            visitors.close()


def photograph_gallery(browser: Browser, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every state of every component, on one page."""
    to = KEPT / "pictures" / GALLERY
    to.mkdir(parents=True, exist_ok=True)
    with serving_files(build_gallery(KEPT / GALLERY)) as url:
        for width in options.width:
            visitors = Visitors(browser, (width, HEIGHTS.get(width, 900)))
            shown = State(lambda visit: open_gallery(visit.page, visit.url), whole=True)
            for shot in photograph(visitors, url, "", "components", options.scheme, to, shown):
                for kind in ("faults", "axe"):
                    shot[kind] = unexpected(shot[kind])
                yield {"site": GALLERY, **shot}
            visitors.close()


def run(options: argparse.Namespace) -> int:
    built = dict(one.split("=", 1) for one in options.built)
    shots: list[dict[str, Any]] = []
    with sync_playwright() as playwright:
        arguments = [*ARGUMENTS, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        for name in options.site:
            if name == GALLERY:
                for shot in photograph_gallery(browser, options):
                    shots.append(shot)
                    print(json.dumps(shot), flush=True)
                continue
            try:
                folder = Path(built[name]) if name in built else SITES[name].build()
            except MissingError as missing:
                print(f"{name} is left out: {missing}", file=sys.stderr)
                continue
            if options.readme:
                with serving(folder) as url:
                    photograph_for_readme(browser, url, SITES[name].words)
                continue
            for shot in photograph_site(browser, name, folder, options):
                shots.append(shot)
                print(json.dumps(shot), flush=True)
        browser.close()
    if options.readme:
        return 0
    wrong = {key: sum(len(shot[key]) for shot in shots) for key in ("faults", "axe", "errors")}
    (KEPT / "pictures" / "report.json").write_text(json.dumps(shots, indent=1), encoding="utf-8")
    print(write_sheet(KEPT / "pictures", [one for one in shots if one["file"]]), file=sys.stderr)
    print(json.dumps({"pictures": sum(bool(one["file"]) for one in shots), **wrong}))
    return 1 if any(wrong.values()) else 0


def chosen(known: Any, kind: Any = str) -> Any:
    """A type of arguments: some of the known ones, with commas between them."""

    def read(text: str) -> list[Any]:
        some = [kind(part) for part in text.split(",")]
        if unknown := [one for one in some if known and one not in known]:
            raise argparse.ArgumentTypeError(
                f"{unknown[0]} is not one of {', '.join(map(str, known))}"
            )
        return some

    return read


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="screens", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--site", type=chosen([*SITES, GALLERY]), default=[*SITES, GALLERY])
    parser.add_argument("--state", type=chosen(STATES), default=list(STATES))
    parser.add_argument("--width", type=chosen(None, int), default=list(HEIGHTS), help="pixels")
    parser.add_argument("--scheme", type=chosen(SCHEMES), default=list(SCHEMES))
    parser.add_argument("--built", action="append", default=[], metavar="SITE=FOLDER")
    parser.add_argument("--readme", action="store_true", help="only the picture of the README")
    options = parser.parse_args()
    if options.readme:
        options.site = ["demo"]
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
