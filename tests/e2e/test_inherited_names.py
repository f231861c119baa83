"""Columns called like what every JavaScript object has are filtered, sorted, shown and found like others."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import COLOURS, Host, Visitor, draw
from playwright.sync_api import Browser, expect
from steps import open_filters

NAMES = "abcdefghijkl"
LINES = [
    "file,constructor,__proto__,toString,then,hasOwnProperty",
    *(
        f"{name}.png,{('Ann', 'Ben')[at % 2]},{at * 7 % 11},{2001 + at * 5 % 11}-01-01,x;{name},"
        f"{('constructor of boats', '__proto__ of a ship', 'the valueOf all')[at % 3]}"
        for at, name in enumerate(NAMES[:-1])
    ),
    "l.png,,,,,",
]


@pytest.fixture
def visitor(browser: Browser, tmp_path: Path) -> Iterator[Visitor]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for at, name in enumerate(NAMES):
        draw("circle", (*COLOURS.values(),)[at % 5], at).save(folder / f"{name}.png")
    (tmp_path / "table.csv").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", folder, "--model", "none"]
    command += ["-o", tmp_path / "site", "-q", "--metadata", tmp_path / "table.csv"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    host = Host(tmp_path / "site", mount="/shapes/")
    visitor = Visitor(browser.new_context(viewport={"width": 1270, "height": 860}), host)
    yield visitor
    visitor.context.close()
    host.stop()
    assert visitor.problems == []


def order(visitor: Visitor, link: str) -> list[str]:
    """The pictures of a view in order, by the letters of their names."""
    visitor.page.goto("about:blank")
    visitor.open(link)
    expect(visitor.page.locator(".summary")).to_have_attribute("data-stage", "final")
    links = visitor.page.locator(".tile-link")
    expect(links.first).to_have_attribute("aria-label", re.compile(r"^[a-l]\b"))
    labels = [str(link.get_attribute("aria-label")) for link in links.all()]
    return [label[:1] for label in labels]


def test_the_whole_journey(visitor: Visitor) -> None:
    rows = {name: at for at, name in enumerate(NAMES[:-1])}
    ann = sorted((name for name in rows if rows[name] % 2 == 0), key=lambda n: rows[n] * 7 % 11)
    assert order(visitor, "#is.constructor=Ann&sort=-proto") == ann[::-1]
    assert order(visitor, "#is.constructor=Ann&sort=proto") == ann
    dated = sorted(rows, key=lambda name: rows[name] * 5 % 11)
    assert order(visitor, "#sort=to_string")[:11] == dated
    few = [name for name in rows if rows[name] % 2 and rows[name] * 7 % 11 <= 5]
    assert sorted(order(visitor, "#not.constructor=Ann&in.proto=..5")) == [*few]
    assert order(visitor, "#mode=words&q=constructor%3Aann+then%3Ac") == ["c"]
    ships = order(visitor, "#mode=words&q=has_own_property%3Aship+sort%3Aproto")
    assert sorted(ships) == [name for name in rows if rows[name] % 3 == 1]
    page = visitor.page
    page.goto(visitor.host.url)
    open_filters(page)
    panel = page.get_by_role("complementary", name="Filters")
    panel.get_by_text("Ann", exact=True).click()
    expect(page.locator(".chips")).to_contain_text("Ann")
    expect(page.locator(".tile-link")).to_have_count(len(ann))
    for name, constructor in (("a", "Ann"), ("l", None)):
        page.goto("about:blank")
        visitor.open(f"#mode=words&q=file%3A{name}.png")
        page.locator(".tile-link").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Image id")).to_be_visible()
        line = dialog.locator("dt:text-is('Constructor') + dd")
        expect(line).to_have_count(1 if constructor else 0)
        if constructor:
            expect(line).to_have_text(constructor)
        page.keyboard.press("Escape")
