"""A site full of hostile texts, and hostile links into it: no script runs, and the page stays usable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host
from playwright.sync_api import Browser, expect
from steps import PHONE

from hostile import pages


@pytest.fixture(scope="module")
def hostile_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("hostile-site")
    outcome = pages.build(folder)
    assert (outcome.code, outcome.fault) == (0, ""), outcome.err
    host = Host(folder / "dist", mount="/shapes/")
    yield host
    host.stop()


def watched(browser: Browser, host: Host, **settings: object) -> pages.Watched:
    settings = {"viewport": {"width": 1270, "height": 860}, "service_workers": "block", **settings}
    return pages.Watched(browser.new_context(**settings), host.url)


def check(watch: pages.Watched) -> None:
    assert watch.ran == []
    assert watch.hangs == []
    assert watch.broken == []
    watch.page.context.close()


def test_every_text_is_only_shown(browser: Browser, hostile_host: Host) -> None:
    for settings in ({}, PHONE):
        watch = watched(browser, hostile_host, **settings)
        watch.visit("")
        expect(watch.page.locator("h1").first).to_contain_text("<img src=x onerror=")
        watch.visit("#q=window")
        assert watch.details(6 if settings else 15) > 5
        watch.page.get_by_role("button", name="Filters").click()
        watch.look()
        watch.page.keyboard.press("Escape")
        watch.page.goto(hostile_host.url)
        watch.page.get_by_role("button", name="About this collection").click()
        watch.look()
        check(watch)


def test_no_link_into_the_site_does_harm(browser: Browser, hostile_host: Host) -> None:
    watch = watched(browser, hostile_host)
    for link in [*pages.links(15)][:50]:
        watch.visit(link)
    check(watch)


def test_the_canary_would_be_seen(browser: Browser, hostile_host: Host) -> None:
    watch = watched(browser, hostile_host)
    watch.visit("")
    watch.page.evaluate("window.alert(1)")
    watch.page.evaluate("document.body.append(document.createElement('iframe'))")
    watch.page.evaluate("document.querySelector('#search').parentElement.style.display = 'none'")
    watch.look()
    assert len(watch.ran) == 2 and len(watch.broken) == 1
    watch.page.context.close()


@pytest.fixture
def site() -> Path:
    raise AssertionError("These tests have a site of their own.")
