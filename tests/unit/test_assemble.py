"""Fields, ids and the default order of what will be published, and the memory that a build needs for them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from library_samples import content, listed, record

from imagedb_site.assemble import (
    Hidden,
    _Seen,
    assemble,
    example_queries,
    known_fields,
    merge_fields,
)
from imagedb_site.growth import grow, to_store
from imagedb_site.library import Library, StoredImage
from imagedb_site.records import FieldSpec, PictureRef, Record, Value
from imagedb_site.site import Layout, ThumbnailPacks, image_ids, row_order

OWN = [FieldSpec("caption", "Caption", "text", fts=True), FieldSpec("tags", "Tags", "tags")]
LONG = 4000


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def put(library: Library, contents: dict[str, int], taken: dict[int, str] | None = None) -> None:
    """Stores a picture for each content number, and the file of each path."""
    with library.transaction():
        for number in set(contents.values()):
            found: dict[str, Value] = {"camera": "EOS", "latitude": 47.5}
            if taken and number in taken:
                found["taken"] = taken[number]
            library.put_image(StoredImage(content(number), 40, 30, found, b"ph"))
            library.put_derivative(content(number), "thumb", b"webp", 4, 3)
        library.put_files([listed(key, content(number)) for key, number in contents.items()])


def test_source_wins_and_private_fields_stay_private(library: Library) -> None:
    put(library, {"a.jpg": 1, "b.jpg": 2}, {1: "2020-05-01", 2: "no date"})
    own: list[dict[str, Value]] = [
        {"caption": "A boat", "camera": "Mine", "tags": []},
        {"latitude": 1.0},
    ]
    staged = [
        Record(f"{key}.jpg", own[at], PictureRef(Path(key), 1, 2)) for at, key in enumerate("ab")
    ]
    with library.stage(staged) as stage:
        found = assemble(stage, OWN, publish_location=False)
        assert [spec.name for spec in found.fields][:1] == ["caption"]
        assert {"camera", "width", "height", "taken"} < {spec.name for spec in found.fields}
        assert "tags" not in {spec.name for spec in found.fields}
        first, second = (found.placed.fields(item) for item in found.items)
        assert first["caption"] == "A boat" and first["camera"] == "Mine"
        assert "latitude" not in first and second["latitude"] == 1.0
        assert [(problem.key, "taken" in problem.reason) for problem in found.problems] == [
            ("b.jpg", True)
        ]
    with library.stage(staged) as stage:
        found = assemble(stage, OWN, publish_location=True)
        assert found.placed.fields(found.items[0])["latitude"] == 47.5


def test_ids_and_order_are_those_of_the_format(library: Library) -> None:
    contents = {"b10.jpg": 1, "b9.jpg": 2, "copy/b9.jpg": 2, "a.jpg": 3, "é.jpg": 2, "Z.jpg": 4}
    taken = {1: "2019", 3: "2021-01-01T10:00:00"}
    put(library, contents, taken)
    keys = list(contents)
    with library.stage([record(key) for key in keys]) as stage:
        found = assemble(stage, OWN, publish_location=False)
        found.placed.place(found.items)
        rows = [(row[1], row[0]) for row in found.placed.rows("thumb", None)]
    ids = image_ids([content(contents[key]) for key in keys], keys)
    fields = [{"taken": taken[n]} if n in taken else {} for n in contents.values()]
    records = [Record(k, f, PictureRef(Path(k), 1, 2)) for k, f in zip(keys, fields, strict=True)]
    assert rows == [(keys[at], ids[at]) for at in row_order(records)]
    assert len(set(ids)) == 6


HIDDEN = Hidden(frozenset(), frozenset("e"))


def test_empty_values_are_unknown() -> None:
    merged = merge_fields({"a": "", "b": []}, {"a": "x", "c": "", "d": 0, "e": 1}, HIDDEN)
    assert merged == {"d": 0}


def test_example_queries_share_no_word_and_are_neither_rare_nor_common() -> None:
    counts = {"label": {"cat": 3, "red_car": 2, "once": 1, "all": 100}, "tags": {"sea cat": 2}}
    sample: list[dict[str, Value]] = [
        {"caption": "A boat on water. More."},
        {"caption": "The boat again here"},
        {"caption": "3 words here now"},
    ]
    assert example_queries(counts, 100, sample) == ["a boat on water", "cat", "red car", "sea cat"]


@pytest.mark.parametrize(
    "text",
    [
        "Test description string for metadata-extractor",
        "OLYMPUS DIGITAL CAMERA",
        "Created with the GIMP",
        "my_title = a b c",
        "See www example org today",
        "Untitled picture of mine",
    ],
)
def test_texts_of_programs_and_tests_are_no_example_queries(text: str) -> None:
    sample: list[dict[str, Value]] = [{"title": text}, {"title": "Two goats on a hill"}]
    assert example_queries({}, 100, sample) == ["Two goats on a hill"]


def test_a_text_that_every_picture_has_is_no_example_query() -> None:
    sample: list[dict[str, Value]] = [{"title": "Summer of our club"} for _ in range(30)]
    sample.append({"title": "Two goats on a hill"})
    assert example_queries({}, 31, sample) == ["Two goats on a hill"]
    labels = {"label": {"exif": 2, "goat": 2}}
    assert example_queries(labels, 31, []) == ["goat"]


def test_fields_are_never_all_in_memory(library: Library) -> None:
    count = 1200
    put(library, {f"{n:05}.jpg": n for n in range(count)})
    records = (
        Record(
            f"{n:05}.jpg",
            {"caption": f"{n:09} " * (LONG // 10)},
            PictureRef(Path(f"{n:05}.jpg"), 1, 2),
        )
        for n in range(count)
    )
    tracemalloc.start()
    try:
        with library.stage(records) as stage:
            found = assemble(stage, OWN, publish_location=False)
            growth = grow(None, found.ids, thumbnails="thumb", encoder=None)
            found.placed.place(found.items)
            assert sum(len(row[5]["caption"]) for row in found.placed.rows("thumb", None)) > (
                0.9 * LONG * count
            )
            packs = np.zeros(count, dtype=np.int32)
            layout = Layout(packs=ThumbnailPacks(False, packs, packs))
            stored = to_store(layout, found.ids, growth, thumbnails="thumb", encoder=None)
            found.placed.remember(found.fields, stored)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert library.count() == count
    assert peak < LONG * count / 3


def test_examples_of_paths_are_their_last_parts():
    spec = FieldSpec("keywords", "Keywords", "tags", separator="|")
    seen = _Seen([spec, FieldSpec("tags", "Tags", "tags")])
    seen.add({"keywords": ["Places|Europe|Norway", "sea"], "tags": ["a|b"]})
    seen.add({"keywords": ["Trips|Norway"]})
    assert seen.counts == {"keywords": {"Norway": 2, "sea": 1}, "tags": {"a|b": 1}}


def test_a_table_with_keywords_takes_over_that_they_are_paths():
    own = FieldSpec("keywords", "Stichwörter", "tags", facet=True)
    embedded = FieldSpec("keywords", "Keywords", "tags", separator="|")
    assert known_fields([own], [embedded]) == [replace(own, separator="|")]
    text = FieldSpec("keywords", "Stichwörter", "text")
    assert known_fields([text], [embedded]) == [text]
    assert known_fields([replace(own, separator="/")], [embedded])[0].separator == "/"
