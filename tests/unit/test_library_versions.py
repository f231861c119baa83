"""Libraries of earlier versions: what they know is taken over, and what was damaged stays damaged."""

from __future__ import annotations

from pathlib import Path

import apsw
import numpy as np
import pytest
from library_samples import content
from whole_library import change, whole

from imagedb_site.check import check_library
from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import Library, checksums, repair
from imagedb_site.library.schema import SCHEMA, VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    whole(tmp_path / "library.db")
    return tmp_path / "library.db"


NEW = {"files": ["part"], "rows": ["remote", "text_hash"]}
"""The columns that version 4 did not have."""
PLACE = ("part_file", "part_start", "part_size")
"""The columns of `derivatives` that version 5 did not have."""


def version_5(path: Path) -> None:
    """Makes of a library what version 5 would have stored."""
    db = apsw.Connection(str(path))
    checksums.register(db, path)
    for column in PLACE:
        db.execute(f"ALTER TABLE derivatives DROP COLUMN {column}")
    db.execute(checksums.insert("meta"), ("schema", "5"))
    db.pragma("user_version", 5)
    db.close()


def test_a_library_of_version_5_keeps_its_pictures(path: Path) -> None:
    version_5(path)
    change(path, "UPDATE derivatives SET data = x'00' WHERE content_hash = ?", content(2))
    with Library.open(path) as library:
        assert library.derivative(content(1), "big") == b"\1" * 9000
        assert set(library.find_damage()) == {"2.jpg"}
        assert library.parts_in_use() == set()


def test_pictures_are_taken_out_of_a_damaged_library_of_version_5(path: Path) -> None:
    version_5(path)
    change(path, "UPDATE derivatives SET data = x'00' WHERE content_hash = ?", content(2))
    repair._replace(path, "for this test", keep=True)
    with Library.open(path) as library:
        assert library.derivative(content(1), "big") == b"\1" * 9000
        assert {one.picture for one in library.lost().losses} == {"2.jpg"}


def version_4(path: Path) -> None:
    """Makes of a library what version 4 would have stored."""
    version_5(path)
    db = apsw.Connection(str(path))
    checksums.register(db, path)
    db.execute("DROP TABLE text_embeddings")
    for table, columns in NEW.items():
        for column in columns:
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        names = ", ".join(name for name in checksums.COLUMNS[table] if name not in columns)
        db.execute(f"UPDATE {table} SET sum = checksum('{table}', {names})")
    db.execute(checksums.insert("meta"), ("schema", "4"))
    db.pragma("user_version", 4)
    db.close()


def test_a_library_of_version_4_keeps_what_it_knows(path: Path) -> None:
    with Library.open(path) as library:
        expected = list(library.rows())
    version_4(path)
    change(path, "UPDATE files SET size = size + 1 WHERE key = ?", "1.jpg")
    with Library.open(path) as library:
        assert list(library.rows()) == expected
        assert set(library.find_damage()) == {"1.jpg"}


def version_3(path: Path) -> None:
    """Makes of a library what version 3 would have stored."""
    db = apsw.Connection(str(path))
    old = apsw.Connection(str(path) + ".3")
    old.pragma("journal_mode", "wal")
    start = SCHEMA.index("CREATE TABLE text_embeddings")
    schema = SCHEMA[:start] + SCHEMA[SCHEMA.index(";", start) + 1 :]
    for column in (*(name for names in NEW.values() for name in names), *PLACE):
        lines = [line for line in schema.splitlines() if line.startswith(f"    {column} ")]
        assert lines and " DEFAULT " in lines[0]
        schema = schema.replace(lines[0] + "\n", "")
    schema = schema.replace("    sum INTEGER NOT NULL DEFAULT 0,\n", "")
    schema = schema.replace(",\n    sum INTEGER NOT NULL DEFAULT 0\n", "\n")
    old.execute(schema.replace("    data_sum INTEGER NOT NULL DEFAULT 0,\n", ""))
    for table in checksums.COLUMNS.keys() - {"text_embeddings"}:
        names = [name for _, name, *_ in old.execute(f"PRAGMA table_info({table})")]
        assert "sum" not in names and "data_sum" not in names
        places = ", ".join("?" for _ in names)
        for values in db.execute(f"SELECT {', '.join(names)} FROM {table}"):
            old.execute(f"INSERT INTO {table} VALUES ({places})", values)
    old.execute("DELETE FROM meta WHERE name IN ('schema', 'full_text')")
    old.execute(
        "UPDATE layout SET value = CAST(json_remove(CAST(value AS TEXT), '$.seal', '$.parts') "
        "AS BLOB) WHERE name = 'settings'"
    )
    old.pragma("application_id", db.pragma("application_id"))
    old.pragma("user_version", 3)
    old.close()
    db.close()
    Path(str(path) + ".3").replace(path)


def test_a_library_of_version_3_gets_its_checksums(path: Path) -> None:
    with Library.open(path) as library:
        expected = library.layout(), list(library.rows()), library.row_embeddings("enc", [0, 1, 2])
    version_3(path)
    with Library.open(path) as library:
        layout, found, vectors = (
            library.layout(),
            list(library.rows()),
            library.row_embeddings("enc", [0, 1, 2]),
        )
        assert layout is not None and expected[0] is not None
        for name in ("ids", "pack", "slot", "order", "mean", "scale"):
            np.testing.assert_array_equal(getattr(layout, name), getattr(expected[0], name))
        assert (layout.grown, layout.thumbnails) == (2, "thumb")
        assert found == expected[1]
        np.testing.assert_array_equal(vectors, expected[2])
        assert library.derivative(content(1), "big") == b"\1" * 9000
    db = apsw.Connection(str(path))
    assert db.pragma("user_version") == VERSION
    db.close()
    # Its full text was not written by this version and is written by the next build.
    assert [one.message for one in check_library(path).findings] in (
        [],
        ["Damaged: the full text of the last build."],
    )
    change(path, "UPDATE derivatives SET data = x'00' WHERE content_hash = ?", content(2))
    assert "2.jpg" in {one.picture for one in check_library(path).findings}


def test_rows_are_not_stored_in_a_library_of_version_3_that_is_damaged(path: Path) -> None:
    version_3(path)
    data = bytearray(path.read_bytes())
    data[8192:12288] = bytes(4096)
    path.write_bytes(data)
    with pytest.raises(DamagedLibraryError):
        Library.open(path)
