"""tests/golden/site-cells: the reader finds what the plain decoder found (tests/golden/site-cells.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from site_samples import GOLDEN

from imagedb_site.container import FileEntry
from imagedb_site.index import SiteIndex
from imagedb_site.reader import Site, open_site

import make_cell_queries  # isort: skip

EXPECTED: dict[str, Any] = json.loads((GOLDEN / "site-cells.json").read_text(encoding="utf-8"))
QUERIES = np.array(EXPECTED["queries"], dtype=np.float32)
CLOSE = 1e-6
"""Expected numbers have eight decimals, and queries are rounded to float32 here."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with open_site(GOLDEN / "site-cells") as site:
        yield site


def known(site: Site) -> list[int]:
    return [row for row, value in enumerate(EXPECTED["embeddings"]) if value is not None]


def test_embeddings(site: Site) -> None:
    rows = known(site)
    assert 0 < len(rows) < site.count
    found = site.vectors.embeddings(np.arange(site.count))
    wanted = np.array([EXPECTED["embeddings"][row] for row in rows])
    assert found[rows] == pytest.approx(wanted, abs=CLOSE)
    assert (np.delete(found, rows, axis=0) == 0).all()
    parts = list(site.vectors.blocks())
    assert sorted(np.concatenate([rows for rows, _ in parts]).tolist()) == rows
    for part, values in parts:
        assert (found[part] == values).all()


def test_background(site: Site) -> None:
    index = SiteIndex(site)
    for texts, name in ((False, "pictures"), (True, "texts")):
        wanted = EXPECTED["background"][name]
        assert wanted
        assert index.background(QUERIES[0], texts=texts) == pytest.approx(wanted, abs=CLOSE)


@pytest.mark.parametrize("number", range(len(EXPECTED["searches"])))
def test_searches(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, similarities, and the cells that were read for them."""
    case = EXPECTED["searches"][number]
    with open_site(GOLDEN / "site-cells") as site:
        vectors, mask, read = site.vectors, None, []
        if case["allowed"] is not None:
            mask = np.zeros(site.count, dtype=np.bool_)
            mask[case["allowed"]] = True
        rows_of = vectors.store.rows_of

        def noting(cell: int) -> Any:
            read.append(cell)
            return rows_of(cell)

        # Rows of unread cells are looked up afterwards.
        monkeypatch.setattr(vectors, "_refine", lambda *_: None)
        monkeypatch.setattr(vectors.store, "rows_of", noting)
        vectors.search(QUERIES[case["query"]], case["k"], mask)
        assert sorted(read) == case["cells"]
        monkeypatch.undo()
        found = vectors.search(QUERIES[case["query"]], case["k"], mask)
        assert found.similarities == pytest.approx(case["similarities"], abs=CLOSE)
        assert found.rows.tolist() == case["rows"]


def test_a_search_reads_what_a_page_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of `row_cells`, of samples or of missing rows without a mask."""
    with open_site(GOLDEN / "site-cells") as site:
        read: list[str] = []
        whole = site.read

        def noting(entry: FileEntry) -> bytes:
            read.append(entry.path.split("/")[1].split(".")[0])
            return whole(entry)

        monkeypatch.setattr(site, "read", noting)
        site.vectors.search(QUERIES[0], 10)
        assert {"quantizer", "coarse", "cells", "cell-sizes"} < set(read)
        assert not {"row-cells", "sample-pictures", "vectors-missing"} & set(read)
        assert len(set(read)) < len(read)


def test_whole_queries_have_the_golden_answers() -> None:
    wanted = json.loads((GOLDEN / "cell-queries.json").read_text(encoding="utf-8"))
    found = make_cell_queries.make_cases()
    assert [case["query"] for case in found] == [case["query"] for case in wanted]
    results = 0
    for case, want in zip(found, wanted, strict=True):
        for mode, answer in want["answers"].items():
            got = case["answers"][mode]
            results += len(answer["rows"])
            assert got.pop("similarity", []) == pytest.approx(answer.pop("similarity", []), abs=1)
            assert got.pop("margin") == pytest.approx(answer.pop("margin"), abs=2e-5)
            assert got == answer, (case["query"], mode)
    assert results > 300
