"""Search by meaning in sites of the tier `cells`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cell_samples import Plain, cell_site

from imagedb_site.container import FileEntry
from imagedb_site.errors import UsageError
from imagedb_site.index import SiteIndex
from imagedb_site.reader import Site, cells, open_site, verify_site

KINDS = {"plain": {}, "tail": {"tail": 9}, "missing": {"missing": (3, 17, 58), "tail": 5}}


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    cell_site(tmp_path / "site", **KINDS[request.param])
    return open_site(tmp_path / "site")


def queries(dim: int = 8) -> np.ndarray:
    found = np.random.default_rng(8).normal(size=(20, dim))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_a_site_is_checked(site: Site) -> None:
    verify_site(site)


@pytest.mark.parametrize("k", [0, 1, 10, 100])
def test_results_have_the_bits_of_the_rule(site: Site, k: int) -> None:
    plain = Plain(site)
    for query in queries():
        found = site.vectors.search(query, k)
        wanted = plain.search(query, k, None) if k else []
        assert found.rows.tolist() == [row for row, _ in wanted]
        assert found.similarities.tolist() == [value for _, value in wanted]


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_few_allowed_rows_are_looked_up(site: Site, share: float) -> None:
    plain = Plain(site)
    mask = np.random.default_rng(2).random(site.count) < share
    for query in queries():
        found = site.vectors.search(query, 10, mask)
        wanted = plain.search(query, 10, set(np.flatnonzero(mask).tolist()))
        assert found.rows.tolist() == [row for row, _ in wanted]
        assert found.similarities.tolist() == [value for _, value in wanted]


def test_many_allowed_rows_need_more_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until enough are found, and at most four times as many as usual."""
    monkeypatch.setattr(cells, "FEW_ROWS", 5)
    cell_site(tmp_path / "site", count=120, cells=12, probes=1)
    with open_site(tmp_path / "site") as site:
        mask = np.ones(120, dtype=np.bool_)
        for query in queries():
            _, order = site.vectors._route(site.vectors._query(query))
            sizes = np.diff(site.vectors.store.table.starts)[order]
            first = int(sizes[0])
            assert len(site.vectors.search(query, first, mask).rows) == first
            found = site.vectors.search(query, 119, mask)
            assert len(found.rows) == sizes[:4].sum()


def test_all_cells_give_the_exact_answer(tmp_path: Path) -> None:
    values = cell_site(tmp_path / "site", probes=6)
    index = SiteIndex.open(tmp_path / "site")
    for query in queries():
        exact = values @ query
        near = index.nearest(query, 60, None)
        assert sorted(near.rows.tolist()) == list(range(60))
        assert near.similarities == pytest.approx(exact[near.rows], abs=0.02)
        assert set(near.rows[:10].tolist()) >= set(np.argsort(-exact)[:5].tolist())
        assert index.background(query) == pytest.approx(exact, abs=0.02)
        limit = float(np.sort(exact)[-20]) - 0.02
        assert set(index.above(query, limit)) >= set(np.flatnonzero(exact >= limit + 0.03))


def test_similarities_are_those_of_the_searches(site: Site) -> None:
    index = SiteIndex(site)
    query, other = queries()[:2]
    every = np.arange(site.count)
    assert (index.similarities(query, every) == -1).all()
    near = index.nearest(query, 5, None)
    assert index.similarities(query, near.rows).tolist() == near.similarities.tolist()
    assert (index.similarities(query, every) == -1).any()
    # Another mask adds rows, and those of the first search stay.
    mask = np.zeros(site.count, dtype=np.bool_)
    mask[::7] = True
    found = index.nearest(query, 100, mask)
    assert (index.similarities(query, found.rows) == found.similarities).all()
    assert (index.similarities(query, near.rows) > -1).all()
    assert (index.similarities(other, near.rows) == -1).all()


def test_rows_by_their_own_codes(tmp_path: Path) -> None:
    values = cell_site(tmp_path / "site", missing=(4,), tail=6)
    index = SiteIndex.open(tmp_path / "site")
    rows = np.array([59, 0, 4, 31])
    assert (index.rounded_embeddings(rows) == 0).all()
    found = index.embeddings(rows)
    assert found[[0, 1, 3]] == pytest.approx(values[[59, 0, 31]], abs=0.02)
    assert (found[2] == 0).all()
    # What has been read is known without reading more.
    assert (index.rounded_embeddings(rows)[[0, 1, 3]] != 0).any(axis=1).all()


def test_a_search_reads_the_files_that_it_needs(tmp_path: Path) -> None:
    cell_site(tmp_path / "site", count=400, cells=40, probes=1)
    with open_site(tmp_path / "site") as site:
        read: list[str] = []
        whole = site.read

        def noting(entry: FileEntry) -> bytes:
            read.append(entry.path.split(".")[0])
            return whole(entry)

        site.read = noting  # type: ignore[method-assign]
        site.vectors.search(queries()[0], 3)
        assert read.count("data/cell-codes") == 1
        assert 1 <= read.count("data/cell-vectors") <= 3
        assert read.count("data/row-cells") == 0


def test_a_query_of_another_shape(site: Site) -> None:
    with pytest.raises(UsageError):
        site.vectors.search(np.ones(7, np.float32), 3)
    with pytest.raises(UsageError):
        site.vectors.search(np.full(8, np.nan, np.float32), 3)


def test_no_row_is_allowed(site: Site) -> None:
    none = np.zeros(site.count, dtype=np.bool_)
    assert len(site.vectors.search(queries()[0], 5, none).rows) == 0
