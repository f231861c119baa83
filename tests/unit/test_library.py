"""The library: what it remembers, what it refuses, and that a killed process leaves it whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import numpy as np
import pytest

from imagedb_site.errors import LibraryError, StorageError, UsageError
from imagedb_site.library import Item, Library, RowRecord, StoredImage, StoredLayout
from imagedb_site.library.schema import VERSION
from imagedb_site.records import FieldSpec, Record

DIM = 8
FIELDS = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", fts=True),
    FieldSpec("score", "Score", "number"),
]


def record(key: str, mtime_ns: int = 1, size: int = 2) -> Record:
    return Record(key, Path(key), mtime_ns, size)


def content(number: int) -> str:
    return f"{number:064x}"


def vectors(count: int, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def fill(library: Library, count: int) -> tuple[list[str], np.ndarray]:
    hashes, embeddings = [content(n) for n in range(count)], vectors(count)
    with library.transaction():
        for at, content_hash in enumerate(hashes):
            library.put_image(StoredImage(content_hash, 4, 3, {"title": f"t{at}"}, b"ph"))
            library.put_derivative(content_hash, "thumb", b"webp%d" % at, 2, 1)
            library.put_files([(record(f"{at}.jpg"), content_hash)])
        library.put_embeddings("enc", hashes, embeddings)
    return hashes, embeddings


def to_derive(
    library: Library,
    records: list[Record],
    recipes: list[str],
    encoder: str | None = None,
    details: str = "",
) -> list[tuple[str, int, bool]]:
    """What a build would have to derive: the key, the missing recipes as bits, an embedding or not."""
    with library.stage(records, details=details) as stage:
        assert stage.plan(recipes, encoder) == len(list(stage.works()))
        return [(one.key, bits, wants) for one, bits, wants in stage.works()]


def test_everything_comes_back_after_closing(tmp_path):
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        hashes, embeddings = fill(library, 5)
    assert not path.with_name("library.db-wal").exists()
    with Library.open(path) as library:
        assert library.image(hashes[3]) == StoredImage(hashes[3], 4, 3, {"title": "t3"}, b"ph")
        assert library.image(content(99)) is None
        assert library.derivative(hashes[3], "thumb") == b"webp3"
        np.testing.assert_array_equal(library.embeddings("enc", hashes[::-1]), embeddings[::-1])


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


def test_a_record_of_which_something_is_missing_is_left_out(library):
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


def test_a_transaction_is_all_or_nothing(library):
    with pytest.raises(RuntimeError), library.transaction():
        fill(library, 3)
        raise RuntimeError
    assert library.stats()["images"] == library.stats()["packs"] == 0
    # The encoder was rolled back too and is stored again.
    hashes, embeddings = fill(library, 2)
    np.testing.assert_array_equal(library.embeddings("enc", hashes), embeddings)


def test_embeddings_are_replaced_and_checked(library):
    hashes, _ = fill(library, 2)
    new = vectors(1, seed=5)
    library.put_embeddings("enc", hashes[:1], new)
    np.testing.assert_array_equal(library.embeddings("enc", hashes[:1]), new)
    with pytest.raises(LibraryError, match="dimensions"):
        library.put_embeddings("enc", hashes[:1], np.ones((1, 3), dtype=np.float32))
    with pytest.raises(LibraryError, match="finite"):
        library.put_embeddings("enc", hashes[:1], np.full((1, DIM), np.nan, dtype=np.float32))
    with pytest.raises(LibraryError, match="does not know"):
        library.put_embeddings("enc", [content(77)], new)
    with pytest.raises(LibraryError, match="no embedding"):
        library.embeddings("enc", [content(77)])
    with pytest.raises(LibraryError, match="of this encoder"):
        library.embeddings("other", hashes)


def rows(hashes: list[str]) -> list[RowRecord]:
    titles = ["Zürich by night", "A boat", "Running dogs", "東京タワー"]
    return [
        RowRecord(f"{at:016x}", f"{at}.jpg", h, 4, 3, {"title": title, "tags": ["x", f"y{at}"]})
        for at, (h, title) in enumerate(zip(hashes, titles, strict=True))
    ]


def test_rows_and_fields_come_back(library):
    hashes, embeddings = fill(library, 4)
    library.set_rows(iter(rows(hashes)), FIELDS)
    assert list(library.rows()) == rows(hashes)
    assert (library.fields(), library.count()) == (FIELDS, 4)
    assert library.row(2) == rows(hashes)[2]
    assert library.ids() == [one.image_id for one in rows(hashes)]
    assert [library.row_of(one) for one in library.ids()] == [0, 1, 2, 3]
    assert library.row_of("f" * 16) is None
    assert list(library.values("title"))[1:3] == ["A boat", "Running dogs"]
    assert list(library.values("score")) == [None] * 4
    np.testing.assert_array_equal(library.row_embeddings("enc", [3, 0, 3]), embeddings[[3, 0, 3]])
    assert library.order() is None
    with pytest.raises(LibraryError, match="row 4"):
        library.row(4)
    library.set_rows(rows(hashes)[:2], FIELDS[:1])
    assert library.count() == 2 and library.fields() == FIELDS[:1]
    with pytest.raises(UsageError):
        library.search_text("tags:x", 9)


def test_unchanged_rows_write_nothing(library, tmp_path):
    hashes, _ = fill(library, 4)
    library.set_rows(rows(hashes), FIELDS)
    # SQLite's own count of what other connections have changed.
    other = apsw.Connection(str(tmp_path / "library.db"))
    before = other.pragma("data_version")
    library.set_rows(rows(hashes), FIELDS)
    assert other.pragma("data_version") == before
    library.set_rows(rows(hashes)[:3], FIELDS)
    assert other.pragma("data_version") != before
    other.close()


def test_embeddings_of_the_rows_are_read_in_blocks(library):
    count = 8192 + 5
    hashes, embeddings = fill(library, 300)
    # Rows are in another order than the images, and some contents are in no row or in several.
    chosen = [random.Random(1).randrange(300) for _ in range(count)]
    library.set_rows(
        (RowRecord(f"{at:016x}", f"{at}", hashes[n], 1, 1) for at, n in enumerate(chosen)), []
    )
    blocks = list(library.embedding_blocks("enc"))
    assert [len(block) for block in blocks] == [8192, 5]
    assert blocks[0].dtype == np.float32
    np.testing.assert_array_equal(np.concatenate(blocks), embeddings[chosen])
    library.put_image(StoredImage(content(999), 1, 1, {}, b""))
    library.set_rows([RowRecord("0" * 16, "a", content(999), 1, 1)], [])
    with pytest.raises(LibraryError, match="row 0"):
        list(library.embedding_blocks("enc"))
    with pytest.raises(LibraryError, match="row 0"):
        library.row_embeddings("enc", [0])
    with pytest.raises(LibraryError, match="of this encoder"):
        list(library.embedding_blocks("other"))


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


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zurich", [0]),
        ("run", [2]),
        ("title:boat OR zürich", [1, 0]),
        ("tags:y3", [3]),
        ("東京", [3]),
        ("x NOT boat", [0, 2, 3]),
        ("nothing", []),
        ("  ", []),
    ],
)
def test_full_text(library, query, found):
    hashes, _ = fill(library, 4)
    library.set_rows(rows(hashes), FIELDS)
    hits = library.search_text(query, 10)
    assert sorted(row for row, _ in hits) == sorted(found)
    assert [score for _, score in hits] == sorted(score for _, score in hits)


@pytest.mark.parametrize("query", ["a-b", "c++", "don't", "8k,", '"open', "nofield:x"])
def test_a_syntax_error_is_kind(library, query):
    hashes, _ = fill(library, 4)
    library.set_rows(rows(hashes), FIELDS)
    with pytest.raises(UsageError) as error:
        library.search_text(query, 10)
    hint = error.value.hint or ""
    quoted = hint.partition(": ")[2]
    assert library.search_text(quoted, 10) == []


def test_settings(library):
    assert library.get_meta("a") is None
    library.set_meta("a", "1")
    library.set_meta("a", "2")
    assert library.get_meta("a") == "2"


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words", "advice"),
    [(VERSION + 1, "newer version", "Update"), (1, "older version", "Delete the file")],
)
def test_a_library_of_another_version_is_refused_and_untouched(tmp_path, version, words, advice):
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        fill(library, 1)
    db = apsw.Connection(str(path))
    db.pragma("user_version", version)
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match=words) as error:
        Library.open(path)
    assert advice in (error.value.hint or "")
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_untouched(tmp_path):
    path = tmp_path / "other.db"
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="another program"):
        Library.open(path)
    assert path.read_bytes() == before


def test_nonsense_and_folders_are_refused(tmp_path):
    (tmp_path / "nonsense.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LibraryError, match="damaged"):
        Library.open(tmp_path / "nonsense.db")
    with pytest.raises(LibraryError, match="folder"):
        Library.open(tmp_path)
    with pytest.raises(StorageError):
        Library.open(tmp_path / "gone" / "library.db")


def test_damage_is_told(tmp_path):
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        fill(library, 200)
    data = bytearray(path.read_bytes())
    data[4096 : len(data) // 2] = os.urandom(len(data) // 2 - 4096)
    path.write_bytes(data)
    with (
        pytest.raises(LibraryError, match=r"damaged|cannot be used"),
        Library.open(path) as library,
    ):
        to_derive(library, [record(f"{n}.jpg") for n in range(200)], ["thumb"], "enc")
        library.embeddings("enc", [content(n) for n in range(200)])


def test_a_full_disk_is_a_storage_error_and_loses_nothing(tmp_path):
    with Library.open(tmp_path / "library.db") as library:
        hashes, _ = fill(library, 3)
        pages = library._db.pragma("page_count")
        library._db.pragma("max_page_count", pages + 4)
        with pytest.raises(StorageError, match="disk is full"):
            library.put_derivative(hashes[0], "view", bytes(1 << 20), 1, 1)
        library._db.pragma("max_page_count", 1 << 30)
        assert to_derive(library, [record("0.jpg")], ["thumb"], "enc") == []
        library.put_derivative(hashes[0], "view", bytes(1 << 20), 1, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_library_that_cannot_be_written(tmp_path):
    path = tmp_path / "library.db"
    with Library.open(path):
        pass
    if os.geteuid() == 0:
        pytest.skip("root writes everything")
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError), Library.open(path) as library:
            library.set_meta("a", "b")
    finally:
        tmp_path.chmod(0o700)


# -- kill -9 -----------------------------------------------------------------------------------

WRITER = """
import sys
sys.path.insert(0, {tests!r})
import test_library as t
from pathlib import Path
from imagedb_site.library import Library, StoredImage
with Library.open(Path(sys.argv[1])) as library:
    start = library.stats()["images"]
    print("open", flush=True)
    for n in range(start, start + 100_000):
        h = t.content(n)
        with library.transaction():
            library.put_image(StoredImage(h, n + 1, 1, {{}}, b""))
            library.put_derivative(h, "thumb", h.encode() * 40, 1, 1)
            library.put_embeddings("enc", [h], t.vectors(1, seed=n))
            library.put_files([(t.record(f"{{n}}.jpg"), h)])
