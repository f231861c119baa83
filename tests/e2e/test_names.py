"""File names that could hide something are shown visibly, and their pictures are found like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import COLOURS, Host, Visitor, draw
from playwright.sync_api import Browser, expect
from steps import open_filters

SHOWN = {
    b"turned \xe2\x80\xaegnp.exe.png": "turned \\u{202E}gnp.exe.png",
    b"line\nfeed.png": "line␊feed.png",
    b"caf\xe9.png": "caf\ufffdE9.png",
    b"3.04\xe2\x80\xafPM.png": "3.04\u202fPM.png",
}


@pytest.fixture
def visitor(browser: Browser, tmp_path: Path) -> Iterator[Visitor]:
    folder = tmp_path / "pictures"
    for name, colour in zip(SHOWN, COLOURS.values(), strict=False):
        place = os.fsencode(folder) + b"/dir\xe2\x80\xae/" + name
        Path(os.fsdecode(place)).parent.mkdir(parents=True, exist_ok=True)
        draw("circle", colour, 1).save(os.fsdecode(place))
    draw("square", COLOURS["blue"], 2).save(folder / "top.png")
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", folder, "--model", "none"]
    command += ["-o", tmp_path / "site", "-q", "--originals", "copy"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    host = Host(tmp_path / "site", mount="/shapes/")
    visitor = Visitor(browser.new_context(), host)
    yield visitor
    visitor.context.close()
    host.stop()
    assert visitor.problems == []


def test_names_are_shown_visibly(visitor: Visitor) -> None:
    page = visitor.home()
    links = page.locator(".tile-link")
    expect(links).to_have_count(5)
    seen = set()
    for index in range(5):
        links.nth(index).click()
        dialog = page.get_by_role("dialog")
        name = dialog.locator("dt:text-is('Name') + dd").text_content() or ""
        seen.add(name)
        if name != "top.png":
            expect(dialog.locator("dt:text-is('Folder') + dd").last).to_have_text("dir\\u{202E}")
            href = dialog.get_by_role("link", name="Original").get_attribute("href") or ""
            assert page.request.get(href).ok
        assert not {"\u202e", "\n"} & set(dialog.inner_html())
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    assert seen == {*SHOWN.values(), "top.png"}
    open_filters(page)
    panel = page.get_by_role("complementary", name="Filters")
    panel.get_by_text("dir\\u{202E}").click()
    expect(page.locator(".chips")).to_contain_text("dir\\u{202E}")
    expect(links).to_have_count(4)
