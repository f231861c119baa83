"""Everything else that reads a site, on one of the tier `cells`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cell_samples import cell_site
from site_samples import make_web, tree

from imagedb_site import measure
from imagedb_site.check import check_site
from imagedb_site.deploy import deploy_folder
from imagedb_site.http_api.images import query_vector, similarities
from imagedb_site.index import SiteIndex
from imagedb_site.query.evaluate import evaluate
from imagedb_site.query.likeness import Likeness
from imagedb_site.query.parse import Term, parse

KINDS = ("coarse", "cells", "cell-sizes", "cell-codes", "cell-vectors", "row-cells", "sample")

SITE: dict[str, Any] = {"count": 300, "cells": 30, "tail": 11, "missing": (4, 250), "most": 12}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cell_site(tmp_path / "site", **SITE, web=make_web(tmp_path / "web"), pages=True)
    return tmp_path / "site"


def refuse(term: Term) -> None:
    raise AssertionError(term)


def test_check_and_deploy_know_every_file(folder: Path, tmp_path: Path) -> None:
    report = check_site(folder)
    assert report.whole and not report.findings, report.findings
    paths = set(tree(folder))
    for kind in KINDS:
        assert any(path.startswith(f"data/{kind}.") for path in paths)
    target = tmp_path / "www"
    deploy_folder(folder, target)
    assert tree(target) == tree(folder)
    # An update of which little changed removes nothing else.
    cell_site(tmp_path / "other", **SITE, web=make_web(tmp_path / "web2"), pages=True, seed=2)
    again = deploy_folder(tmp_path / "other", target)
    assert 0 < len(again.changes.removed) < len(paths)
    assert tree(target) == tree(tmp_path / "other")


def test_check_names_a_file_of_cells_that_is_missing(folder: Path) -> None:
    lost = sorted((folder / "data").glob("cell-vectors.*"))[3]
    lost.unlink()
    report = check_site(folder)
    assert not report.whole
    assert any(lost.name in str(finding) for finding in report.findings)


def test_a_picture_finds_its_like(folder: Path) -> None:
    """By `like:`, in both arms, with and without a filter, and by the HTTP API."""
    index = SiteIndex.open(folder)
    embeddings = index.embeddings(np.arange(index.count))
    exact = embeddings @ embeddings[7]
    for typed in (f"like:{index.ids[7]}", f"like:{index.ids[7]} name:picture"):
        for mode in ("all", "meaning"):
            answer = evaluate(parse(typed), index, refuse, mode=mode, k=20)
            rows = [result.row for result in answer.results]
            assert rows[0] == 7
            assert 4 not in rows and 250 not in rows
            values = [result.similarity for result in answer.results]
            assert values == pytest.approx(exact[rows], abs=0.02)
            assert len(set(np.argsort(-exact)[:10].tolist()) & set(rows)) >= 7
    vector = query_vector(index, [7], [1.0])
    found = similarities(index, vector, np.array([7, 4, 299]))
    assert found == pytest.approx([1, 0, exact[299]], abs=1e-5)


def test_all_likely_matches_of_each_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts, which are more similar, do not take the place of pictures."""
    values = cell_site(tmp_path / "site", texts=25, missing=(3, 40), least=6, most=6)
    index = SiteIndex.open(tmp_path / "site")
    monkeypatch.setattr(SiteIndex, "temperature", 0.01)
    query = values[30]
    likeness = Likeness(index, query, pictured=False)
    pictures, texts = (scale.limit for scale in likeness._scales)
    exact, kind = values @ query, np.arange(60) < 25
    known = values.any(axis=1)
    sure = known & (exact >= np.where(kind, texts, pictures) + 0.02)
    possible = known & (exact >= np.where(kind, texts, pictures) - 0.02)
    likely = np.zeros(60, dtype=np.bool_)
    likely[likeness.likely()] = True
    assert likely[30]
    assert (sure <= likely).all() and (likely <= possible).all()
    guessed = Likeness(index, query, pictured=False, guessed=True)
    assert len(guessed.likely()) == 0


def test_a_site_of_cells_is_measured(folder: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    found = measure.measure(folder, queries=30, step=lambda *step: steps.append(step))
    assert (found.tier, found.rows, found.text) == ("cells", 300, None)
    report = found.picture
    assert report is not None and report.queries == 30
    # Few of 30 cells are read, so not all of the nearest rows are found, but most are.
    assert 0.6 < report.recall <= 1
    assert report.cold_requests is not None and report.next_requests is not None
    assert report.cold_requests.p50 >= 8
    assert report.next_requests.p50 < report.cold_requests.p50
    assert ("exact, picture", 298, 298) in steps
    assert json.loads(json.dumps(found.to_json()))["tier"] == "cells"


def test_recall_is_that_of_the_search(tmp_path: Path) -> None:
    """If all cells are read, everything is found; if one is, much is not."""
    cell_site(tmp_path / "all", count=120, cells=9, least=9, most=9)
    whole = measure.measure(tmp_path / "all", queries=60)
    cell_site(tmp_path / "one", count=120, cells=9, least=1, most=1)
    part = measure.measure(tmp_path / "one", queries=60)
    assert whole.picture is not None and part.picture is not None
    assert whole.picture.recall > 0.97
    assert part.picture.recall < whole.picture.recall - 0.05
