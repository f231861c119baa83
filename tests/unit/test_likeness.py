"""Pictures and texts in one collection are on one scale (docs/QUERY.md, "Relevance")."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from site_samples import sample_input

import imagedb_site
from imagedb_site.errors import FormatError
from imagedb_site.query.evaluate import evaluate
from imagedb_site.query.index import Floats, Index
from imagedb_site.query.likeness import Likeness
from imagedb_site.query.parse import Term, parse
from imagedb_site.query.relevance import scale_of
from imagedb_site.reader import open_site, verify_site
from imagedb_site.site import ArrayEmbeddings, SiteInput, write_site

COUNT, TEMPERATURE = 120, 0.05
TEXTS = np.arange(COUNT) % 2 == 1


def _site(folder: Path, texts: np.ndarray = TEXTS) -> Path:
    """Row r points r/120 of the way from one axis to another; rows of texts have no picture."""
    given = sample_input(COUNT, pages=False)
    values = np.zeros((COUNT, 16), np.float32)
    angles = np.arange(COUNT) * np.pi / 2 / COUNT
    values[:, 0], values[:, 1] = np.cos(angles), np.sin(angles)
    rows = [
        replace(row, width=0, height=0, thumbnail=None, placeholder=b"", view=None) if text else row
        for row, text in zip(given.rows, texts, strict=True)
    ]
    site: SiteInput = replace(
        given,
        rows=rows,
        embeddings=ArrayEmbeddings(values),
        pictures=~texts,
        thumbnail=lambda row: None if texts[row] else given.thumbnail(row),
    )
    write_site(site, folder)
    return folder


class _WithTemperature:
    """An index with a temperature: the sample has no model."""

    temperature = TEMPERATURE
    level: float | None = None

    def __init__(self, index: Index) -> None:
        self._index = index

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)


def _query() -> Floats:
    return np.eye(16, dtype=np.float32)[0]


def test_one_scale(tmp_path: Path) -> None:
    with imagedb_site.open(_site(tmp_path / "site")) as collection:
        index = _WithTemperature(collection.index)
        raw = collection.index.similarities(_query(), np.arange(COUNT))
        pictures = scale_of(raw[~TEXTS], TEMPERATURE)
        texts = scale_of(raw[TEXTS], TEMPERATURE, texts=True)
        likeness = Likeness(index, _query(), pictured=False)  # type: ignore[arg-type]
        assert likeness.limit == pytest.approx(pictures.limit, abs=1e-6)
        moved = pictures.start + (raw - texts.start) * pictures.step / texts.step
        expected = np.where(TEXTS, moved, raw)
        found = likeness.similarities(np.arange(COUNT))
        np.testing.assert_allclose(found, expected, atol=1e-5)
        near = likeness.nearest(40, None)
        np.testing.assert_allclose(near.similarities, np.sort(expected)[::-1][:40], atol=1e-5)
        assert {row % 2 for row in near.rows.tolist()} == {0, 1}
        few = likeness.nearest(3, np.isin(np.arange(COUNT), [7, 8]))
        assert sorted(few.rows.tolist()) == [7, 8]
        likely = np.flatnonzero(found >= likeness.limit)
        assert likeness.likely().tolist() == likely.tolist() and len(likely)
        # With a picture in the query, texts are no closer to it than pictures to a text.
        pictured = Likeness(index, _query(), pictured=True)  # type: ignore[arg-type]
        other = scale_of(raw[TEXTS], TEMPERATURE)
        assert pictured.similarities(np.array([1]))[0] == pytest.approx(
            pictures.start + (raw[1] - other.start) * pictures.step / other.step, abs=1e-5
        )


def test_level() -> None:
    """The numbers are those of tests/web/relevance.test.ts."""
    even = np.full(40, 0.2, np.float32)
    for level, limit in ((0.45, 0.45), (0.9, 0.5), (0.25, 0.4), (-0.5, 0.4), (None, 0.5)):
        assert scale_of(even, 0.05, level).limit == pytest.approx(limit, abs=1e-6)
    mixed = np.array([0, 0.4] * 20, np.float32)
    assert scale_of(mixed, 0.05, 0.3).limit == pytest.approx(0.4, abs=1e-6)
    assert scale_of(mixed, 0.01, 0.05).limit == pytest.approx(0.095, abs=1e-6)
    # Texts have a rule of their own.
    assert scale_of(even, 0.05, 0.45, texts=True).limit == pytest.approx(0.56, abs=1e-6)


def test_level_is_for_queries_of_texts(tmp_path: Path) -> None:
    with imagedb_site.open(_site(tmp_path / "site")) as collection:
        index = _WithTemperature(collection.index)
        index.level = 0.93
        raw = collection.index.similarities(_query(), np.arange(COUNT))[~TEXTS]
        for pictured, level in ((False, 0.93), (True, None)):
            likeness = Likeness(index, _query(), pictured=pictured)  # type: ignore[arg-type]
            expected = scale_of(raw, TEMPERATURE, level).limit
            assert likeness.limit == pytest.approx(expected, abs=1e-6)


def test_which_terms_are_pictures(tmp_path: Path) -> None:
    with imagedb_site.open(_site(tmp_path / "site")) as collection:
        index = _WithTemperature(collection.index)
        ids = collection.index.ids
        answers = []
        for row in (4, 5):
            vector = collection.index.embeddings(np.array([row]))[0]
            answer = evaluate(parse(f"like:{ids[row]}"), index, lambda _: None, mode="meaning", k=5)  # type: ignore[arg-type]
            expected = Likeness(index, vector, pictured=row == 4).nearest(5, None)  # type: ignore[arg-type]
            answers.append([one.row for one in answer.results])
            assert answers[-1] == expected.rows.tolist()
            cosines = collection.index.similarities(vector, np.array(answers[-1]))
            shown = [one.similarity for one in answer.results]
            np.testing.assert_allclose(shown, cosines, atol=1e-5)
        assert Term("like", ids[4]) in parse(f"like:{ids[4]}").terms


def test_texts_show_no_picture(tmp_path: Path) -> None:
    with imagedb_site.open(_site(tmp_path / "site")) as collection:
        index = _WithTemperature(collection.index)
        query = parse(f"like:{collection.index.ids[4]}")
        answer = evaluate(query, index, lambda _: None, mode="meaning", k=40, group=True)  # type: ignore[arg-type]
        same = {one.row for one in answer.results if one.duplicate_of is not None}
        assert same and not any(TEXTS[row] for row in same)


def test_few_rows_of_a_kind_share_the_background(tmp_path: Path) -> None:
    texts = np.ones(COUNT, dtype=np.bool_)
    texts[3] = False
    with imagedb_site.open(_site(tmp_path / "site", texts)) as collection:
        index = _WithTemperature(collection.index)
        likeness = Likeness(index, _query(), pictured=False)  # type: ignore[arg-type]
        raw = collection.index.similarities(_query(), np.arange(COUNT))
        assert likeness.limit == pytest.approx(scale_of(raw, TEMPERATURE).limit, abs=1e-6)
        assert likeness.similarities(np.array([3]))[0] == pytest.approx(raw[3], abs=1e-6)


def test_manifest_says_which_rows(tmp_path: Path) -> None:
    folder = _site(tmp_path / "site")
    with open_site(folder) as site:
        vectors = site.manifest.vectors
        assert vectors is not None and vectors.texts is not None
        assert (vectors.source, vectors.texts.count) == ("both", COUNT // 2)
        verify_site(site)
    for texts, source in ((TEXTS | True, "texts"), (TEXTS & False, "pictures")):
        with open_site(_site(tmp_path / source, texts)) as site:
            vectors = site.manifest.vectors
            assert vectors is not None and vectors.texts is None
            assert vectors.source == source
            verify_site(site)


def test_rows_with_a_picture_are_no_texts(tmp_path: Path) -> None:
    given = sample_input(8, pages=False)
    site = replace(given, pictures=np.arange(8) < 5)
    write_site(site, tmp_path / "site")
    with (
        open_site(tmp_path / "site") as opened,
        pytest.raises(FormatError, match=r"vectors\.texts"),
    ):
        verify_site(opened)
