"""One bad answer with the status 200, of any kind of file: Retry or loading the page again is enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from browser import ARGUMENTS, chromium_path
from soak._damaging import DAMAGES, DamagingHost, damaging_host
from soak._drawn import drawn_site
from soak._tour import Tour, Trouble

H = "[0-9a-f]{16}"

KINDS = {
    "the application": rf"assets/app\.{H}\.js",
    "styles": rf"assets/app\.{H}\.css",
    "worker": rf"assets/main\.{H}\.js",
    "script of the runtime": rf"assets/ort\..*\.{H}\.js",
    "script of the tokenizer": rf"assets/tokenizers\.{H}\.js",
    "runtime": rf"assets/ort-.*\.{H}\.bin",
    "manifest": r"manifest\.json",
    "rows": rf"data/rows\.{H}\.bin",
    "index of rows": rf"data/rows-index\.{H}\.bin",
    "terms": rf"data/terms\.{H}\.bin",
    "columns": rf"data/(columns|tags)\.{H}\.bin",
    "documents": rf"data/documents\.{H}\.bin",
    "vectors": rf"data/vectors\.{H}\.bin",
    "quantizer": rf"data/quantizer\.{H}\.bin",
    "ids": rf"data/ids\.{H}\.bin",
    "suggestions": rf"data/words\.{H}\.bin",
    "model": rf"data/model\.{H}\.bin",
    "tokens": rf"model/tokens\.{H}\.bin",
    "text tower": rf"model/text\.{H}\.onnx",
    "tokenizer": rf"model/tokenizer\.{H}\.bin",
    "thumbnails": r"thumbs/.*",
    "views": r"views/.*",
    "originals": r"originals/.*",
}
"""Regular expressions of paths. Each of these files is requested during a tour."""

LATER = {
    "index.html": r"index\.html",
    "service worker": r"sw\.js",
    "manifest, later": r"manifest\.json",
}
"""Files that are damaged in the second visit, with a service worker. If the very first page arrives cut,
only the browser's own reload can repair it."""

LASTING = 10_000
_SECONDS = 12.0
_TROUBLED = 4.0


@dataclass(frozen=True)
class Trial:
    kind: str
    damage: str
    """Which answers are damaged: the first one, or all until the visitor has seen the trouble."""
    lasting: bool = False


