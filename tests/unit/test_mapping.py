"""The map of meaning of a build: neighbours, gaps, names, cache, quality. UMAP itself: test_umap.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagedb_site.config import BuildConfig
from imagedb_site.errors import UsageError
from imagedb_site.mapping import MapRows, Refusal, cache, check_installed, fit, make, map_notes
from imagedb_site.mapping.clusters import NONE, by_size
from imagedb_site.mapping.gaps import close_gaps
from imagedb_site.mapping.names import TopicWords, choose, terms_of, text_fields
from imagedb_site.mapping.nearest import evenly, nearest
from imagedb_site.mapping.quality import measure
from imagedb_site.mapping.stop_words import STOP_WORDS
from imagedb_site.models import resolve
from imagedb_site.records import FieldSpec
from imagedb_site.site import MeaningMap

PACK = resolve("builtin")
CAPTION = FieldSpec("caption", "Caption", "text", fts=True)
TAGS = FieldSpec("tags", "Tags", "tags", fts=True)


def unit(count: int, seed: int = 1, dim: int = 32) -> Any:
    values = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def groups(count: int, seed: int = 1) -> Any:
    """Rows around four directions, one after the other."""
    values = unit(4, 9)[np.arange(count) % 4] + 0.3 * unit(count, seed)
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def test_nearest_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagedb_site.mapping.nearest._BLOCK_VALUES", 500)
    queries, base = unit(40, 2), unit(90, 3)
    rows, found = nearest(queries, base, 7)
    all_of_them = queries @ base.T
    assert (rows == np.argsort(-all_of_them, axis=1, kind="stable")[:, :7]).all()
    assert np.allclose(found, np.take_along_axis(all_of_them, rows, axis=1))


def test_a_sample_is_spread_evenly() -> None:
    assert evenly(10, 5).tolist() == [0, 2, 4, 6, 8]
    assert evenly(3, 5).tolist() == [0, 1, 2]


@pytest.mark.parametrize("dims", [2, 3])
def test_gaps_are_shortened_and_groups_keep_their_form(dims: int) -> None:
    random = np.random.default_rng(4)
    near = random.normal(size=(300, dims)).astype(np.float32)
    far = (random.normal(size=(300, dims)) + 400).astype(np.float32)
    closed = close_gaps(np.concatenate([near, far]))
    extent = np.ptp(closed, axis=0).max()
    assert extent < 40
    inner = np.linalg.norm(closed[:300] - closed[:300].mean(axis=0), axis=1)
    before = np.linalg.norm(near - near.mean(axis=0), axis=1)
    assert np.corrcoef(inner, before)[0, 1] > 0.9
    # The groups do not run into each other.
    apart = np.linalg.norm(closed[:, None] - closed[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.mean((apart.argmin(axis=1) < 300) == (np.arange(600) < 300)) > 0.99


def test_gaps_between_a_few_points_stay() -> None:
    points = np.random.default_rng(4).normal(size=(50, 2)).astype(np.float32)
    assert (close_gaps(points) == points).all()


def test_places_have_one_scale() -> None:
    points = np.array([[0, 0], [10, 5], [5, 2.5]], dtype=np.float32)
    assert fit.to_places(points).tolist() == [[0, 16384], [65534, 49150], [32767, 32767]]
    assert fit.to_places(np.zeros((3, 2), dtype=np.float32)).tolist() == [[32767, 32767]] * 3


def test_new_rows_are_placed_by_their_neighbours() -> None:
    base = groups(80)
    middles = np.array([[1000, 1000], [60000, 1000], [1000, 60000], [60000, 60000]])
    places = middles[np.arange(80) % 4].astype(np.uint16)
    (found,) = fit.place(groups(40, 2), base, places)
    assert (found == middles[np.arange(40) % 4]).all()


def test_topics_are_numbered_by_size() -> None:
    topics = np.array([5, 5, 2, NONE, 2, 2, 7, 7], dtype=np.int64)
    assert by_size(topics).tolist() == [1, 1, 0, NONE, 0, 0, 2, 2]
    assert by_size(np.full(3, NONE, dtype=np.int64)).tolist() == [NONE] * 3


def test_only_fields_that_say_what_is_shown_name_topics() -> None:
    fields = [
        CAPTION,
        TAGS,
        FieldSpec("alt_text", "Alt", "text", fts=True),
        FieldSpec("image_credit", "Credit", "text", fts=True),
        FieldSpec("file", "File", "text", fts=True),
        FieldSpec("source", "Source", "text", fts=True),
        FieldSpec("license", "License", "text", fts=True),
        FieldSpec("camera", "Camera", "category", fts=True),
        FieldSpec("notes", "Notes", "text"),
    ]
    assert [spec.name for spec in text_fields(fields)] == ["caption", "tags", "alt_text"]


def test_words_have_no_stop_words_and_no_numbers() -> None:
    values = {
        "caption": "The photo shows 3 cats' boats, in 1999; a BOAT and img_2041 at the dog's house",
        "tags": ["sea lion", "2021", "猫", "the", "blue_sky", "x"],
    }
    terms = terms_of(values, [CAPTION, TAGS])
    assert set(terms.values()) == {"cats", "boats", "dog", "house", "sea lion", "猫", "blue sky"}
    assert "the" in STOP_WORDS
    assert "photo" in STOP_WORDS


def test_names_are_what_sets_a_topic_apart() -> None:
    texts = [
        *["a boat in the harbour, many people"] * 6,
        *["sheep on a meadow, many people"] * 5,
        *["nothing in common %s"] * 2,
    ]
    words = TopicWords(np.array([0] * 6 + [1] * 5 + [NONE] * 2, dtype=np.int64))
    for row, text in enumerate(texts):
        words.add(row, terms_of({"caption": text}, [CAPTION]))
    assert words.best(0) == ["boat", "harbour"]
    assert words.best(1) == ["meadow", "sheep"]


def test_no_two_topics_have_the_same_name() -> None:
    same = ["boat", "harbour", "sea", "mast"]
    assert choose([same, same, ["cat"]]) == [
        ["boat", "harbour", "sea"],
        ["boat", "harbour", "mast"],
        ["cat"],
    ]


def test_quality_of_good_and_bad_maps() -> None:
    random = np.random.default_rng(5)
    angles = random.uniform(0, 2 * np.pi, 400)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    good = measure(vectors, fit.to_places(vectors))
    bad = measure(vectors, fit.to_places(random.normal(size=(400, 2)).astype(np.float32)))
    assert good is not None and bad is not None
    assert good["trustworthiness"] > 0.99 and good["neighbours_kept"] > 0.95
    assert 0.4 < bad["trustworthiness"] < 0.6 and bad["neighbours_kept"] < 0.1
    assert measure(vectors[:20], fit.to_places(vectors[:20])) is None


class Fits:
    """In the place of UMAP: the first coordinates, and how often it was asked."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, vectors: Any) -> Any:
        self.sizes.append(len(vectors))
        return fit.to_places(vectors[:, :2]), fit.to_places(vectors[:, :3])


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Fits:
    made = Fits()
    monkeypatch.setattr(fit, "fit", made)
    monkeypatch.setattr(make, "find_topics", lambda places: np.arange(len(places)) % 2)
    return made


