"""Full text as files: what Python reads back is what SQLite has, and damage is refused."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.bm25 import gains
from imagedb_site.container import FileEntry, gunzip_if
from imagedb_site.errors import FormatError
from imagedb_site.postings import decode_list, decode_places, encode_few, encode_list, encode_places
from imagedb_site.reader.postings import PostingsEntry, Read, SiteTerms, parse_postings
from imagedb_site.reader.verify_terms import verify_terms

GOLDEN: list[dict[str, Any]] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "golden" / "postings.json.gz").read_bytes())
)["catalogs"]
CASES = [pytest.param(case, id=case["name"]) for case in GOLDEN]


def opened(case: dict[str, Any], files: dict[str, bytes] | None = None) -> SiteTerms:
    return SiteTerms(*stored_in(case, files))


def stored_in(
    case: dict[str, Any], files: dict[str, bytes] | None = None
) -> tuple[PostingsEntry, Read]:
    stored = files or {path: base64.b64decode(data) for path, data in case["files"].items()}
    catalog = case["catalog"]

    def read(entry: FileEntry) -> bytes:
        if entry.path not in stored:
            raise FormatError(f"There is no file {entry.path}.")
        return gunzip_if(stored[entry.path], entry.raw_size)

    return parse_postings(catalog, catalog["count"], len(catalog["columns"])), read


@pytest.mark.parametrize("case", CASES)
def test_the_files_hold_what_sqlite_has(case: dict[str, Any]) -> None:
    terms = opened(case)
    for term, places in case["terms"].items():
        found = terms.occurrences(term, None)
        assert terms.rows(term).tolist() == found.rows.tolist() == places["rows"]
        assert terms.times(term).tolist() == np.diff(found.starts).tolist() == places["times"]
        assert found.columns.tolist() == places["columns"]
        assert found.positions.tolist() == places["positions"]
        assert terms.having(term) == len(places["rows"])
        assert terms.sizes(term).tolist() == [case["lengths"][row] for row in places["rows"]]
    assert terms.lengths(np.arange(terms.count)).tolist() == case["lengths"]
    assert terms.tokens == sum(case["lengths"])
    verify_terms(*stored_in(case))


@pytest.mark.parametrize("case", CASES)
def test_unknown_terms_have_no_rows(case: dict[str, Any]) -> None:
    terms = opened(case)
    for term in ("", "a", "zzzz", "\U000f0000", "\ue000"):
        assert terms.rows(term).tolist() == []
        assert terms.having(term) == 0
        assert terms.occurrences(term, None).positions.tolist() == []


@pytest.mark.parametrize("case", CASES)
def test_terms_by_their_beginning(case: dict[str, Any]) -> None:
    terms = opened(case)
    known = sorted(case["terms"], key=str.encode)
    for prefix in {term[:size] for term in known for size in range(4)} | {
        "q",
        "\U000f0000",
        "zzzz",
    }:
        assert terms.with_prefix(prefix) == [term for term in known if term.startswith(prefix)]


def test_places_of_some_rows() -> None:
    case = GOLDEN[0]
    terms = opened(case)
    long = max(case["terms"], key=lambda term: len(case["terms"][term]["rows"]))
    some = terms.rows(long)[5:200:20]
    found = terms.occurrences(long, some)
    every = terms.occurrences(long, None)
    assert set(some.tolist()) <= set(found.rows.tolist())
    for at, row in enumerate(found.rows.tolist()):
        place = every.rows.tolist().index(row)
        inside, outside = (
            slice(one.starts[i], one.starts[i + 1]) for one, i in ((found, at), (every, place))
        )
        assert found.positions[inside].tolist() == every.positions[outside].tolist()


def test_heads_have_the_best_rows() -> None:
    case = GOLDEN[0]
    terms = opened(case)
    heads = {term: head for term in case["terms"] if (head := terms.head(term)) is not None}
    assert heads
    for term, (rows, times, sizes) in heads.items():
        mean = terms.tokens / terms.count
        score = gains(terms.times(term), terms.sizes(term), mean)
        best = np.argsort(-score, kind="stable")[: len(rows)]
        assert rows.tolist() == sorted(terms.rows(term)[best].tolist())
        assert terms.lengths(rows).tolist() == sizes.tolist()
        assert times.tolist() == terms.times(term)[np.isin(terms.rows(term), rows)].tolist()


def test_damage_is_refused_or_harmless() -> None:
    """Any byte of any file: reading gives rows of the collection, or FormatError."""
    case = GOLDEN[0]
    whole = {path: base64.b64decode(data) for path, data in case["files"].items()}
    drawn = random.Random(3)
    refused = 0
    for path in drawn.sample(sorted(whole), 60):
        data = bytearray(gunzip_if(whole[path], 1 << 24))
        data[drawn.randrange(8, len(data))] ^= 1 << drawn.randrange(8)
        try:
            verify_terms(*stored_in(case, whole | {path: bytes(data)}))
        except FormatError:
            refused += 1
    assert refused > 20


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(0, 300), st.integers(1, 400), max_size=60), st.integers(301, 5000)
)
def test_any_list_comes_back(drawn: dict[int, int], count: int) -> None:
    rows = np.array(sorted(drawn), dtype=np.int64)
    times = np.array([drawn[row] for row in sorted(drawn)], dtype=np.int64)
    found = decode_list(memoryview(encode_list(rows, times, count)), count, len(rows))
    assert [one.tolist() for one in found] == [rows.tolist(), times.tolist()]


@settings(deadline=None)
@given(st.lists(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 99)), min_size=1, max_size=9)))
def test_any_places_come_back(drawn: list[set[tuple[int, int]]]) -> None:
    times = np.array([len(places) for places in drawn], dtype=np.uint32)
    flat = [place for places in drawn for place in sorted(places)]
    columns, positions = (np.array([place[at] for place in flat], dtype=np.int64) for at in (0, 1))
    found = decode_places(memoryview(encode_places(times, columns, positions, True)), times, 3)
    assert found[0] is not None
    assert [found[0].tolist(), found[1].tolist()] == [columns.tolist(), positions.tolist()]


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 100), st.integers(0, 20))
def test_any_bytes_are_a_list_or_refused(data: bytes, count: int, having: int) -> None:
    try:
        rows, times = decode_list(memoryview(data), count, having)
        decode_places(memoryview(data), times, 2)
    except FormatError:
        return
    assert len(rows) == len(times) == having


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 300)),
        min_size=1,
        unique=True,
    )
)
def test_few_places_are_stored_like_many(drawn: list[tuple[int, int, int]]) -> None:
    places = sorted(drawn)
    rows, columns, positions = (np.array([place[at] for place in places]) for at in range(3))
    having, times = np.unique(rows, return_counts=True)
    few = encode_few(*([place[at] for place in places] for at in range(3)), several=True)
    assert few[0] == having.tolist()
    assert few[1] == encode_list(having, times, 5000)
    assert few[2] == encode_places(times, columns, positions, True)
