"""Full text of CJK characters: stored texts and queries are prepared in the same way."""

from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagedb_site.text import fts_query, fts_text

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "cjk.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["text"])
def test_text_as_stored(case):
    assert fts_text(case["value"]) == case["stored"]


@pytest.mark.parametrize("case", GOLDEN["query"])
def test_queries_as_asked(case):
    assert fts_query(case["query"]) == case["asked"]


@pytest.mark.parametrize("case", GOLDEN["search"])
def test_what_is_found(case):
    db = apsw.Connection(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE fts USING fts5(title, tags, "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    for title, tags in GOLDEN["rows"]:
        db.execute("INSERT INTO fts VALUES (?, ?)", (fts_text(title), fts_text(tags)))
    sql = "SELECT rowid - 1 FROM fts WHERE fts MATCH ? ORDER BY rowid"
    found = [row for (row,) in db.execute(sql, (fts_query(case["query"]),))]
    assert found == case["rows"]


@given(st.text())
def test_spacing_twice_changes_nothing(text):
    once = fts_text(text)
    assert fts_text(once) == once
    if text.isascii():
        assert once == text


def test_other_values():
    assert [fts_text(value) for value in (None, True, 3, 2.5, ["a", "b c"])] == [
        *("", "true", "3", "2.5", "a, b c"),
    ]