def trials(scale: float) -> Iterator[Trial]:
    """All kinds with all damages, and once with a lasting one; at a smaller scale every n-th of them."""
    # An empty file matters for scripts, which run without an error; elsewhere it is one that was cut.
    pairs = [(kind, damage) for damage in DAMAGES for kind in (*KINDS, *LATER)]
    once = [Trial(k, d) for k, d in pairs if d != "empty" or KINDS.get(k, ".js").endswith("js")]
    lasting = [Trial(kind, "flipped", lasting=True) for kind in KINDS]
    everything = [*once, *lasting]
    wanted = max(1, round(len(everything) * min(scale, 1)))
    yield from (everything[len(everything) * n // wanted] for n in range(wanted))


class Visitor:
    """One browser profile that tours the site."""

    def __init__(self, browser: Browser, tour: Tour) -> None:
        self.context: BrowserContext = browser.new_context(accept_downloads=True)
        self.page: Page = self.context.new_page()
        self.tour = tour

    def recovers(self, seconds: float = _SECONDS) -> str:
        """Tour until all works, with Retry and at most two reloads, then once more. Returns what is left."""
        trouble = ""
        for _ in range(3):
            try:
                self.tour.take(self.page, seconds, patient=True)
                break
            except Trouble as error:
                trouble = str(error)
                self.page.goto("about:blank")
        else:
            return trouble
        self.kept()
        try:
            # A new tab: nothing but the browser's caches is left of the first one.
            self.page.close()
            self.page = self.context.new_page()
            self.tour.take(self.page, seconds, patient=False)
        except Trouble as error:
            return f"in a new tab: {error}"
        return ""

    def kept(self) -> None:
        """Wait for the service worker, if it gets installed: a page does that when nothing else happens."""
        self.page.evaluate(
            "Promise.race([navigator.serviceWorker.ready, new Promise((done) => setTimeout(done, 12000))])"
            ".then(() => 0)"
        )

    def filled(self) -> None:
        """Wait until the caches have something and grow no further, for 20 seconds at most."""
        before, same = 0, 0
        for _ in range(40):
            self.page.wait_for_timeout(500)
            now = int(self.page.evaluate(_COUNT))
            same = same + 1 if now == before else 0
            before = now
            if now and same >= 3:
                return


def attempt(browser: Browser, host: DamagingHost, tour: Tour, trial: Trial) -> str:
    """One trial with a new profile. Returns what is left of the damage in the end, "" for nothing."""
    visitor = Visitor(browser, tour)
    damage = DAMAGES[trial.damage]
    try:
        if trial.kind in LATER:
            visitor.tour.take(visitor.page, _SECONDS, patient=False)
            visitor.kept()
        files = {**KINDS, **LATER}[trial.kind]
        host.damage(files, damage, LASTING if trial.lasting else 1)
        if trial.lasting:
            with suppress(Trouble):
                tour.take(visitor.page, _TROUBLED, patient=True)
            host.heal()
        left = visitor.recovers()
        return left or ("" if host.sent else "The file was not requested.")
    finally:
        host.heal()
        visitor.context.close()


def poisoned(browser: Browser, tour: Tour, damage: str, *, earlier: bool) -> str:
    """A profile with nothing but damaged copies in its caches. `earlier`: in those of the first version."""
    visitor = Visitor(browser, tour)
    try:
        tour.take(visitor.page, _SECONDS, patient=False)
        visitor.kept()
        visitor.filled()
        if not visitor.page.evaluate(_POISON, [damage, earlier]):
            return "Nothing was kept that could be damaged."
        return visitor.recovers()
    except Trouble as error:
        return f"before the damage: {error}"
    finally:
        visitor.context.close()


_COUNT = """async () => {
  const counts = (await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).length);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}"""

_POISON = """async ([damage, earlier]) => {
  let count = 0;
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const old = earlier ? await caches.open(name.replace(/ 2( |$)/, "$1")) : cache;
    for (const request of await cache.keys()) {
      const response = await cache.match(request);
      // The worker may just have deleted what is of no use.
      if (!response) continue;
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (damage === "flipped" && bytes.length) bytes[bytes.length >> 1] ^= 0x15;
      const cut = bytes.slice(0, bytes.length * 2 / 3);
      const body = damage === "cut" ? cut : damage === "page" ? "<!doctype html>" : bytes;
      await old.put(request, new Response(body, { headers: response.headers }));
      count++;
    }
    if (earlier) await caches.delete(name);
  }
  const workers = earlier ? await navigator.serviceWorker.getRegistrations() : [];
  for (const worker of workers) await worker.unregister();
  return count;
}"""


def run(folder: Path, scale: float) -> dict[str, int]:
    """Damage one answer after the other, and caches as a whole; count the visitors who do not recover."""
    site = drawn_site(folder, 3, "--originals", "copy")
    unrecovered = tried = 0

    def count(name: str, left: str) -> None:
        nonlocal unrecovered, tried
        tried += 1
        unrecovered += bool(left)
        if left:
            print(f"bad_200: {name}: {left}", file=sys.stderr, flush=True)

    with damaging_host(site) as host, sync_playwright() as playwright:
        tour = Tour.of(site, host.url)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for trial in trials(scale):
            name = f"{trial.kind}, {trial.damage}{', lasting' * trial.lasting}"
            count(name, attempt(browser, host, tour, trial))
        for damage in ("cut", "flipped", "page")[: max(1, round(3 * scale))]:
            for earlier in (False, True):
                count(f"caches, {damage}", poisoned(browser, tour, damage, earlier=earlier))
        browser.close()
    return {"bad_200_tried": tried, "bad_200_unrecovered": unrecovered}