"""


def test_kill_at_any_moment_leaves_whole_transactions(tmp_path):
    path = tmp_path / "library.db"
    script = WRITER.format(tests=str(Path(__file__).parent))
    chance = random.Random(7)
    seen = 0
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
        )
        assert process.stdout and process.stdout.readline() == b"open\n"
        time.sleep(chance.uniform(0.005, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with Library.open(path) as library:
            count = library.stats()["images"]
            assert count >= seen
            seen = count
            hashes = [content(n) for n in range(count)]
            records = [record(f"{n}.jpg") for n in range(count)]
            assert to_derive(library, records, ["thumb"], "enc") == []
            with library.stage(records) as stage:
                assert [stage.content_hash(one.key) for one in records] == hashes
            for n in range(max(0, count - 20), count):
                assert library.derivative(content(n), "thumb") == content(n).encode() * 40
                assert library.image(content(n)) == StoredImage(content(n), n + 1, 1, {}, b"")
                got = library.embeddings("enc", [content(n)])
                np.testing.assert_array_equal(got, vectors(1, seed=n))
        file = apsw.Connection(str(path))
        assert file.pragma("integrity_check") == "ok"
        file.close()
    assert seen > 0


def test_two_readers_and_a_writer(tmp_path):
    path = tmp_path / "library.db"
    with Library.open(path) as one, Library.open(path) as two:
        fill(one, 3)
        assert two.stats()["images"] == 3
        with one.transaction():
            one.set_meta("a", "1")
            assert two.get_meta("a") is None
        assert two.get_meta("a") == "1"
