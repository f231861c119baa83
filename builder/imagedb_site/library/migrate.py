"""From version 3, which had no checksums, 4, which had pictures only, or 5, which had no parts, to 6."""

# ruff: noqa: S608  (table and column names are this program's own)

from __future__ import annotations

from pathlib import Path

import apsw

from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums, full_text, layouts
from imagedb_site.library.schema import SCHEMA

BEFORE = (3, 4, 5)
_TEXT = "TEXT NOT NULL DEFAULT ''"
_NEW = {"files": {"part": _TEXT}, "rows": {"remote": _TEXT, "text_hash": _TEXT}}
_NUMBER = "INTEGER NOT NULL DEFAULT 0"
_PLACE = {"part_file": _TEXT, "part_start": _NUMBER, "part_size": _NUMBER}


def migrate(db: apsw.Connection, path: Path, version: int) -> None:
    """Adds what is new since `version`. It has to run in a transaction."""
    _add(db, "derivatives", _PLACE)
    if version == 5:
        return
    db.execute(_new_table())
    for table, columns in _NEW.items():
        _add(db, table, columns)
    if version == 3:
        _add_checksums(db, path)
        return
    for table, columns in _NEW.items():
        names = ", ".join(name for name in checksums.COLUMNS[table] if name not in columns)
        # Of a row that was damaged before, the new checksum must be wrong too.
        damaged = f"sum <> checksum('{table}', {names})"
        db.execute(f"UPDATE {table} SET sum = {checksums.of_row(table)} + ({damaged})")


def _add(db: apsw.Connection, table: str, columns: dict[str, str]) -> None:
    for name, kind in columns.items():
        db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


def _new_table() -> str:
    start = SCHEMA.index("CREATE TABLE text_embeddings")
    return SCHEMA[start : SCHEMA.index(";", start)]


def _add_checksums(db: apsw.Connection, path: Path) -> None:
    """Gives every row its checksum.

    What is damaged already cannot be told from what is intact: only the structure is checked.
    """
    found = db.execute("PRAGMA quick_check(1)").get
    if found != "ok":
        raise DamagedLibraryError(path, str(found))
    # Rows of version 3 that belong to nothing must not belong to a later picture with the same number.
    db.execute(
        "DELETE FROM embeddings WHERE image NOT IN (SELECT id FROM images) "
        "OR pack NOT IN (SELECT id FROM packs)"
    )
    _add(db, "derivatives", {"data_sum": _NUMBER})
    for table in checksums.COLUMNS.keys() - {"text_embeddings"}:
        _add(db, table, {"sum": _NUMBER})
        if table == "derivatives":
            db.execute("UPDATE derivatives SET data_sum = crc(data)")
        db.execute(f"UPDATE {table} SET sum = {checksums.of_row(table)}")
    layouts.complete(db)
    full_text.note(db)
