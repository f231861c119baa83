"""Dates of every precision on the page: shown with what they say, and filtered as intervals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import COLOURS, Host, Visitor, draw
from playwright.sync_api import Browser, expect
from steps import open_filters

DATES = {
    "year": ("1893", "1893"),
    "month": ("1893-05", "May 1893"),
    "day": ("12.5.1893", "May 12, 1893"),
    "moment": ("1893-05-12T10:30:05", "May 12, 1893 at 10:30"),
    "ancient": ("0079-08-24", "August 24, 79"),
}


@pytest.fixture
def visitor(browser: Browser, tmp_path: Path) -> Iterator[Visitor]:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    lines = ["file,title,printed"]
    for (name, (text, _)), colour in zip(DATES.items(), COLOURS.values(), strict=True):
        draw("circle", colour, len(lines)).save(pictures / f"{name}.png")
        lines.append(f"{name}.png,The {name},{text}")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", pictures, "--model", "none"]
    command += ["-o", tmp_path / "site", "-q", "--metadata", tmp_path / "table.csv"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    host = Host(tmp_path / "site", mount="/shapes/")
    visitor = Visitor(browser.new_context(locale="en-US", timezone_id="Pacific/Auckland"), host)
    yield visitor
    visitor.context.close()
    host.stop()
    assert visitor.problems == []


def test_dates_are_shown_and_filtered_with_their_precision(visitor: Visitor) -> None:
    page = visitor.home()
    for name, (_, shown) in DATES.items():
        page.get_by_role("link", name=f"The {name}").click()
        line = page.get_by_role("dialog").locator("dt:has-text('Printed') + dd")
        expect(line).to_contain_text(shown)
        if name != "moment":
            expect(line).to_have_text(shown)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    open_filters(page)
    panel = page.get_by_role("complementary", name="Filters")
    printed = panel.get_by_role("group", name="Printed")
    expect(printed.locator(".range-span")).to_have_text("0079-08-24 – 1893-12-31")
    # June 1893 is in the year, and in no other interval.
    printed.get_by_label("From", exact=True).fill("1893-06-01")
    printed.get_by_label("From", exact=True).press("Enter")
    expect(page.locator(".summary")).to_contain_text("1 of 5 pictures")
    expect(page.get_by_role("link", name="The year")).to_be_visible()
    printed.get_by_label("From", exact=True).fill("0079-08-24")
    printed.get_by_label("From", exact=True).press("Enter")
    printed.get_by_label("To", exact=True).fill("1893-05-11")
    printed.get_by_label("To", exact=True).press("Enter")
    expect(page.locator(".summary")).to_contain_text("3 of 5 pictures")
    page.reload()
    expect(page.locator(".summary")).to_contain_text("3 of 5 pictures")
