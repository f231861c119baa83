"""Folding, and full text: stored texts and queries are prepared in the same way."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site import fts
from imagedb_site.folding import fold
from imagedb_site.text import EMOJI_SEQUENCE, fts_query, fts_text, number_parts, terms

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "texts.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["text"])
def test_text_as_stored(case):
    assert fts_text(case["value"]) == case["stored"]


@pytest.mark.parametrize("case", GOLDEN["query"])
def test_queries_as_asked(case):
    assert fts_query(case["query"]) == case["asked"]


@pytest.mark.parametrize("case", GOLDEN["search"])
def test_what_is_found(case):
    db = apsw.Connection(":memory:")
    db.execute(fts.create_table(["title", "tags"]))
    for row, (title, tags) in enumerate(GOLDEN["rows"]):
        values = (row + 1, fts_text(title), fts_text(tags))
        db.execute(fts.insert_row(["title", "tags"]), values)
    sql = "SELECT rowid - 1 FROM fts WHERE fts MATCH ? ORDER BY rowid"
    found = [row for (row,) in db.execute(sql, (fts_query(case["query"]),))]
    assert found == case["rows"]


@pytest.mark.parametrize("case", GOLDEN["fold"])
def test_folding(case):
    assert fold(case["text"]) == case["folded"]
    assert fold(unicodedata.normalize("NFD", case["text"])) == case["folded"]
    assert fold(unicodedata.normalize("NFC", case["text"])) == case["folded"]


@settings(deadline=None)
@given(st.text())
def test_terms_are_found_again(text):
    assert fold(fold(text)) == fold(text)
    assert fts_text(text).startswith(terms(text))
    if text.isascii() and not number_parts(terms(text)):
        assert terms(text) == text.lower().replace("`", "'").replace("\0", " ")


def test_emoji_as_people_see_them():
    found = [match[0] for match in EMOJI_SEQUENCE.finditer("a🐱👍🏽❤️b👩‍🚀🇩🇪🇫🇷 1️⃣")]
    assert found == ["🐱", "👍🏽", "❤️", "👩‍🚀", "🇩🇪", "🇫🇷"]


def test_other_values():
    assert [fts_text(value) for value in (None, True, 3, 2.5, ["a", "b c"])] == [
        *("", "true", "3", "2.5", "a, b c"),
    ]
