"""The rows of the last build."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import apsw

from imagedb_site.errors import LibraryError
from imagedb_site.library import checksums, full_text
from imagedb_site.library.schema import ROW_COLUMNS
from imagedb_site.library.types import RowRecord
from imagedb_site.records import FieldSpec

_SELECT = (
    "SELECT r.image_id, r.key, i.content_hash, r.width, r.height, r.fields, r.remote, {intact} "
    "FROM rows r LEFT JOIN images i ON i.id = r.image"
)
CONTENTS = (
    "SELECT r.row, i.id, i.content_hash, r.text_hash FROM rows r LEFT JOIN images i ON i.id = r.image "
    f"WHERE {checksums.intact('rows', 'r')}"
)
"""The rows with number and hash of their images."""


def to_json(value: object) -> str:
    """Returns compact JSON, the same for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def remote_json(remote: Mapping[str, str]) -> str:
    """Returns addresses as the column `remote` has them: empty if there are none."""
    return to_json(dict(remote)) if remote else ""


def replace_rows(db: apsw.Connection, query: str, fields: Sequence[FieldSpec]) -> None:
    """Replaces rows and full text by the result of `query` (`ROW_COLUMNS`), unless they are the same."""
    specs = to_json([asdict(spec) for spec in fields])
    stored = db.execute("SELECT value, sum FROM meta WHERE name = 'fields'").fetchone()
    names = ROW_COLUMNS.split(", ")[1:]
    differ = " OR ".join(f"n.{name} IS NOT r.{name}" for name in names)
    new_sum = checksums.sql("rows", **{name: f"n.{name}" for name in ROW_COLUMNS.split(", ")})
    differ += f" OR r.sum IS NOT {new_sum}"
    change = f"SELECT 1 FROM ({query}) n LEFT JOIN rows r ON r.row = n.row WHERE {differ} LIMIT 1"
    same = (
        stored == (specs, checksums.checksum("meta", "fields", specs))
        and db.execute(f"SELECT count(*) FROM ({query})").get == count_rows(db)
        and db.execute(change).get is None
        and full_text.is_intact(db)
    )
    if same:
        return
    db.execute("DELETE FROM rows")
    db.execute(
        f"INSERT INTO rows({ROW_COLUMNS}, sum) SELECT {ROW_COLUMNS}, {checksums.sql('rows')} "
        f"FROM ({query})"
    )
    db.execute(checksums.insert("meta"), ("fields", specs))
    full_text.write(db, [spec.name for spec in fields if spec.fts])


def insert_records(db: apsw.Connection, records: Iterable[RowRecord]) -> str:
    """Puts records into a temporary table; returns the query for `replace_rows`."""
    db.execute("DROP TABLE IF EXISTS temp.given")
    db.execute(f"CREATE TEMP TABLE given({ROW_COLUMNS})")
    db.executemany(
        "INSERT INTO given VALUES (?, ?, ?, ?, ?, ?, ?, -2, 0, ?, '')", _tuples(db, records)
    )
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
        remote = remote_json(one.remote)
        yield row, one.image_id, one.key, image, one.width, one.height, fields, remote


def row_of(db: apsw.Connection, image_id: str) -> int | None:
    """Returns the row of an image, or None if it is not in the collection."""
    for row, _ in db.execute(
        f"SELECT row, {checksums.intact('rows', image_id='?1')} FROM rows WHERE image_id = ?1",
        (image_id,),
    ):
        return int(row)
    return None


def count_rows(db: apsw.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM rows").get or 0)


def all_rows(db: apsw.Connection) -> Iterator[RowRecord]:
    """Yields the rows in row order."""
    sql = _SELECT.format(intact=checksums.intact("rows", "r"))
    for values in db.execute(f"{sql} ORDER BY r.row"):
        yield _record(values)


def one_row(db: apsw.Connection, row: int) -> RowRecord | None:
    sql = _SELECT.format(intact=checksums.intact("rows", "r", row="?1"))
    for values in db.execute(f"{sql} WHERE r.row = ?1", (int(row),)):
        return _record(values)
    return None


def _record(values: Any) -> RowRecord:
    image_id, key, content_hash, width, height, fields, remote, _ = values
    where = json.loads(remote) if remote else {}
    return RowRecord(image_id, key, content_hash, width, height, json.loads(fields), where)
