"""Records whose texts the built-in model has read: found by meaning in the browser, as in Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host, Visit
from playwright.sync_api import Page, expect
from record_sites import DISCS, TITLES, build_texts
from steps import audit

import imagedb_site

# No word of a question is in the title that answers it.
QUESTIONS = {
    "vessels at sea in bad weather": "Ships in a storm",
    "railway engine": "A locomotive at the station",
    "old woman": "Portrait of an elderly lady",
    "dog taking a nap": "Sleeping hound",
    "winter houses": "Snow on the village roofs",
    "musical instruments": "A violin and a flute",
}


@pytest.fixture(scope="module", params=[False, True], ids=["records", "beside pictures"])
def texts_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_texts(tmp_path_factory.mktemp("texts"), pictured=request.param)


@pytest.fixture
def host(texts_site: Path) -> Iterator[Host]:
    server = Host(texts_site, mount="/shapes/")
    yield server
    server.stop()


def _search(page: Page, question: str) -> None:
    page.locator("#search").fill(question)
    expect(page.locator(".summary[data-stage=final]")).to_contain_text(question)


def test_a_question_without_shared_words_finds_the_record(visit: Visit, texts_site: Path) -> None:
    visitor = visit()
    page = visitor.open("#view=list")
    expect(page.locator(".record-link").first).to_be_visible()
    with imagedb_site.open(texts_site) as collection:
        for question, title in QUESTIONS.items():
            hits = collection.search(question, k=5).hits
            assert hits[0].document["fields"]["title"] == title, question
            assert hits[0].likely, question
            _search(page, question)
            shown = page.locator(".record-link")
            expect(shown.first).to_have_text(title)
            expect(page.locator(".summary")).to_contain_text("likely match")
            for place, hit in enumerate(hits):
                expect(page.locator(f".record-link[data-index='{place}']")).to_have_attribute(
                    "data-row", str(hit.row)
                )


def test_a_query_in_another_language_says_so(visit: Visit, texts_site: Path) -> None:
    visitor = visit()
    page = visitor.open("#view=list")
    expect(page.locator(".record-link").first).to_be_visible()
    for text in ("kinder spielen im garten", "собака на пляже"):
        _search(page, text)
        expect(page.locator(".messages")).to_contain_text("seems not to know the words of")
        expect(page.locator(".summary")).to_contain_text("No likely match for")
        expect(page.locator(".divider")).to_have_count(0)
        with imagedb_site.open(texts_site) as collection:
            response = collection.search(text)
        assert [notice.kind for notice in response.notices] == ["unknown-text"]
        expect(page.locator(".message.calm > span")).to_have_text(response.notices[0].message)
        assert not any(hit.likely for hit in response.hits)


def test_the_record_says_that_its_text_is_similar(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#view=list")
    expect(page.locator(".record-link").first).to_be_visible()
    _search(page, "railway engine")
    page.locator(".record-link").first.click()
    dialog = page.get_by_role("dialog")
    reasons = dialog.locator(".why summary")
    expect(reasons).to_have_text(re.compile("^Is about it"))
    # The numbers are shown by mouse, keyboard and touch alike.
    numbers = dialog.locator(".why p")
    expect(numbers).to_be_hidden()
    reasons.focus()
    page.keyboard.press("Enter")
    expect(numbers).to_contain_text("Similarity of the text 0.")
    expect(numbers).to_contain_text("rank 1 by meaning")
    similar = dialog.get_by_role("region", name="More like this")
    first = similar.get_by_role("link").first
    expect(first).not_to_have_attribute("aria-label", "Similar record")
    assert audit(page) == []
    dialog.get_by_role("button", name="More like this").click()
    expect(page.locator(".summary")).to_contain_text("More like this")
    expect(page.locator("[data-index='0']").first).to_contain_text("A locomotive at the station")


def test_neither_pictures_nor_records_hide_the_others(visit: Visit, texts_site: Path) -> None:
    with imagedb_site.open(texts_site) as collection:
        count = collection.count
        hits = collection.search("a red circle", mode="meaning", k=count).hits
        keys = [hit.document["path"] for hit in hits]
    if count == len(TITLES):
        pytest.skip("there are no pictures here")
    assert count == len(TITLES) + len(DISCS)
    assert keys[0].endswith("/red.png")
    visitor = visit()
    page = visitor.open("#view=list&mode=meaning")
    expect(page.locator(".record-link").first).to_be_visible()
    _search(page, "a red circle")
    row = str(hits[0].row)
    first = page.locator(".record-link").first
    expect(first).to_have_attribute("data-row", row)
    first.click()
    expect(page.get_by_role("dialog").locator(".why")).to_contain_text("Similarity 0.")
