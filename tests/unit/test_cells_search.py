"""Search by meaning in sites of the tier `cells`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cell_samples import Plain, cell_site

from imagedb_site.container import FileEntry
from imagedb_site.errors import UsageError
from imagedb_site.index import SiteIndex
from imagedb_site.query.scan import UNKNOWN
from imagedb_site.reader import Site, cells, open_site, spill, verify_site

KINDS = {
    "plain": {},
    "tail": {"tail": 9},
    "missing": {"missing": (3, 17, 58), "tail": 5},
    "texts": {"texts": 25, "missing": (3, 40)},
    "empty cells": {"count": 30, "cells": 28, "most": 5, "tail": 3},
    "one cell": {"count": 12, "cells": 1},
}


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    cell_site(tmp_path / "site", **KINDS[request.param])
    return open_site(tmp_path / "site")


def queries(dim: int = 8) -> np.ndarray:
    found = np.random.default_rng(8).normal(size=(12, dim))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def compare(site: Site, plain: Plain, query: np.ndarray, k: int, mask: np.ndarray | None) -> int:
    """Whether a search gives the rows and the bits of the rule; returns how many rows."""
    found = site.vectors.search(query, k, mask)
    allowed = None if mask is None else set(np.flatnonzero(mask).tolist())
    wanted = plain.search(query, k, allowed)
    assert found.rows.tolist() == [row for row, _ in wanted]
    assert found.similarities.tolist() == [value for _, value in wanted]
    return len(wanted)


def test_a_site_is_checked(site: Site) -> None:
    verify_site(site)


@pytest.mark.parametrize("k", [1, 10, 100, 1500, 5000])
def test_results_have_the_bits_of_the_rule(site: Site, k: int) -> None:
    plain = Plain(site)
    sizes = {compare(site, plain, query, k, None) for query in queries()}
    assert min(sizes) >= 1
    assert len(site.vectors.search(queries()[0], 0).rows) == 0


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_few_allowed_rows_are_looked_up(site: Site, share: float) -> None:
    plain = Plain(site)
    mask = np.random.default_rng(2).random(site.count) < share
    for query in queries():
        compare(site, plain, query, 10, mask)


def test_some_rows_are_refined_and_others_are_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "REFINED", 3)
    plain = Plain(site, refined=3)
    mask = np.random.default_rng(3).random(site.count) < 0.5
    for query in queries():
        compare(site, plain, query, 20, None)
        compare(site, plain, query, 20, mask)


@pytest.mark.parametrize("k", [3, 30, 2500])
def test_many_allowed_rows_need_more_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    """Until enough are found, and at most four times as many as usual."""
    monkeypatch.setattr(cells, "FEW_ROWS", 5)
    cell_site(tmp_path / "site", count=120, cells=24, most=2, tail=7, missing=(9, 80))
    read: list[int] = []
    with open_site(tmp_path / "site") as site:
        plain = Plain(site, few=5)
        rows_of = site.vectors.store.rows_of
        for share in (0.2, 0.6, 1.0):
            mask = np.random.default_rng(5).random(120) < share
            for query in queries():
                compare(site, plain, query, k, mask)
                site.vectors.store.rows_of = lambda cell: read.append(cell) or rows_of(cell)
                site.vectors.search(query, k, mask)
                site.vectors.store.rows_of = rows_of
                # Each search reads four times its cells at most, and the tail.
                assert len(read) <= 4 * plain.cells(k) + 1
                assert len(read) > plain.cells(k) + 1 or k == 3 or plain.cells(k) >= 6
                read.clear()


def test_how_many_cells_are_read_follows_from_the_spread(tmp_path: Path) -> None:
    cell_site(tmp_path / "site", count=200, cells=40, least=2, most=30)
    with open_site(tmp_path / "site") as site:
        plain, sizes = Plain(site), set()
        for query in queries():
            plain.start(query)
            routed = site.vectors._route(cells.Query(query, site.vectors._sums), 10)
            assert routed.read == plain.cells(10)
            assert routed.order.tolist() == plain.order
            sizes.add(routed.read)
        assert len(sizes) > 3
        assert 2 <= min(sizes) <= max(sizes) <= 30


def test_all_cells_give_the_exact_answer(tmp_path: Path) -> None:
    values = cell_site(tmp_path / "site", least=6, most=6)
    index = SiteIndex.open(tmp_path / "site")
    for query in queries():
        exact = values @ query
        near = index.nearest(query, 60, None)
        assert sorted(near.rows.tolist()) == list(range(60))
        # The last ones have only their coarse codes.
        assert near.similarities[:30] == pytest.approx(exact[near.rows[:30]], abs=0.01)
        assert near.similarities == pytest.approx(exact[near.rows], abs=0.3)
        assert set(near.rows[:10].tolist()) >= set(np.argsort(-exact)[:5].tolist())
        assert index.background(query) == pytest.approx(exact, abs=0.02)
        limit = float(np.sort(exact)[-20]) - 0.02
        assert set(index.above(query, limit)) >= set(np.flatnonzero(exact >= limit + 0.03))
        assert len(index.above(query, np.inf)) == 0
        half = np.arange(60) % 2 == 0
        assert set(index.above(query, limit, half)) <= set(np.flatnonzero(half))


def test_samples_are_those_of_each_kind(tmp_path: Path) -> None:
    values = cell_site(tmp_path / "site", texts=25, missing=(3, 40))
    index = SiteIndex.open(tmp_path / "site")
    exact = values @ queries()[0]
    texts = [row for row in range(25) if row != 3]
    pictures = [row for row in range(25, 60) if row != 40]
    found = index.background(queries()[0], texts=True)
    assert found == pytest.approx(exact[texts], abs=0.02)
    assert index.background(queries()[0]) == pytest.approx(exact[pictures], abs=0.02)


def test_similarities_are_those_of_the_searches(site: Site) -> None:
    index = SiteIndex(site)
    query, other = queries()[:2]
    every = np.arange(site.count)
    assert (index.similarities(query, every) == UNKNOWN).all()
    near = index.nearest(query, 2, None)
    assert index.similarities(query, near.rows).tolist() == near.similarities.tolist()
    known = index.similarities(query, every) != UNKNOWN
    # Every row of the cells that were read is known, not only the first ones.
    assert known.sum() > 2
    # Another mask adds rows, and those of the first search stay.
    mask = np.zeros(site.count, dtype=np.bool_)
    mask[::7] = True
    found = index.nearest(query, 100, mask)
    assert (index.similarities(query, found.rows) == found.similarities).all()
    assert (index.similarities(query, every[known]) != UNKNOWN).all()
    assert (index.similarities(other, near.rows) == UNKNOWN).all()
    # What the last few queries found is kept, and no more.
    for one in queries()[2:7]:
        index.nearest(one, 2, None)
    assert (index.similarities(query, every) == UNKNOWN).all()


def test_rows_by_their_own_codes(tmp_path: Path) -> None:
    values = cell_site(tmp_path / "site", missing=(4,), tail=6)
    index = SiteIndex.open(tmp_path / "site")
    rows = np.array([59, 0, 4, 31, 59])
    # Nothing has been searched for.
    assert (index.held_embeddings(rows) == 0).all()
    found = index.embeddings(rows)
    assert found[[0, 1, 3, 4]] == pytest.approx(values[[59, 0, 31, 59]], abs=0.02)
    assert (found[2] == 0).all()
    assert np.linalg.norm(found[[0, 1, 3]], axis=1) == pytest.approx(1, abs=1e-6)
    assert (index.rounded_embeddings(rows)[2] == 0).all()
    assert index.embeddings(np.zeros(0, np.int64)).shape == (0, 8)


def test_found_rows_can_be_compared_without_reading_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell_site(tmp_path / "site", tail=6)
    with open_site(tmp_path / "site") as site:
        index = SiteIndex(site)
        near = index.nearest(queries()[0], 5, None)

        def reading(entry: FileEntry) -> bytes:
            raise AssertionError(entry.path)

        with monkeypatch.context() as patch:
            patch.setattr(site, "read", reading)
            held = index.held_embeddings(near.rows)
            every = index.held_embeddings(np.arange(site.count))
        assert (held == index.embeddings(near.rows)).all()
        assert held.any(axis=1).all()
        assert not every.any(axis=1).all()


def test_a_search_reads_the_files_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell_site(tmp_path / "site", count=400, cells=40, most=1)
    with open_site(tmp_path / "site") as site:
        read: list[str] = []
        whole = site.read

        def noting(entry: FileEntry) -> bytes:
            read.append(entry.path.split(".")[0])
            return whole(entry)

        monkeypatch.setattr(site, "read", noting)
        site.vectors.search(queries()[0], 3)
        assert read.count("data/cell-codes") == 1
        assert 1 <= read.count("data/cell-vectors") <= 3
        assert read.count("data/row-cells") == 0


def test_a_query_of_another_shape(site: Site) -> None:
    with pytest.raises(UsageError):
        site.vectors.search(np.ones(7, np.float32), 3)
    with pytest.raises(UsageError):
        site.vectors.search(np.full(8, np.nan, np.float32), 3)


def test_a_query_without_direction(site: Site) -> None:
    """Defined, and the same by the rule: all rows have similarity 0."""
    compare(site, Plain(site), np.zeros(8, np.float32), 10, None)


def test_no_row_is_allowed(site: Site) -> None:
    none = np.zeros(site.count, dtype=np.bool_)
    assert len(site.vectors.search(queries()[0], 5, none).rows) == 0
    assert len(site.vectors.above(queries()[0], -2.0, none)) == 0


def test_equal_rows_are_in_row_order(tmp_path: Path) -> None:
    """All pictures are the same one: every cell but one is empty or equal."""
    cell_site(tmp_path / "site", count=40, cells=3, least=3, most=3, equal=True)
    with open_site(tmp_path / "site") as site:
        found = site.vectors.search(queries()[0], 40)
        assert len(set(found.similarities[:40].tolist())) <= 6
        for value in set(found.similarities.tolist()):
            rows = found.rows[found.similarities == value].tolist()
            assert rows == sorted(rows)
        compare(site, Plain(site), queries()[0], 40, None)


@pytest.mark.parametrize("kept", [0, 200, 1 << 20])
def test_each_vector_file_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Files that are not kept in memory come from a copy of what was read."""
    monkeypatch.setattr(spill, "KEPT_BYTES", kept)
    values = cell_site(tmp_path / "site", count=200, cells=20, tail=5, missing=(7,))
    with open_site(tmp_path / "site") as site:
        read: list[str] = []
        whole = site.read

        def noting(entry: FileEntry) -> bytes:
            read.append(entry.path)
            return whole(entry)

        monkeypatch.setattr(site, "read", noting)
        for _ in range(2):
            for first in range(0, 200, 13):
                rows = np.arange(first, min(first + 13, 200))
                found = site.vectors.embeddings(rows)
                assert found == pytest.approx(values[rows], abs=0.02)
        assert len(read) == len(set(read))
        files = [path for path in read if path.startswith("data/cell-vectors.")]
        assert len(files) == site.manifest.vectors.cells.files.count
        assert site.vectors.store.vectors.holds(np.arange(199)).all()


def test_a_full_disk_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(spill, "KEPT_BYTES", 0)
    monkeypatch.setattr(spill.tempfile, "TemporaryFile", full)
    values = cell_site(tmp_path / "site")
    with open_site(tmp_path / "site") as site:
        for _ in range(2):
            found = site.vectors.embeddings(np.arange(60))
            assert found == pytest.approx(values, abs=0.02)
