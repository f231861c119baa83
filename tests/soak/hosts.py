"""Every kind of host: the site loads, answers searches, shows pictures, and works offline afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from browser import ARGUMENTS, chromium_path
from programs import program_path
from soak._drawn import drawn_site
from soak._imitation import Habits
from soak._servers import Running, caddy, imitation, nginx, own_server, python_server
from soak._visits import explained, visit

Start = Callable[[Path, Path], AbstractContextManager[Running]]

DATA = (".bin", ".wasm", ".webp", ".jpg", ".png")
NOSNIFF = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=600"}
NO_SCRIPT = {".js": "text/plain; charset=utf-8"}


def odd(**habits: object) -> Start:
    """An imitation of GitHub Pages with other habits."""
    return partial(imitation, habits=Habits(**habits))  # type: ignore[arg-type]


def typed(kind: str) -> dict[str, str]:
    return dict.fromkeys(DATA, kind)


HOSTS: dict[str, Start] = {
    "nginx": nginx,
    "GitHub Pages": odd(),
    "Caddy": caddy,
    "python -m http.server": python_server,
    "imagedb-site serve": own_server,
    "serve at a path of other letters": partial(own_server, mount="/Ünïcode ☂/100 %/"),
    "nosniff": odd(headers=NOSNIFF),
    "data as application/octet-stream": odd(types=typed("application/octet-stream")),
    "data as octet-stream, nosniff": odd(types=typed("application/octet-stream"), headers=NOSNIFF),
    "data as text/plain": odd(types=typed("text/plain; charset=utf-8")),
    "compresses everything": odd(compresses=("",)),
    "compresses nothing, at the top": odd(compresses=(), mount="/"),
    "sends no length": odd(chunked=True),
    "caches everything for a day": odd(headers={"Cache-Control": "public, max-age=86400"}),
    "caches nothing": odd(headers={"Cache-Control": "no-store"}),
    "answers missing files with the page": odd(page_for_missing=True),
    "ignores case": odd(mount="/Pictures/", ignores_case=True),
    "no redirect to the folder": odd(redirects=False),
    "path of other letters": odd(mount="/Bilder/Übersicht & 100% ☂/"),
}
"""Hosts on which a site must work."""

WITHOUT_SLASH = (
    *("nginx", "GitHub Pages", "Caddy", "imagedb-site serve", "python -m http.server"),
    "no redirect to the folder",
)
"""Hosts that are also visited by the address without its last slash."""

WITHOUT_CACHING = ("python -m http.server", "caches nothing")
"""Hosts whose answers the browser does not keep by itself."""

EXPLAINED: dict[str, Start] = {
    "scripts as text/plain": odd(types=NO_SCRIPT, headers=NOSNIFF),
}
"""Hosts on which a site cannot work. The page must say something."""


def missing(name: str) -> bool:
    """Whether a host cannot be tested on this machine."""
    return name.lower() in ("nginx", "caddy") and program_path(name.lower()) is None


def try_host(
    browser: Browser, site: Path, folder: Path, name: str, *, slash: bool = True
) -> list[str]:
    """Visit the site on one host; returns what went wrong."""
    folder.mkdir()
    cannot_work = name in EXPLAINED
    with (EXPLAINED if cannot_work else HOSTS)[name](site, folder) as host:
        if cannot_work:
            return explained(browser, host.url)
        if not slash:
            host.url = host.url.rstrip("/")
        return visit(browser, host, "red circle", "blue square", twice=name in WITHOUT_CACHING)


def run(folder: Path, scale: float) -> dict[str, int]:
    """Visit every host, or the first ones for a small scale. Counts: `hosts`, `hosts_failed`."""
    site = drawn_site(folder)
    trials = [(name, True) for name in HOSTS]
    trials += [(name, False) for name in WITHOUT_SLASH] + [(name, True) for name in EXPLAINED]
    trials = trials[: max(2, round(len(trials) * scale))]
    failed = tried = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for number, (name, slash) in enumerate(trials):
            title = name if slash else f"{name}, without the slash"
            if missing(name):
                print(f"{title}: not tested, the program is missing", file=sys.stderr)
                continue
            problems = try_host(browser, site, folder / f"host-{number}", name, slash=slash)
            tried += 1
            failed += bool(problems)
            print(f"{title}: {'; '.join(problems) or 'works'}", file=sys.stderr, flush=True)
        browser.close()
    return {"hosts": tried, "hosts_failed": failed}
