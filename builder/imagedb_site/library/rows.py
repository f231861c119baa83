"""The rows of the last build, their full text and their layout."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site import fts
from imagedb_site.errors import LibraryError, UsageError
from imagedb_site.library.schema import ROW_COLUMNS
from imagedb_site.library.types import RowRecord, StoredLayout
from imagedb_site.records import FieldSpec
from imagedb_site.text import fts_query, fts_text

_SELECT = (
    "SELECT r.image_id, r.key, i.content_hash, r.width, r.height, r.fields "
    "FROM rows r LEFT JOIN images i ON i.id = r.image"
)


def to_json(value: object) -> str:
    """Returns compact JSON, the same for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def replace_rows(db: apsw.Connection, query: str, fields: Sequence[FieldSpec]) -> None:
    """Replaces rows and full text by the result of `query` (`ROW_COLUMNS`), unless they are the same."""
    specs = to_json([asdict(spec) for spec in fields])
    stored = db.execute("SELECT value FROM meta WHERE name = 'fields'").get
    names = ROW_COLUMNS.split(", ")[1:]
    differ = " OR ".join(f"n.{name} IS NOT r.{name}" for name in names)
    change = f"SELECT 1 FROM ({query}) n LEFT JOIN rows r ON r.row = n.row WHERE {differ} LIMIT 1"
    same = (
        specs == stored
        and db.execute(f"SELECT count(*) FROM ({query})").get == count_rows(db)
        and db.execute(change).get is None
    )
    if same:
        return
    db.execute("DELETE FROM rows")
    db.execute(f"INSERT INTO rows({ROW_COLUMNS}) {query}")
    db.execute("INSERT OR REPLACE INTO meta VALUES ('fields', ?)", (specs,))
    _write_full_text(db, [spec.name for spec in fields if spec.fts])


def insert_records(db: apsw.Connection, records: Iterable[RowRecord]) -> str:
    """Puts records into a temporary table; returns the query for `replace_rows`."""
    db.execute("DROP TABLE IF EXISTS temp.given")
    db.execute(f"CREATE TEMP TABLE given({ROW_COLUMNS})")
    db.executemany("INSERT INTO given VALUES (?, ?, ?, ?, ?, ?, ?, -2, 0)", _tuples(db, records))
    return f"SELECT {ROW_COLUMNS} FROM given"


def _tuples(db: apsw.Connection, records: Iterable[RowRecord]) -> Iterator[tuple[Any, ...]]:
    for row, one in enumerate(records):
        image = None
        if one.content_hash is not None:
            sql = "SELECT id FROM images WHERE content_hash = ?"
            image = db.execute(sql, (one.content_hash,)).get
            if image is None:
                raise LibraryError(f"The library does not know the content {one.content_hash}.")
        fields = to_json(dict(one.fields))
        yield row, one.image_id, one.key, image, one.width, one.height, fields


def _write_full_text(db: apsw.Connection, columns: Sequence[str]) -> None:
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


def count_rows(db: apsw.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM rows").get or 0)


def all_rows(db: apsw.Connection) -> Iterator[RowRecord]:
    """Yields the rows in row order."""
    for values in db.execute(f"{_SELECT} ORDER BY r.row"):
        yield _record(values)


def one_row(db: apsw.Connection, row: int) -> RowRecord | None:
    for values in db.execute(f"{_SELECT} WHERE r.row = ?", (int(row),)):
        return _record(values)
    return None


def _record(values: Any) -> RowRecord:
    image_id, key, content_hash, width, height, fields = values
    return RowRecord(image_id, key, content_hash, width, height, json.loads(fields))


def search_text(db: apsw.Connection, query: str, k: int) -> list[tuple[int, float]]:
    """Returns `(row, bm25)` of the k best rows, ties by row."""
    if k <= 0 or not query.strip():
        return []
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (fts.TABLE,)).get is None:
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


def put_layout(db: apsw.Connection, layout: StoredLayout | None) -> None:
    """Stores a layout, or that none is known. Its arrays of rows are columns of `rows`."""
    parts: dict[str, bytes] = {}
    if layout is not None:
        settings = {
            "packed": layout.packed,
            "thumbnails": layout.thumbnails,
            "encoder": layout.encoder,
            "grown": layout.grown,
        }
        parts["settings"] = to_json(settings).encode()
        for name in ("order", "mean", "scale"):
            array = getattr(layout, name)
            if array is not None:
                parts[name] = array.astype(array.dtype.newbyteorder("<")).tobytes()
    if parts != _stored_layout(db):
        db.execute("DELETE FROM layout")
        db.executemany("INSERT INTO layout VALUES (?, ?)", parts.items())


def _stored_layout(db: apsw.Connection) -> dict[str, bytes]:
    return {name: bytes(value) for name, value in db.execute("SELECT name, value FROM layout")}


def get_layout(db: apsw.Connection) -> StoredLayout | None:
    """Returns the layout of the last build, or None if there is none."""
    stored = _stored_layout(db)
    if "settings" not in stored:
        return None
    kind = np.dtype([("id", "u8"), ("pack", "i4"), ("slot", "i4")])
    rows = np.fromiter(
        (
            (int(image_id, 16), pack, slot)
            for image_id, pack, slot in db.execute(
                "SELECT image_id, pack, slot FROM rows ORDER BY row"
            )
        ),
        dtype=kind,
    )
    return StoredLayout(
        ids=rows["id"].copy(),
        pack=rows["pack"].copy(),
        slot=rows["slot"].copy(),
        order=get_order(db),
        mean=_floats(stored.get("mean")),
        scale=_floats(stored.get("scale")),
        **json.loads(stored["settings"]),
    )


def get_order(db: apsw.Connection) -> NDArray[np.uint32] | None:
    """Returns the row at each position of the default order, or None if that is row order."""
    stored = db.execute("SELECT value FROM layout WHERE name = 'order'").get
    return None if stored is None else np.frombuffer(stored, dtype="<u4").astype(np.uint32)


def _floats(stored: bytes | None) -> NDArray[np.float32] | None:
    return None if stored is None else np.frombuffer(stored, dtype="<f4").astype(np.float32)
