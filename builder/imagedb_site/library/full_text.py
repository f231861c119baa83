"""The full text of the rows of the last build."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from imagedb_site import fts
from imagedb_site.errors import UsageError
from imagedb_site.library import checksums
from imagedb_site.text import fts_query, fts_text

_SUM = "full_text"
"""The setting with the checksum of the table."""
_SHADOWS = {"data": "id", "idx": "segid, term", "docsize": "id", "config": "k"}


def write(db: apsw.Connection, columns: Sequence[str]) -> None:
    """Replaces the full-text table by one of the texts in `columns` of the rows."""
    _fill(db, columns)
    # FTS5 writes the last of its tables when a savepoint begins.
    db.execute("SAVEPOINT full_text; RELEASE full_text")
    note(db)


def note(db: apsw.Connection) -> None:
    """Stores the checksum of the table that is there."""
    db.execute(checksums.insert("meta"), (_SUM, str(_checksum(db))))


def is_intact(db: apsw.Connection) -> bool:
    """Whether the table is what was written."""
    for value, stored in db.execute("SELECT value, sum FROM meta WHERE name = ?", (_SUM,)):
        return bool(
            value == str(_checksum(db)) and stored == checksums.checksum("meta", _SUM, value)
        )
    return not _exists(db)


def _checksum(db: apsw.Connection) -> int:
    """Returns a checksum of the tables in which FTS5 keeps the full text."""
    if not _exists(db):
        return 0
    value = 0
    for name, order in _SHADOWS.items():
        table = f"{fts.TABLE}_{name}"
        for cells in db.execute(f"SELECT * FROM {table} ORDER BY {order}"):
            value = checksums.checksum(table, value, *cells)
    return value


def _exists(db: apsw.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (fts.TABLE,)).get is not None


def _fill(db: apsw.Connection, columns: Sequence[str]) -> None:
    db.execute(f"DROP TABLE IF EXISTS {fts.TABLE}")
    if not columns:
        return
    db.execute(fts.create_table(columns))
    rows = db.execute("SELECT row, fields FROM rows ORDER BY row")
    texts = ((row, json.loads(fields)) for row, fields in rows)
    db.executemany(
        fts.insert_row(columns),
        ((row + 1, *(fts_text(values.get(name)) for name in columns)) for row, values in texts),
    )
    db.execute(f"INSERT INTO {fts.TABLE}({fts.TABLE}) VALUES ('optimize')")


def search(db: apsw.Connection, query: str, k: int) -> list[tuple[int, float]]:
    """Returns `(row, bm25)` of the k best rows, ties by row."""
    if k <= 0 or not query.strip():
        return []
    if not _exists(db):
        return []
    try:
        return [
            (rowid - 1, score)
            for rowid, score in db.execute(
                "SELECT rowid, bm25(fts) AS score FROM fts WHERE fts MATCH ? "
                "ORDER BY score, rowid LIMIT ?",
                (fts_query(query), k),
            )
        ]
    except apsw.SQLError as error:
        quoted = '"' + query.replace('"', '""') + '"'
        raise UsageError(
            f"The full-text query cannot be read: {error}.",
            f"Put it in double quotes to search for the words as they are: {quoted}",
        ) from error
