"""Damage in the library: found wherever it is, named, repaired in place or by a new file."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest
from library_samples import content, fill
from whole_library import change, whole

from imagedb_site.check import check_library
from imagedb_site.errors import DamagedLibraryError, LibraryError
from imagedb_site.library import Library, checksums, repair, verify


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("library") / "library.db"
    whole(path)
    assert check_library(path).ok
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, sound: bytes) -> Path:
    (tmp_path / "library.db").write_bytes(sound)
    return tmp_path / "library.db"


COLUMNS = [
    (table, column)
    for table, columns in checksums.COLUMNS.items()
    for column in columns
    if not (table.endswith("embeddings") and column in ("encoder_hash", "content_hash"))
] + [
    ("derivatives", "data"),
    ("embeddings", "pack"),
    ("embeddings", "image"),
    ("text_embeddings", "pack"),
]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_change_of_any_column_of_any_table_is_found(path: Path, table: str, column: str) -> None:
    key = verify.KEYS[table][0]
    db = apsw.Connection(str(path))
    row, value = db.execute(f"SELECT {key}, {column} FROM {table} ORDER BY {key}").fetchone()
    db.close()
    if isinstance(value, int):
        other: object = value + 77
    elif isinstance(value, bytes):
        other = bytes([value[0] ^ 1]) + value[1:]
    else:
        other = (value or "") + "x"
    change(path, f"UPDATE {table} SET {column} = ? WHERE {key} = ?", other, row)
    report = check_library(path)
    assert not report.ok
    repair.repair(path)
    assert not path.with_name("library.db.damaged").exists()


def test_what_is_damaged_is_named_and_the_rest_stays(path: Path) -> None:
    change(path, "UPDATE derivatives SET data = x'00' WHERE content_hash = ?", content(2))
    change(path, "UPDATE embeddings SET vector = zeroblob(32) WHERE image = 1")
    found = {one.picture: one.message for one in check_library(path).findings}
    assert found == {
        "0.jpg": "Damaged: its embedding.",
        "2.jpg": "Damaged: a smaller picture.",
    }
    with Library.open(path) as library:
        for use in (
            lambda: library.derivative(content(2), "thumb"),
            lambda: library.embeddings("enc", [content(0)]),
            lambda: list(library.embedding_blocks("enc")),
        ):
            with pytest.raises(DamagedLibraryError, match="is not what was stored"):
                use()
        assert library.derivative(content(1), "thumb") == b"webp1"
    repair.repair(path)
    with Library.open(path) as library:
        lost = library.lost()
        assert {(one.picture, one.what) for one in lost.losses} == {
            ("0.jpg", "its embedding"),
            ("2.jpg", "a smaller picture"),
        }
        assert (lost.aside, lost.layout) == (None, True)
        assert library.layout() is not None
        with pytest.raises(LibraryError, match="no derivative"):
            library.derivative(content(2), "thumb")
        library.nothing_lost()
        assert library.lost().losses == []


def test_a_row_in_the_place_of_another_is_found(path: Path) -> None:
    db = apsw.Connection(str(path))
    first, second = (
        db.execute("SELECT vector, sum FROM embeddings WHERE image = ?", (n,)).fetchone()
        for n in (1, 2)
    )
    for image, (vector, total) in ((1, second), (2, first)):
        db.execute(
            "UPDATE embeddings SET vector = ?, sum = ? WHERE image = ?", (vector, total, image)
        )
    db.close()
    assert {one.picture for one in check_library(path).findings} == {"0.jpg", "1.jpg"}


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM rows WHERE row = 3",
        "DELETE FROM layout WHERE name = 'order'",
        "DELETE FROM layout",
        "DELETE FROM rows; DELETE FROM layout",
    ],
)
def test_a_layout_that_is_not_complete_is_never_used(path: Path, sql: str) -> None:
    change(path, sql)
    with Library.open(path) as library, pytest.raises(DamagedLibraryError, match="last build"):
        library.layout()
    assert not check_library(path).ok
    repair.repair(path)
    with Library.open(path) as library:
        assert library.layout() is None
        assert library.lost().layout is False


@pytest.mark.parametrize("seed", range(12))
def test_intact_rows_are_taken_over_from_a_file_that_cannot_be_read(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    if seed % 3 == 2:
        del data[chance.randrange(len(data)) :]
    else:
        page = chance.randrange(len(data) // 4096) * 4096
        data[page : page + 4096] = bytes(4096)
    path.write_bytes(data)
    repair.repair(path, "for a test")
    # If the file could be repaired in place, the next build writes the full text again.
    left = {one.message for one in check_library(path).findings}
    assert left <= {"Damaged: the full text of the last build."} or not _has_rows(path)
    with Library.open(path) as library:
        lost = library.lost()
        if lost.aside is not None:
            assert Path(lost.aside).read_bytes()[:4096] == bytes(data[:4096])
        for number in range(4):
            image = library.image(content(number))
            assert image is None or image.metadata == {"title": f"t{number}"}
        kept = library.layout()
        assert (kept is not None) == lost.layout


def _has_rows(path: Path) -> bool:
    with Library.open(path) as library:
        return bool(library.count())


def _header(at: int, value: bytes) -> object:
    def damage(data: bytearray) -> None:
        data[at : at + len(value)] = value

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(
            lambda data: data.__setitem__(slice(None), b"no database " * 500), id="nonsense"
        ),
        pytest.param(lambda data: data.__delitem__(slice(len(data) // 2, None)), id="half"),
        pytest.param(lambda data: data.__delitem__(slice(50, None)), id="50 bytes"),
        pytest.param(_header(68, b"ABCD"), id="application id"),
        pytest.param(_header(60, b"\0\0\0\x63"), id="newer version"),
        pytest.param(_header(60, b"\0\0\0\0"), id="no version"),
        pytest.param(_header(60, b"\0\0\0\x03"), id="version before"),
        pytest.param(_header(18, b"\x07"), id="write version"),
        pytest.param(_header(16, b"\x02\0"), id="page size"),
        pytest.param(_header(56, b"\0\0\0\x02"), id="encoding"),
        pytest.param(_header(0, bytes(4096)), id="first page"),
    ],
)
def test_a_damaged_file_is_one_sentence_and_repaired(path: Path, damage) -> None:
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    with pytest.raises(DamagedLibraryError) as error, Library.open(path) as library:
        library.find_damage()
    message = str(error.value)
    assert message.startswith(f"The library {path} is damaged: ") and "\n" not in message
    assert "imagedb-site build" in (error.value.hint or "")
    repair.repair(path, error.value.reason)
    with Library.open(path) as library:
        fill(library, 2)
        assert library.lost().aside == str(path) + ".damaged"
    assert path.with_name("library.db.damaged").exists()


def test_a_log_of_another_database_does_not_go_unnoticed(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    db = apsw.Connection(str(other))
    db.pragma("journal_mode", "wal")
    db.execute("CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(50000))")
    log = other.with_name("other.db-wal").read_bytes()
    path.with_name("library.db-wal").write_bytes(log)
    db.close()
    with pytest.raises(LibraryError), Library.open(path) as library:
        library.find_damage()
        raise LibraryError("nothing wrong")


def test_another_programs_database_is_not_repaired(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE t(x)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="another program"):
        repair.repair(path)
    assert path.read_bytes() == before


def test_a_replacement_that_was_interrupted_is_completed(path: Path) -> None:
    path.rename(path.with_name("library.db.repaired"))
    with Library.open(path) as library:
        assert library.count() == 4
