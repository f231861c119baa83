"""The golden site, which the browser's tests read too, says what it should and is still what we write."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from site_samples import GOLDEN, golden_input, golden_pictures, make_site_tiny

from imagedb_site.reader import Site, open_site
from imagedb_site.site import write_site

FOLDER = GOLDEN / "site-tiny"


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((GOLDEN / "site-tiny.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["committed", "written now"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    if request.param == "committed":
        return open_site(FOLDER)
    folder = tmp_path_factory.mktemp("golden") / "site"
    write_site(golden_input(), folder)
    return open_site(folder)


def test_whole_and_small(site: Site) -> None:
    site.verify()
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 150_000


def test_rows_and_ids(site: Site, expected: dict) -> None:
    assert site.count == expected["count"]
    assert site.ids == expected["ids"]
    assert len(site.manifest.rows.files) > 1
    for row, (info, want) in enumerate(zip(site.rows, expected["rows"], strict=True)):
        assert (info.width, info.height) == (want["width"], want["height"])
        assert info.placeholder.hex() == want["placeholder"]
        thumbnail = site.thumbnail(row)
        digest = None if thumbnail is None else hashlib.sha256(thumbnail).hexdigest()
        assert digest == want["thumbnail_sha256"]


def test_duplicates_have_their_own_ids(expected: dict) -> None:
    pictures = golden_pictures()
    assert pictures[4] == pictures[20]
    assert expected["rows"][4]["thumbnail_sha256"] == expected["rows"][20]["thumbnail_sha256"]
    first, second = sorted((4, 20), key=lambda row: expected["documents"][row]["path"])
    digest = hashlib.sha256(pictures[4]).hexdigest()
    path = expected["documents"][second]["path"]
    assert expected["ids"][first] == digest[:16]
    assert expected["ids"][second] == hashlib.sha256(f"{digest}\0{path}".encode()).hexdigest()[:16]


def test_columns(site: Site, expected: dict) -> None:
    for name, values in expected["columns"].items():
        assert site.column(name) == values, name


def test_every_number_type_and_every_field_type_is_in_it(site: Site) -> None:
    from imagedb_site.container import read_container

    dtypes = set()
    for field in site.manifest.fields:
        if field.column is not None:
            header, _ = read_container(site.read(field.column), "column")
            dtypes |= {section["dtype"] for section in header["sections"].values()}
    assert {"u8", "u16", "u32", "i32", "f32", "f64"} <= dtypes
    kinds = {field.type for field in site.manifest.fields}
    assert kinds == {"text", "tags", "category", "number", "date", "boolean", "url"}


def test_documents(site: Site, expected: dict) -> None:
    for row, want in enumerate(expected["documents"]):
        document = site.document(row)
        assert document["id"] == expected["ids"][row]
        assert document["path"] == want["path"]
        assert document["fields"] == want["fields"]
        assert ("view" in document) == (row in (0, 5))
        assert ("original" in document) == (row == 1)


def test_full_text(site: Site, expected: dict) -> None:
    assert len(expected["fts"]) > 15
    for case in expected["fts"]:
        found = site.search_text(case["query"], 100)
        assert [row for row, _ in found] == [hit["row"] for hit in case["results"]], case["query"]
        for (_, bm25), hit in zip(found, case["results"], strict=True):
            assert bm25 == pytest.approx(hit["bm25"], abs=1e-9)


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
    import apsw

    from imagedb_site.text import fts_text

    database = apsw.Connection(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE t USING fts5(x, tokenize='porter unicode61 remove_diacritics 2')"
    )
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    database.execute("INSERT INTO t VALUES (?)", (fts_text(text),))
    return database.execute("SELECT count(*) FROM v").fetchall()[0][0]


def test_vectors(site: Site, expected: dict) -> None:
    vectors = site.flat_vectors
    assert vectors.codes.tolist() == expected["vectors"]["codes"]
    tolerance = expected["vectors"]["tolerance"]
    for case in expected["vectors"]["queries"]:
        found = site.search_vectors(np.array(case["query"], dtype=np.float32), 100)
        assert [row for row, _ in found] == [hit["row"] for hit in case["results"]]
        for (_, similarity), hit in zip(found, case["results"], strict=True):
            assert similarity == pytest.approx(hit["similarity"], abs=tolerance)


def test_vectors_stand_for_the_embeddings(site: Site) -> None:
    embeddings = make_site_tiny.make_embeddings()
    assert np.abs(site.vectors() - embeddings).max() <= site.flat_vectors.scale.max() / 2 + 1e-6


def test_committed_files_are_what_is_written(tmp_path: Path) -> None:
    """Byte for byte where no library's version shows through: containers, rows, ids, vectors."""
    from imagedb_site.container import gunzip_if

    write_site(golden_input(), tmp_path / "site")
    written, committed = open_site(tmp_path / "site"), open_site(FOLDER)
    for new, old in zip(written.manifest.entries(), committed.manifest.entries(), strict=True):
        if "catalog" not in new.path:
            assert gunzip_if((tmp_path / "site" / new.path).read_bytes(), 1 << 20) == gunzip_if(
                (FOLDER / old.path).read_bytes(), 1 << 20
            ), new.path
    assert json.loads(json.dumps(make_site_tiny.expected(golden_input()))) == json.loads(
        (GOLDEN / "site-tiny.json").read_text(encoding="utf-8")
    )
