"""The records of a build in the library: what has to be derived, and what is stored at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from library_samples import DIM, FIELDS, content, fill, record, rows, to_derive

from imagedb_site.library import Item, Library, RowRecord, StoredLayout
from imagedb_site.records import Record


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def test_unchanged_files_are_known_and_changed_ones_are_not(library):
    library.put_files([(record(key), content(1)) for key in ("a.jpg", "b.jpg", "c.jpg")])
    staged = [record("a.jpg"), record("b.jpg", 9), record("c.jpg", 1, 9), record("new")]
    with library.stage(staged) as stage:
        known = [stage.content_hash(one.key) for one in staged]
        count, unhashed = stage.unhashed()
        assert (count, [one.key for one in unhashed]) == (3, ["b.jpg", "c.jpg", "new"])
    assert known == [content(1), None, None, None]


def test_only_what_is_missing_is_derived_once_for_each_content(library):
    fill(library, 3)
    known = [record(f"{n}.jpg") for n in range(3)]
    assert to_derive(library, known, ["thumb"], "enc") == []
    assert to_derive(library, known, ["thumb"]) == []
    assert to_derive(library, known[:1], ["thumb", "view"], "enc") == [("0.jpg", 2, False)]
    assert to_derive(library, known[:1], [], "other") == [("0.jpg", 0, True)]
    assert to_derive(library, known[:1], [], details="2") == [("0.jpg", 0, False)]
    library.put_files([(record("copy.jpg"), content(0)), (record("9.jpg"), content(9))])
    staged = [record("9.jpg"), record("copy.jpg"), record("0.jpg"), record("new.jpg")]
    assert to_derive(library, staged, ["thumb", "view"], "enc") == [
        ("9.jpg", 3, True),
        ("copy.jpg", 2, False),
        ("new.jpg", 3, True),
    ]


def test_moved_and_copied_files_need_nothing(library):
    hashes, embeddings = fill(library, 2)
    staged = [record("moved/0.jpg"), record("copy.jpg"), record("1.jpg")]
    with library.stage(staged) as stage:
        for one in stage.unhashed()[1]:
            stage.set_hash(one.key, hashes[0])
        assert stage.plan(["thumb"], "enc") == 0
        assert stage.prune() == 1
    with library.stage(staged) as stage:
        assert stage.unhashed()[0] == 0
        assert [image.key for image in stage.images()] == ["1.jpg", "copy.jpg", "moved/0.jpg"]
    np.testing.assert_array_equal(library.embeddings("enc", hashes), embeddings)


def test_failures_are_remembered_until_the_file_or_the_decoder_changes(library):
    def reason(changed: Record, details: str = "1") -> str | None:
        with library.stage([changed], details=details) as stage:
            assert stage.content_hash(changed.key) is None
            return next((problem.reason for problem in stage.problems()), None)

    library.put_files([(record("a.jpg"), content(1))])
    library.put_failure(record("a.jpg"), "the file is empty", details="1")
    assert reason(record("a.jpg")) == "the file is empty"
    assert reason(record("a.jpg"), details="2") is None
    assert reason(record("a.jpg", 7)) is None
    library.put_files([(record("a.jpg"), content(1))])
    with library.stage([record("a.jpg")], details="1") as stage:
        assert (stage.problems(), stage.content_hash("a.jpg")) == ([], content(1))


def test_an_incomplete_record_is_left_out(library):
    fill(library, 2)
    library.put_files([(record("lost.jpg"), content(5))])
    with library.stage([record("0.jpg"), record("lost.jpg"), record("1.jpg")]) as stage:
        stage.fail("1.jpg", "crashed")
        stage.check(["thumb"], "enc")
        assert [problem.key for problem in stage.problems()] == ["lost.jpg", "1.jpg"]
        assert (len(stage), stage.usable()) == (3, 1)


def test_a_stage_leaves_nothing_behind_and_its_records_are_streamed(library):
    count = 2000
    before = library.stats()["bytes"]
    fields = {"name": "é\ud800", "tags": ["a", "b"], "n": 1.5}
    with library.stage(Record(f"{n:05}", Path(f"/p/{n}"), 1, 2, fields) for n in range(count)) as s:
        assert s.plan(["thumb"], None) == count
        assert [one.path for one, _, _ in s.works()] == [Path(f"/p/{n}") for n in range(count)]
    assert library.stats()["bytes"] == before
    with library.stage([record("a")]) as stage:
        assert len(stage) == 1


def test_what_a_build_publishes_is_remembered_with_its_layout(library):
    hashes, embeddings = fill(library, 3)
    layout = StoredLayout(
        ids=np.array([3, 1, 2], dtype=np.uint64),
        pack=np.array([1, 0, 1], dtype=np.int32),
        slot=np.array([4, 0, 7], dtype=np.int32),
        packed=True,
        order=np.array([1, 2, 0], dtype=np.uint32),
        mean=np.arange(DIM, dtype=np.float32),
        scale=np.ones(DIM, dtype=np.float32),
        thumbnails="thumb",
        encoder="enc",
        grown=2,
    )
    with library.stage([record(f"{n}.jpg") for n in range(3)]) as stage:
        placed = stage.placed()
        placed.put(
            Item(image.item, f"{n + 1:016x}", image.image, b"%d" % n, {"title": f"boat {n}"})
            for n, image in enumerate(stage.images())
        )
        items, ids = placed.ordered()
        assert ids.tolist() == [1, 2, 3]
        placed.place(items[[2, 0, 1]])
        assert [row[1] for row in placed.rows("thumb", None)] == ["2.jpg", "0.jpg", "1.jpg"]
        assert placed.derivative(0, "thumb") == b"webp2"
        assert placed.derivative(0, "view") is None
        assert placed.path(1) == Path("0.jpg")
        np.testing.assert_array_equal(
            np.concatenate(list(placed.embedding_blocks("enc"))), embeddings[[2, 0, 1]]
        )
        placed.remember(FIELDS, layout)
    assert [row.key for row in library.rows()] == ["2.jpg", "0.jpg", "1.jpg"]
    assert library.row(0) == RowRecord(f"{3:016x}", "2.jpg", hashes[2], 4, 3, {"title": "boat 2"})
    assert sorted(row for row, _ in library.search_text("boat", 9)) == [0, 1, 2]
    order = library.order()
    assert order is not None and order.tolist() == [1, 2, 0]
    stored = library.layout()
    assert stored is not None
    for name, value in vars(layout).items():
        np.testing.assert_array_equal(getattr(stored, name), value, err_msg=name)
    library.set_rows(rows([*hashes, hashes[0]]), FIELDS)
    assert library.layout() is None