def map_rows(count: int, texts: Any = None) -> MapRows:
    vectors = np.random.default_rng(3).normal(size=(count, PACK.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return MapRows(
        ids=np.random.default_rng(8).permutation(10 * count)[:count].astype(np.uint64),
        vectors=vectors,
        texts=np.zeros(count, dtype=np.bool_) if texts is None else texts,
        fields=[CAPTION],
        values=[{"caption": "a boat"} for _ in range(count)],
    )


def part(rows: MapRows, chosen: Any) -> MapRows:
    values = [{"caption": "a boat"} for _ in range(len(rows.ids[chosen]))]
    return replace(
        rows,
        ids=rows.ids[chosen],
        vectors=rows.vectors[chosen],
        texts=rows.texts[chosen],
        values=values,
    )


def made(rows: MapRows, folder: Path, **options: Any) -> MeaningMap:
    found = make.make_map(rows, PACK, folder, lambda step, done, total: None, **options)
    assert isinstance(found, MeaningMap)
    return found


def test_known_pictures_keep_their_places(tmp_path: Path, fits: Fits) -> None:
    rows = map_rows(100)
    first = made(part(rows, slice(0, 90)), tmp_path)
    second = made(rows, tmp_path)
    assert (second.flat[:90] == first.flat).all()
    assert fits.sizes == [90]
    assert second.method["fitted"] == 90
    assert (second.flat[90:] != make.MISSING).all()


def test_many_new_or_changed_pictures_ask_for_a_new_fit(tmp_path: Path, fits: Fits) -> None:
    rows = map_rows(100)
    made(part(rows, slice(0, 70)), tmp_path)
    made(rows, tmp_path)
    assert fits.sizes == [70, 100]
    made(part(rows, slice(0, 75)), tmp_path)
    assert fits.sizes == [70, 100, 75]
    made(part(rows, slice(0, 75)), tmp_path, again=True)
    assert fits.sizes == [70, 100, 75, 75]
    other = replace(part(rows, slice(0, 75)), vectors=unit(75, 6, PACK.dim))
    made(other, tmp_path)
    assert fits.sizes[4:] == [75]


def test_a_map_does_not_depend_on_the_order_of_rows(tmp_path: Path, fits: Fits) -> None:
    rows, order = map_rows(60), np.random.default_rng(1).permutation(60)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = made(rows, tmp_path / "a"), made(part(rows, order), tmp_path / "b")
    assert (one.flat[order] == other.flat).all()
    assert one.space is not None
    assert (one.space[order] == other.space).all()


def test_a_damaged_cache_is_not_used(tmp_path: Path, fits: Fits) -> None:
    rows = map_rows(30)
    made(rows, tmp_path)
    for damage in (b"", b"PK\3\4 not a file", (tmp_path / cache.CACHE_FILE).read_bytes()[:300]):
        (tmp_path / cache.CACHE_FILE).write_bytes(damage)
        made(rows, tmp_path)
    assert fits.sizes == [30] * 4
    assert cache.load(tmp_path, "another key") is None


def test_rows_without_an_embedding_have_no_point(tmp_path: Path, fits: Fits) -> None:
    rows = map_rows(30)
    rows.vectors[4] = 0
    found = made(rows, tmp_path)
    assert (found.flat[4] == make.MISSING).all()
    assert found.row_topics[4] == make.MISSING
    assert (found.flat[5:] != make.MISSING).all()


def test_topics_without_texts_have_words_of_the_model(tmp_path: Path, fits: Fits) -> None:
    rows = replace(map_rows(30), values=[{} for _ in range(30)])
    found = made(rows, tmp_path)
    assert len(found.topics) == 2
    for topic in found.topics:
        assert len(topic.words) == 3
        assert topic.name == ", ".join(topic.words)
        assert not set(topic.words) & STOP_WORDS


@pytest.mark.parametrize("same", [True, False])
def test_too_few_pictures_have_no_map(tmp_path: Path, fits: Fits, same: bool) -> None:
    rows = map_rows(30) if same else map_rows(4)
    if same:
        rows.vectors[:] = rows.vectors[0]
    found = make.make_map(rows, PACK, tmp_path, lambda step, done, total: None)
    assert isinstance(found, Refusal)
    assert map_notes(found)[0].startswith("There is no map: a map needs at least 5")
    assert fits.sizes == []


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        check_installed()
    assert "imagedb-site[map]" in str(caught.value.hint)


def test_a_map_needs_a_model() -> None:
    with pytest.raises(UsageError, match="no map without a model"):
        BuildConfig(Path("pictures"), map=True, model="none")
