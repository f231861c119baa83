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
from imagedb_site.library import Library, Missing, RowRecord, StoredImage
from imagedb_site.library.schema import MIGRATIONS
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


def test_everything_comes_back_after_closing(tmp_path):
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        hashes, embeddings = fill(library, 5)
    assert not path.with_name("library.db-wal").exists()
    with Library.open(path) as library:
        known = {hashes[3]: StoredImage(hashes[3], 4, 3, {"title": "t3"}, b"ph")}
        assert library.find_images([content(99), hashes[3]]) == known
        assert library.derivative(hashes[3], "thumb") == b"webp3"
        assert library.derivative_sizes("thumb")[hashes[0]] == (2, 1)
        np.testing.assert_array_equal(library.embeddings("enc", hashes[::-1]), embeddings[::-1])


def test_unchanged_files_are_known_and_changed_ones_are_not(library):
    library.put_files([(record("a.jpg"), content(1))])
    same, touched, grown, new = (
        record("a.jpg"),
        record("a.jpg", 9),
        record("a.jpg", 1, 9),
        record("b"),
    )
    assert library.known([same, touched, grown, new]) == [content(1), None, None, None]


def test_missing_tells_exactly_what_is_to_do(library):
    hashes, _ = fill(library, 3)
    assert library.missing(hashes, ["thumb"], "enc") == {}
    assert library.missing(hashes, ["thumb"], None) == {}
    assert library.missing(hashes[:1], ["thumb", "view"], "enc") == {
        hashes[0]: Missing(False, ("view",), False)
    }
    assert library.missing(hashes[:1], [], "other") == {hashes[0]: Missing(False, (), True)}
    assert library.missing(hashes[:1], [], None, details="2")[hashes[0]].details
    assert library.missing([content(9)], ["thumb"], "enc") == {
        content(9): Missing(True, ("thumb",), True)
    }


def test_moved_and_copied_files_need_nothing(library):
    hashes, embeddings = fill(library, 2)
    library.put_files([(record("moved/0.jpg"), hashes[0]), (record("copy.jpg"), hashes[0])])
    assert library.prune(["moved/0.jpg", "copy.jpg", "1.jpg"]) == 1
    assert library.missing(hashes, ["thumb"], "enc") == {}
    np.testing.assert_array_equal(library.embeddings("enc", hashes), embeddings)


def test_failures_are_remembered_until_the_file_or_the_decoder_changes(library):
    library.put_files([(record("a.jpg"), content(1))])
    library.put_failure(record("a.jpg"), "the file is empty", details="1")
    assert library.known([record("a.jpg")]) == [None]
    assert library.failures([record("a.jpg")], details="1") == ["the file is empty"]
    assert library.failures([record("a.jpg")], details="2") == [None]
    assert library.failures([record("a.jpg", 7)], details="1") == [None]
    library.put_files([(record("a.jpg"), content(1))])
    assert library.failures([record("a.jpg")], details="1") == [None]


def test_a_transaction_is_all_or_nothing(library):
    with pytest.raises(RuntimeError), library.transaction():
        fill(library, 3)
        raise RuntimeError
    assert library.stats()["images"] == library.stats()["packs"] == 0
    # The embeddings' table was rolled back too and is made again.
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
    hashes, _ = fill(library, 4)
    library.set_rows(rows(hashes), FIELDS)
    assert library.rows() == rows(hashes)
    assert library.fields() == FIELDS
    library.set_rows(rows(hashes)[:2], FIELDS[:1])
    assert len(library.rows()) == 2 and library.fields() == FIELDS[:1]
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


def test_search_by_vector_is_exact(library):
    hashes, embeddings = fill(library, 300)
    # Rows are in another order than the images, and some contents are in no row or in two.
    order = [*random.Random(1).sample(range(300), 200), 7, 7]
    library.set_rows(
        [RowRecord(f"{at:016x}", f"{at}", hashes[n], 1, 1) for at, n in enumerate(order)], []
    )
    query = vectors(1, seed=3)[0] * 3
    similarity = embeddings[order] @ query
    best = sorted(range(len(order)), key=lambda row: (-similarity[row], row))
    for k in (1, 10, 202, 5000):
        hits = library.search_vectors(query, k, encoder_hash="enc")
        assert [row for row, _ in hits] == best[:k]
        np.testing.assert_allclose([s for _, s in hits], similarity[best[:k]], atol=2e-6)
    assert library.search_vectors(query, 0, encoder_hash="enc") == []
    assert library.search_vectors(query * 0, 5, encoder_hash="enc") == []
    with pytest.raises(UsageError, match="dimensions"):
        library.search_vectors(query[:3], 1, encoder_hash="enc")


def test_prune_keeps_what_was_derived(library):
    hashes, _ = fill(library, 3)
    library.set_rows([RowRecord("0" * 16, "0.jpg", hashes[0], 1, 1)], [])
    library.prune(["0.jpg"])
    assert library.missing(hashes, ["thumb"], "enc") == {}
    assert library.stats()["files"] == 1
    assert [row for row, _ in library.search_vectors(vectors(1)[0], 9, encoder_hash="enc")] == [0]


def test_settings(library):
    assert library.get_meta("a") is None
    library.set_meta("a", "1")
    library.set_meta("a", "2")
    assert library.get_meta("a") == "2"


# -- what is refused ---------------------------------------------------------------------------


def test_a_newer_library_is_refused_and_untouched(tmp_path):
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        fill(library, 1)
    db = apsw.Connection(str(path))
    db.pragma("user_version", len(MIGRATIONS) + 1)
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="newer version") as error:
        Library.open(path)
    assert "Update" in (error.value.hint or "")
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
        library.known([record("0.jpg")])
        library.embeddings("enc", [content(n) for n in range(200)])


def test_a_full_disk_is_a_storage_error_and_loses_nothing(tmp_path):
    with Library.open(tmp_path / "library.db") as library:
        hashes, _ = fill(library, 3)
        pages = library._db.pragma("page_count")
        library._db.pragma("max_page_count", pages + 4)
        with pytest.raises(StorageError, match="disk is full"):
            library.put_derivative(hashes[0], "view", bytes(1 << 20), 1, 1)
        library._db.pragma("max_page_count", 1 << 30)
        assert library.missing(hashes, ["thumb"], "enc") == {}
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
            assert library.missing(hashes, ["thumb"], "enc") == {}
            assert library.known([record(f"{n}.jpg") for n in range(count)]) == hashes
            for n in range(max(0, count - 20), count):
                assert library.derivative(content(n), "thumb") == content(n).encode() * 40
                assert library.find_images([content(n)])[content(n)].width == n + 1
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
