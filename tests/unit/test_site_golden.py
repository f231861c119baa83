"""The writer still produces the golden sites, which the browser's tests also read."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest
from plain_site import PlainSite
from site_samples import GOLDEN, golden_input, golden_pictures, make_site_grown, make_site_tiny

from imagedb_site import fts
from imagedb_site.container import gunzip_if
from imagedb_site.query.terms_text import TermsText
from imagedb_site.reader import open_site
from imagedb_site.site import SiteInput, write_site
from imagedb_site.text import fts_text

TINY = GOLDEN / "site-tiny"


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((GOLDEN / "site-tiny.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "make_input", "expect"),
    [
        ("site-tiny", golden_input, make_site_tiny.expected),
        (
            "site-grown",
            lambda: make_site_grown.grown_input(golden_pictures()),
            make_site_grown.expected,
        ),
    ],
)
def test_committed_files_are_what_is_written(
    tmp_path: Path,
    name: str,
    make_input: Callable[[], SiteInput],
    expect: Callable[[SiteInput], dict],
) -> None:
    """Compared after decoding and without the catalog: zlib and SQLite may differ in their versions."""
    site = make_input()
    write_site(site, tmp_path / "site")
    written, committed = PlainSite(tmp_path / "site"), PlainSite(GOLDEN / name)
    written.check()
    assert sum(len(data) for data in committed.files().values()) < 150_000
    for plain in (written, committed):
        assert len(plain.files()) > 60
    assert data_of(written) == data_of(committed)
    values = json.loads(json.dumps(expect(site)))
    assert values == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def data_of(site: PlainSite) -> list[bytes]:
    """The decoded content of every file whose bytes do not depend on a library's version."""
    entries = sorted(site.walk(), key=lambda entry: entry["path"])
    plain = [
        entry for entry in entries if not entry.get("index") and "catalog" not in entry["path"]
    ]
    assert len(plain) > 20
    return sorted(gunzip_if((site.folder / entry["path"]).read_bytes(), 1 << 20) for entry in plain)


def test_duplicates_have_their_own_ids(expected: dict) -> None:
    pictures = golden_pictures()
    assert pictures[4] == pictures[20]
    assert expected["rows"][4]["thumbnail_sha256"] == expected["rows"][20]["thumbnail_sha256"]
    first, second = sorted((4, 20), key=lambda row: expected["documents"][row]["path"])
    digest = hashlib.sha256(pictures[4]).hexdigest()
    path = expected["documents"][second]["path"]
    assert expected["ids"][first] == digest[:16]
    assert expected["ids"][second] == hashlib.sha256(f"{digest}\0{path}".encode()).hexdigest()[:16]


def test_every_number_type_and_every_field_type_is_in_it() -> None:
    site = PlainSite(TINY)
    dtypes = set()
    for column in site.json(site.manifest["columns"]).values():
        header, _ = site.container(column["files"][0], "column")
        dtypes |= {section["dtype"] for section in header["sections"].values()}
    assert {"u8", "u16", "u32", "i32", "f32", "f64"} <= dtypes
    kinds = {field["type"] for field in site.manifest["fields"]}
    assert kinds == {"text", "tags", "category", "number", "date", "boolean", "url"}


def test_views_and_originals() -> None:
    documents = PlainSite(TINY).documents()
    assert [row for row, made in enumerate(documents) if "view" in made] == [0, 5]
    assert [row for row, made in enumerate(documents) if "original" in made] == [1]


def test_full_text(expected: dict) -> None:
    site = open_site(TINY)
    text = TermsText(site.terms, site.manifest.catalog.columns)
    assert len(expected["fts"]) > 15
    for case in expected["fts"]:
        found = text.match(case["fts"])
        assert found.rows.tolist() == [hit["row"] for hit in case["results"]], case["query"]
        assert found.ranks.tolist() == pytest.approx(
            [hit["bm25"] for hit in case["results"]], abs=1e-9
        )


def test_bm25_by_hand(expected: dict) -> None:
    """The formula of the SQLite manual on the lengths and counts of the golden texts."""
    case = next(case for case in expected["fts"] if case["query"] == '"the sea"')
    (hit,) = case["results"]
    lengths = []
    for document in expected["documents"]:
        fields = document["fields"]
        tags = ", ".join(fields.get("tags", []))
        words = [fields["name"], fields.get("title", ""), tags, fields.get("place", "")]
        lengths.append(count_tokens(" ".join(words)))
    rows = len(lengths)
    idf = math.log((rows - 1 + 0.5) / (1 + 0.5))
    share = lengths[hit["row"]] / (sum(lengths) / rows)
    score = idf * (1 * (1.2 + 1)) / (1 + 1.2 * (1 - 0.75 + 0.75 * share))
    assert -hit["bm25"] == pytest.approx(score, rel=1e-6)


def count_tokens(text: str) -> int:
    database = apsw.Connection(":memory:")
    tokenize = fts.TOKENIZE.replace("'", "''")
    database.execute(f"CREATE VIRTUAL TABLE t USING fts5(x, tokenize='{tokenize}')")
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    database.execute("INSERT INTO t VALUES (?)", (fts_text(text),))
    return database.execute("SELECT count(*) FROM v").fetchall()[0][0]


def test_vectors_stand_for_the_embeddings() -> None:
    site = PlainSite(TINY)
    mean, scale = (np.array(part) for part in site.quantizer())
    error = np.abs(mean + scale * np.array(site.codes()) - make_site_tiny.make_embeddings())
    assert (error <= scale / 2 + 1e-6).all()


def test_the_grown_site_keeps_what_its_first_build_had() -> None:
    """Codes of pictures that stay, and the quantizer, are those of the site before."""
    tiny, grown = PlainSite(TINY), PlainSite(GOLDEN / "site-grown")
    assert grown.order() != list(range(grown.count))
    first = make_site_tiny.make_embeddings()[make_site_grown.FIRST]
    mean, scale = make_site_tiny.plain_quantizer(first)
    assert grown.quantizer() == (mean.tolist(), scale.tolist())
    documents = {made["id"]: made for made in tiny.documents()}
    for made in grown.documents():
        assert made == documents[made["id"]]
