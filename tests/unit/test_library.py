"""The library: what it stores, what it refuses, and that it survives a killed process."""

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
from library_samples import DIM, FIELDS, content, fill, record, rows, to_derive, vectors

from imagedb_site.errors import LibraryError, StorageError, UsageError
from imagedb_site.library import Library, RowRecord, StoredImage
from imagedb_site.library.connection import connect
from imagedb_site.library.schema import VERSION


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


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
    # The order of rows differs from that of the images, and some contents are in no row or in several.
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
def test_a_syntax_error_has_a_clear_message(library, query):
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
    db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (str(version),))
    db.execute("ALTER TABLE meta ADD COLUMN other TEXT")
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


def test_files_that_are_not_libraries_and_folders_are_refused(tmp_path):
    (tmp_path / "nonsense.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LibraryError, match="damaged"):
        Library.open(tmp_path / "nonsense.db")
    with pytest.raises(LibraryError, match="folder"):
        Library.open(tmp_path)
    with pytest.raises(StorageError):
        Library.open(tmp_path / "gone" / "library.db")


def test_damage_is_reported(tmp_path):
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
    file = connect(tmp_path / "library.db")
    with Library(file, tmp_path / "library.db") as library:
        hashes, _ = fill(library, 3)
        file.pragma("max_page_count", file.pragma("page_count") + 4)
        with pytest.raises(StorageError, match="disk is full"):
            library.put_derivative(hashes[0], "view", bytes(1 << 20), 1, 1)
        file.pragma("max_page_count", 1 << 30)
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
import library_samples as t
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
            library.put_files([(f"{{n}}.jpg", t.file(f"{{n}}.jpg"), h)])
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
