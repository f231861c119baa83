"""A real site of drawn pictures, a server that can be stopped, and browsers that report every problem."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from imagedb_site.serve import SiteServer

ROOT = Path(__file__).parents[2]
WEB = ROOT / "builder" / "imagedb_site" / "_web"
sys.path.insert(0, str(ROOT / "tests"))

from browser import ARGUMENTS, chromium_path  # noqa: E402

COLOURS = {
    "red": (206, 40, 40),
    "green": (44, 150, 70),
    "blue": (40, 80, 210),
    "yellow": (240, 205, 40),
    "purple": (130, 50, 170),
}
SHAPES = ("circle", "square", "triangle", "stripe")
VARIANTS = 9
COUNT = len(COLOURS) * len(SHAPES) * VARIANTS
HOSTILE = "<img src=x onerror=alert(1)> & <b>bold</b>"

expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def draw(shape: str, colour: tuple[int, int, int], variant: int) -> Image.Image:
    """One shape on a light ground; position and size follow the variant. Two are large enough for a view."""
    size = (1600, 1200) if variant == 0 else (360, 480) if variant % 3 == 1 else (480, 360)
    width, height = size
    ground = 255 - 6 * variant
    image = Image.new("RGB", size, (ground, ground, 250))
    draw = ImageDraw.Draw(image)
    edge = int(min(size) * (0.45 + 0.04 * variant))
    left, top = (width - edge) * (variant % 4) // 4, (height - edge) * (variant % 3) // 3
    box = (left, top, left + edge, top + edge)
    if shape == "circle":
        draw.ellipse(box, fill=colour)
    elif shape == "square":
        draw.rectangle(box, fill=colour)
    elif shape == "triangle":
        draw.polygon(
            [(left + edge // 2, top), (left, top + edge), (left + edge, top + edge)], colour
        )
    else:
        draw.rectangle((0, top, width, top + edge // 3), fill=colour)
    return image


def draw_collection(folder: Path) -> tuple[Path, Path]:
    """Draw the pictures and the table that describes them; returns both."""
    pictures, table = folder / "pictures", folder / "table.csv"
    rows: list[dict[str, Any]] = []
    for shape in SHAPES:
        for name, colour in COLOURS.items():
            for variant in range(VARIANTS):
                file = f"{shape}/{name}-{variant}.png"
                path = pictures / file
                path.parent.mkdir(parents=True, exist_ok=True)
                draw(shape, colour, variant).save(path)
                rows.append(
                    {
                        "file": file,
                        "title": HOSTILE
                        if (shape, name, variant) == ("stripe", "purple", 8)
                        else f"A {name} {shape}, drawn number {variant}",
                        "tags": f"{name}; {shape}; drawing",
                        "rating": 1 + variant % 5,
                        "painted": f"20{10 + variant:02}-03-0{1 + variant % 9}",
                        "credit": "Drawn by a test",
                        "licence": "CC0 1.0",
                        "source": f"https://example.org/{shape}/{name}"
                        if variant
                        else "javascript:alert(1)",
                    }
                )
    with table.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return pictures, table


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (WEB / ".vite" / "manifest.json").exists():
        pytest.fail("The web application is not built; `make test` builds it (`make web` alone).")
    folder = tmp_path_factory.mktemp("e2e")
    pictures, table = draw_collection(folder)
    command: list[str | Path] = [sys.executable, "-m", "imagedb_site.cli.main", "build", pictures]
    command += ["-o", folder / "site", "-q", "--metadata", table, "--originals", "copy"]
    command += ["--title", "Drawn shapes", "--description", "Shapes in five colours."]
    command += ["--attribution", "Drawn by a test, CC0 1.0"]
    command += ["--example", "red circle", "--example", "blue stripe"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "site"


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Waits until `holds`. Playwright's own `wait_for_function` needs eval, which the site forbids."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "It never came true."
        time.sleep(0.05)


def still(page: Page) -> int:
    """The height the page is scrolled to, once it has stayed there for a while."""
    heights: list[int] = []
    while len(heights) < 6 or len(set(heights[-6:])) > 1:
        heights.append(page.evaluate("Math.round(scrollY)"))
        page.wait_for_timeout(60)
        assert len(heights) < 300, "The page never stops scrolling."
    return heights[-1]


class Host:
    """A server of the site that can be switched off and on again at the same address."""

    def __init__(self, site: Path, mount: str = "/") -> None:
        self._site, self._mount = site, mount
        self.requests: list[str] = []
        self._server: SiteServer | None = None
        self._port = 0
        self.start()

    def start(self) -> None:
        self._server = SiteServer(
            self._site, port=self._port, mount=self._mount, log=self.requests.append
        )
        self._port = self._server.port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{self._mount}"


@pytest.fixture
def host(site: Path) -> Iterator[Host]:
    """In a sub-folder, as on GitHub Pages: absolute paths fail."""
    server = Host(site, mount="/shapes/")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visitor:
    """A browser context and its page; `problems` collects errors that must not occur."""

    def __init__(self, context: BrowserContext, host: Host) -> None:
        self.context, self.host = context, host
        # Loading a page may be slow on a busy machine.
        context.set_default_navigation_timeout(90_000)
        self.problems: list[str] = []
        self.tolerated: tuple[str, ...] = ("blocked by Playwright",)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        context.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("blob", "data"):
            return
        if f"{parts.scheme}://{parts.netloc}" != self.host.url.removesuffix("/shapes/"):
            self.problems.append(f"request to another origin: {url}")

    def open(self, view: str = "") -> Page:
        self.page.goto(self.host.url + view)
        return self.page

    def home(self) -> Page:
        page = self.open()
        expect(page.locator(".tile-link img.shown").first).to_be_visible()
        return page

    def tolerate(self, *problems: str) -> None:
        """Ignore problems that contain these words: the test causes them."""
        self.tolerated += problems

    def search(self, text: str, mode: str = "words") -> Page:
        page = self.open(f"#q={text.replace(' ', '+')}&mode={mode}")
        phrase = re.fullmatch('"([^"]*)"', text)
        self.settled(f"“{phrase[1] if phrase else text}”")
        return page

    def settled(self, words: str) -> None:
        """Waits for the final results of a search whose summary has these words."""
        expect(self.page.locator(".summary")).to_contain_text(words, timeout=60_000)
        expect(self.page.locator(".summary")).to_have_attribute(
            "data-stage", "final", timeout=60_000
        )
        expect(self.page.locator(".tile-link").first).to_be_visible()

    def check(self) -> None:
        left = [
            problem
            for problem in self.problems
            if not any(known in problem for known in self.tolerated)
        ]
        assert left == []


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, host: Host) -> Iterator[Visit]:
    """Makes visitors. At the end of the test none of them may have had a problem."""
    visitors: list[Visitor] = []

    def make(**settings: Any) -> Visitor:
        settings.setdefault("viewport", {"width": 1270, "height": 860})
        visitor = Visitor(browser.new_context(**settings), host)
        visitors.append(visitor)
        return visitor

    yield make
    for visitor in visitors:
        visitor.check()
        visitor.context.close()
