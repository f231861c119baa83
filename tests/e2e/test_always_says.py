"""The page never stays blank, says when the site was updated, and turns no text into code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Host, Visit, eventually
from playwright.sync_api import Browser, Page, expect
from steps import PHONE, audit, pick

sys.path.insert(0, str(ROOT / "tests"))

from soak import pages
from soak._faulty_host import Answer, Fault, FaultyHost, faulty_host, sound
from soak._page_cases import Program, cases

QUICK = (
    *("opened as a file", "JavaScript is off", "an old browser", "a frame that may load nothing"),
    *("the application throws", "a policy of the host", "scripts as text", "no styles"),
    *("50% of the application", "50% of the worker", "40% of the page", "a damaged manifest.json"),
)


@pytest.fixture
def faulty(site: Path) -> Iterator[FaultyHost]:
    with faulty_host(site) as host:
        yield host


@pytest.mark.parametrize("name", QUICK)
def test_every_failure_is_explained_and_a_button_helps(
    site: Path, browser: Browser, faulty: FaultyHost, name: str
) -> None:
    """All cases, two widths and Firefox: `make soak ARGS=pages`."""
    [case] = [case for case in cases(site) if case.name == name]
    assert pages.try_in_chromium(None, browser, faulty, case, "phone") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_message_is_accessible(browser: Browser, faulty: FaultyHost, scheme: str) -> None:
    faulty.fault = _missing(Program.of(faulty.folder).app)
    context = browser.new_context(**PHONE, color_scheme=scheme)
    page = context.new_page()
    page.goto(faulty.url)
    expect(page.get_by_role("alert")).to_contain_text("A part of this page is missing")
    assert audit(page) == []
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    context.close()


def _missing(*paths: str) -> Fault:
    def fault(answer: Answer) -> Answer:
        gone = answer.path in paths
        return Answer(answer.path, b"", 404, {}) if gone else answer

    return fault


def _deployed(old: Program) -> Fault:
    """Another build: the manifest is another, and the documents and the views of this one are gone."""

    def fault(answer: Answer) -> Answer:
        if answer.path == "manifest.json":
            answer.body = answer.body.replace(b'"generator":"imagedb', b'"generator":"Imagedb')
        elif answer.path.startswith(("data/documents", "views/", "thumbs/")):
            return Answer(answer.path, b"", 404, {})
        return answer

    return fault


def _visit(browser: Browser, host: FaultyHost, view: str = "") -> Page:
    page = browser.new_context(service_workers="block").new_page()
    page.goto(host.url + view)
    return page


def test_an_open_tab_says_that_the_site_was_updated(browser: Browser, faulty: FaultyHost) -> None:
    page = _visit(browser, faulty, "#q=red+circle&mode=words")
    expect(page.locator(".tile-link").first).to_be_visible()
    faulty.fault = _deployed(Program.of(faulty.folder))
    page.locator(".tile-link").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Reload").first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_text("This site was updated.")).to_be_visible()
    faulty.fault = sound
    page.locator(".updated").get_by_role("button", name="Reload").click()
    expect(page.locator(".summary")).to_contain_text("“red circle”")
    assert "q=red" in page.url
    expect(page.get_by_text("This site was updated.")).to_have_count(0)
    page.context.close()


def test_a_page_of_an_earlier_build_says_so_when_its_program_is_gone(
    browser: Browser, faulty: FaultyHost
) -> None:
    program = Program.of(faulty.folder)
    stale = program.page.replace(program.app, "assets/app.0123456789abcdef.js")
    answered: list[str] = []

    def first_stale(answer: Answer) -> Answer:
        if answer.path == "index.html" and not answered:
            answered.append(answer.path)
            answer.body = stale.encode()
        return answer

    faulty.fault = first_stale
    page = _visit(browser, faulty, "#q=red+circle&mode=words")
    expect(page.get_by_role("heading", name="This site was updated")).to_be_visible()
    page.get_by_role("button", name="Reload").click()
    expect(page.locator(".summary")).to_contain_text("“red circle”")
    page.context.close()


def test_the_whole_journey_asks_for_no_untrusted_script(
    visit: Visit, host: Host, site: Path
) -> None:
    visitor = visit()
    visitor.context.add_init_script(
        """addEventListener("securitypolicyviolation", (event) => {
          console.error(`violation: ${event.violatedDirective} ${event.sample}`);
        })"""
    )
    page = visitor.home()
    visitor.search("red circle", mode="words")
    visitor.search("red circle", mode="meaning")
    pick(page, site.parent / "pictures" / "circle" / "red-1.png")
    expect(page.locator('.tray-card[data-state="ready"]')).to_be_visible(timeout=60_000)
    visitor.home()
    page.locator(".tile-link").first.click()
    expect(page.get_by_text("Image id")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add pictures").click()
    picture = site.parent / "pictures" / "square" / "blue-1.png"
    page.set_input_files('[data-add="files"]', [str(picture)])
    expect(page.get_by_role("dialog").locator(".entry-title").first).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 60)
    visitor.tolerate("net::ERR", "Failed to load resource", "service worker")
    host.stop()
    page.reload()
    expect(page.locator(".tile-link").first).to_be_visible()


INJECTIONS = {
    "markup": "document.body.innerHTML = '<b>x</b>'",
    "markup beside": "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
    "a document": "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
    "a script": "document.createElement('script').src = 'assets/app.js'",
    "code": "document.createElement('script').textContent = 'alert(1)'",
    "a worker": "new Worker('assets/other.js')",
    "a handler": "document.body.setAttribute('onclick', 'alert(1)')",
    "another policy": "trustedTypes.createPolicy('other', {createHTML: (text) => text})",
    "the same policy": "trustedTypes.createPolicy('imagedb', {createHTML: (text) => text})",
    "the default policy": "trustedTypes.createPolicy('default', {createHTML: (text) => text})",
}


def test_an_injection_throws(visit: Visit) -> None:
    visitor = visit(service_workers="block")
    visitor.tolerate("requires 'Trusted", "TrustedTypePolicy", "trusted-types", "Trusted Type")
    page = visitor.home()
    for name, code in INJECTIONS.items():
        script = (
            f"(() => {{ try {{ {code}; return 'ran' }} catch (error) {{ return error.name }} }})()"
        )
        assert page.evaluate(script) == "TypeError", f"{name}: {json.dumps(code)}"
