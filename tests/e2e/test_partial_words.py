"""A site with a damaged file of full text: the other words are searched, and Retry searches all of them."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import COLOURS, Host, Visitor, draw
from playwright.sync_api import Browser, Route, expect

WORDS = 2400
"""So many that full text has several files of terms."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    table = ["file,title"]
    for number, (name, colour) in enumerate(COLOURS.items()):
        draw("circle", colour, 1).save(pictures / f"{name}.png")
        others = " ".join(f"m{word:04}" for word in range(number, WORDS, len(COLOURS)))
        table.append(f"{name}.png,{'aardvark ' if number < 2 else ''}zebra {others}")
    (tmp_path / "table.csv").write_text("\n".join(table))
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", pictures, "--model", "none"]
    command += ["-o", tmp_path / "site", "-q", "--metadata", tmp_path / "table.csv"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    host = Host(tmp_path / "site", mount="/shapes/")
    yield host
    host.stop()


def shard(site: Path, term: bytes) -> str:
    """The name of the file of terms that has a term."""
    for path in sorted((site / "data").glob("terms.*")):
        stored = path.read_bytes()
        content = gzip.decompress(stored) if stored[:2] == b"\x1f\x8b" else stored
        if term in content:
            return path.name
    raise AssertionError(term)


def damaged(route: Route) -> None:
    """The file has its length, and one other byte."""
    response = route.fetch()
    body = bytearray(response.body())
    body[len(body) // 2] ^= 1
    route.fulfill(response=response, body=bytes(body))


def test_the_other_words_are_searched_and_retry_searches_all(
    browser: Browser, host: Host, tmp_path: Path
) -> None:
    name = shard(tmp_path / "site", b"zebra")
    assert name != shard(tmp_path / "site", b"aardvark")
    visitor = Visitor(browser.new_context(service_workers="block"), host)
    visitor.context.route(f"**/data/{name}", damaged)
    page = visitor.open("#mode=words&q=aardvark+zebra")
    notice = page.locator(".message", has_text="“zebra” was not searched")
    expect(notice).to_contain_text("Part of the full text could not be loaded", timeout=60_000)
    visitor.settled("2 pictures with some words of “aardvark zebra”")
    expect(page.locator(".tile-link")).to_have_count(2)
    expect(page.get_by_text("Nothing found")).to_have_count(0)

    visitor.context.unroute(f"**/data/{name}")
    notice.get_by_role("button", name="Retry").click()
    expect(notice).to_have_count(0)
    visitor.settled("2 pictures with “aardvark zebra”, 3 more with some of the words")
    expect(page.locator(".tile-link")).to_have_count(5)
    visitor.check()
    visitor.context.close()
