"""The reader finds in the golden sites what tests/golden/*.json list, as the browser's tests do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from site_samples import GOLDEN, golden_input, tree

from imagedb_site.index import SiteIndex
from imagedb_site.query.terms_text import TermsText
from imagedb_site.reader import Site, open_site, verify_site
from imagedb_site.site import write_site
from imagedb_site.text import fts_query


@pytest.fixture(scope="module", params=["site-tiny", "site-grown", "written now"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = GOLDEN / request.param
    if request.param == "written now":
        folder = tmp_path_factory.mktemp("golden") / "site"
        write_site(golden_input(), folder)
    with open_site(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def expected(site: Site) -> dict:
    name = "site-grown" if site.manifest.order else "site-tiny"
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def test_whole(site: Site) -> None:
    verify_site(site)
    assert len(list(site.entries())) > 20


def test_rows_and_ids(site: Site, expected: dict) -> None:
    assert site.ids == expected["ids"]
    assert site.count == len(expected["rows"]) > 20
    assert site.manifest.rows.files.count > 1
    for row, want in enumerate(expected["rows"]):
        info = site.row(row)
        assert info.image_id == expected["ids"][row]
        assert site.row_of(info.image_id) == row
        assert (info.width, info.height) == (want["width"], want["height"])
        assert info.placeholder.hex() == want["placeholder"]
        thumbnail = site.thumbnail(row)
        digest = None if thumbnail is None else hashlib.sha256(thumbnail).hexdigest()
        assert digest == want["thumbnail_sha256"]


def test_the_default_order(site: Site, expected: dict) -> None:
    order = list(range(site.count)) if site.order is None else site.order.tolist()
    assert order == expected["order"]


def test_columns(site: Site, expected: dict) -> None:
    assert len(expected["columns"]) > 3
    for name, values in expected["columns"].items():
        if name == "taken":
            spans = [None if value is None else tuple(value) for value in values]
            assert site.column(name).spans(0, site.count) == spans
            assert site.column(name).spans(3, 4) == spans[3:7]
            continue
        assert site.column(name).part(0, site.count) == values, name
        assert site.column(name).part(3, 4) == values[3:7], name


def test_documents(site: Site, expected: dict) -> None:
    assert len(expected["documents"]) == site.count
    for row, want in enumerate(expected["documents"]):
        document = site.document(row)
        assert document["id"] == expected["ids"][row]
        assert document["path"] == want["path"]
        assert document["fields"] == want["fields"]


def test_full_text(site: Site, expected: dict) -> None:
    assert len(expected["fts"]) > 15
    columns = site.manifest.catalog.columns
    for case in expected["fts"]:
        found = TermsText(site.terms, columns).match(fts_query(case["query"]))
        assert found.rows.tolist() == [hit["row"] for hit in case["results"]], case["query"]
        assert found.ranks.tolist() == pytest.approx(
            [hit["bm25"] for hit in case["results"]], abs=1e-9
        )


def test_vectors(site: Site, expected: dict) -> None:
    codes = site.vectors.codes(np.arange(site.count))
    assert codes.tolist() == expected["vectors"]["codes"]
    assert expected["vectors"]["queries"]
    for case in expected["vectors"]["queries"]:
        found = SiteIndex(site).nearest(np.array(case["query"], dtype=np.float32), 100, None)
        assert found.rows.tolist() == [hit["row"] for hit in case["results"]]
        for similarity, hit in zip(found.similarities.tolist(), case["results"], strict=True):
            assert similarity == pytest.approx(hit["similarity"], abs=1e-5)


def test_words(site: Site, expected: dict) -> None:
    assert [list(item) for item in site.words] == expected["words"]
    assert len(expected["words"]) > 20


def test_every_file_is_named_somewhere() -> None:
    for name in ("site-tiny", "site-grown"):
        with open_site(GOLDEN / name) as site:
            found = {entry.path for entry in site.entries()}
        pictures = ("thumbs/", "views/", "originals/")
        files = {path for path in tree(GOLDEN / name) if not path.startswith(pictures)}
        assert found == files - {"manifest.json"}


def test_a_site_without_words_offers_none(tmp_path: Path) -> None:
    import shutil

    from site_samples import edit_manifest

    shutil.copytree(GOLDEN / "site-queries", tmp_path / "site")
    edit_manifest(tmp_path / "site", lambda manifest: manifest.update(suggestions=None))
    assert open_site(tmp_path / "site").words == []
