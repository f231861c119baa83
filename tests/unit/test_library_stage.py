"""The records of a build in the library: what has to be derived, and what is stored at the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from library_samples import DIM, FIELDS, content, file, fill, listed, record, rows, to_derive

from imagedb_site.library import Item, Library, RowRecord, StoredLayout
from imagedb_site.records import PictureRef, Record


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def test_unchanged_files_are_known_and_changed_ones_are_not(library):
    library.put_files([listed(key, content(1)) for key in ("a.jpg", "b.jpg", "c.jpg")])
    staged = [record("a.jpg"), record("b.jpg", 9), record("c.jpg", 1, 9), record("new")]
    with library.stage(staged) as stage:
        known = [stage.content_hash(one.key) for one in staged]
        count, unhashed = stage.unhashed()
        assert (count, [key for key, _ in unhashed]) == (3, ["b.jpg", "c.jpg", "new"])
    assert known == [content(1), None, None, None]


def test_only_what_is_missing_is_derived_once_for_each_content(library):
    fill(library, 3)
    known = [record(f"{n}.jpg") for n in range(3)]
    assert to_derive(library, known, ["thumb"], "enc") == []
    assert to_derive(library, known, ["thumb"]) == []
    assert to_derive(library, known[:1], ["thumb", "view"], "enc") == [("0.jpg", 2, False)]
    assert to_derive(library, known[:1], [], "other") == [("0.jpg", 0, True)]
    assert to_derive(library, known[:1], [], details="2") == [("0.jpg", 0, False)]
    library.put_files([listed("copy.jpg", content(0)), listed("9.jpg", content(9))])
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
        for key, _ in stage.unhashed()[1]:
            stage.set_hash(key, hashes[0])
        assert stage.plan(["thumb"], "enc") == 0
        assert stage.prune() == 1
    with library.stage(staged) as stage:
        assert stage.unhashed()[0] == 0
        assert [image.key for image in stage.images()] == ["1.jpg", "copy.jpg", "moved/0.jpg"]
    np.testing.assert_array_equal(library.embeddings("enc", hashes), embeddings)


def test_a_file_with_another_inode_or_change_time_is_hashed_again(library):
    first = replace(file("a.jpg"), ctime_ns=5, inode=7)
    library.put_files([("a.jpg", first, content(1))])
    changes = [{"inode": 8}, {"ctime_ns": 6}, {"size": 3}, {"offset": 512, "length": 1}]
    for change in changes:
        with library.stage([Record("a.jpg", picture=replace(first, **change))]) as stage:
            assert stage.content_hash("a.jpg") is None
    with library.stage([Record("a.jpg", picture=first)]) as stage:
        assert stage.content_hash("a.jpg") == content(1)
    with library.stage([Record("a.jpg", picture=first)], rehash=True) as stage:
        assert stage.unhashed()[0] == 1


def test_a_refused_content_is_left_out_under_every_name(library):
    def reasons(keys: list[str], decoder: str = "1") -> list[tuple[str, str]]:
        with library.stage([record(key) for key in keys]) as stage:
            for key, _ in list(stage.unhashed()[1]):
                stage.set_hash(key, content(1))
            stage.plan(["thumb"], None, decoder=decoder)
            return [(problem.key, problem.reason) for problem in stage.problems()]

    assert reasons(["a.jpg"]) == []
    library.put_refusal(content(1), "it takes too long", decoder="1")
    assert reasons(["a.jpg"]) == [("a.jpg", "it takes too long")]
    moved = ["b/a.jpg", "c.png"]
    assert reasons(moved) == [(key, "it takes too long") for key in moved]
    assert reasons(moved, decoder="2") == []
    library.put_refusal(content(1), "it is damaged", decoder="2")
    assert reasons(moved[:1], decoder="2") == [("b/a.jpg", "it is damaged")]
    library.forget_refusals()
    assert reasons(moved) == []


def test_only_files_of_the_same_size_may_be_copies(library):
    staged = [record("a", size=5), record("b", size=6), record("c", size=5), record("d", size=7)]
    with library.stage(staged) as stage:
        assert [key for key, _ in stage.unhashed(twins=True)[1]] == ["a", "c"]
        stage.set_hash("a", content(1))
        stage.set_hash("c", content(1))
        assert stage.plan(["thumb"], None) == 3
        stage.fail("a", "it has vanished")
        assert stage.plan(["thumb"], None) == 3
        assert [key for key, *_ in stage.works()] == ["b", "c", "d"]
        stage.refuse(content(1), "damaged")
        stage.fail_larger(6, "too large")
        assert [problem.key for problem in stage.problems()] == ["a", "c", "d"]


def test_an_incomplete_record_is_left_out(library):
    fill(library, 2)
    library.put_files([listed("lost.jpg", content(5))])
    with library.stage([record("0.jpg"), record("lost.jpg"), record("1.jpg")]) as stage:
        stage.fail("1.jpg", "crashed")
        stage.check(["thumb"], "enc")
        assert [problem.key for problem in stage.problems()] == ["lost.jpg", "1.jpg"]
        assert (len(stage), stage.usable()) == (3, 1)


def test_a_stage_leaves_nothing_behind_and_its_records_are_streamed(library):
    count = 2000
    before = library.stats()["bytes"]
    fields = {"name": "é\ud800", "tags": ["a", "b"], "n": 1.5}
    with library.stage(
        Record(f"{n:05}", fields, PictureRef(Path(f"/p/{n}"), 1, 2)) for n in range(count)
    ) as s:
        assert s.plan(["thumb"], None) == count
        assert [one.path for _, one, *_ in s.works()] == [Path(f"/p/{n}") for n in range(count)]
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
        coarse=np.arange(9, dtype=np.uint8),
        cells=np.arange(200, dtype=np.uint8),
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
        assert placed.original(1) == (file("0.jpg"), hashes[0])
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
