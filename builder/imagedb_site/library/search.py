"""The statements behind `Library`'s rows, embeddings and exact search."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import apsw
import numpy as np

from imagedb_site import fts
from imagedb_site.errors import LibraryError, UsageError
from imagedb_site.library.schema import embeddings_table
from imagedb_site.library.types import RowRecord
from imagedb_site.records import FieldSpec
from imagedb_site.text import fts_query, fts_text

_MAX_KNN = 4096
"""The largest k a vec0 table takes."""


def embeddings(
    db: apsw.Connection, pack: int, dim: int, content_hashes: Sequence[str]
) -> np.ndarray:
    """Returns float32 `[n, dim]` in the order of `content_hashes`."""
    found = np.empty((len(content_hashes), dim), dtype=np.float32)
    sql = (
        f"SELECT embedding FROM {embeddings_table(pack)} "
        "WHERE image = (SELECT id FROM images WHERE content_hash = ?)"
    )
    for at, content_hash in enumerate(content_hashes):
        blob = db.execute(sql, (content_hash,)).get
        if blob is None:
            raise LibraryError(f"The library has no embedding of {content_hash[:16]}.")
        found[at] = np.frombuffer(blob, dtype="<f4")
    return found


def set_rows(db: apsw.Connection, rows: Sequence[RowRecord], fields: Sequence[FieldSpec]) -> None:
    """Replaces rows and full text, unless a digest says that they are the same."""
    specs = json.dumps([asdict(spec) for spec in fields], sort_keys=True)
    images = dict(db.execute("SELECT content_hash, id FROM images"))
    digest = hashlib.sha256(specs.encode())
    stored = []
    for at, row in enumerate(rows):
        image = None
        if row.content_hash is not None:
            image = images.get(row.content_hash)
            if image is None:
                raise LibraryError(f"The library does not know the content {row.content_hash}.")
        text = json.dumps(dict(row.fields), ensure_ascii=False, sort_keys=True)
        stored.append((at, row.image_id, row.key, image, row.width, row.height, text))
        digest.update(repr(stored[-1]).encode("utf-8", "surrogatepass"))
    old = db.execute("SELECT value FROM meta WHERE name = 'rows_digest'").get
    if old == digest.hexdigest():
        return
    db.execute("DELETE FROM rows")
    db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", stored)
    db.execute("DROP TABLE IF EXISTS fts")
    columns = [spec.name for spec in fields if spec.fts]
    if columns:
        db.execute(fts.create_table(columns))
        db.executemany(
            fts.insert_row(columns),
            (
                (at + 1, *(fts_text(row.fields.get(name)) for name in columns))
                for at, row in enumerate(rows)
            ),
        )
        db.execute("INSERT INTO fts(fts) VALUES ('optimize')")
    db.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("fields", specs), ("rows_digest", digest.hexdigest())],
    )


def search_vectors(
    db: apsw.Connection, pack: int, vector: np.ndarray, k: int
) -> list[tuple[int, float]]:
    """Returns `(row, similarity)` of the k rows with the largest inner product with `vector`."""
    # vec0 measures the cosine; stored embeddings have length 1, so the query's length is all that
    # is between it and the inner product.
    length = float(np.linalg.norm(vector))
    if k <= 0 or length == 0 or not np.isfinite(length):
        return []
    table = embeddings_table(pack)
    blob = (vector / np.float32(length)).astype("<f4").tobytes()
    rows: list[tuple[int, float]] = []
    if k <= _MAX_KNN:
        found = db.execute(
            "WITH near AS MATERIALIZED ("
            f"SELECT image, distance FROM {table} WHERE embedding MATCH ? AND k = ? "
            "AND image IN (SELECT image FROM rows)) "
            "SELECT r.row, near.distance FROM near JOIN rows r ON r.image = near.image",
            (blob, k),
        )
    else:
        found = db.execute(
            f"SELECT r.row, vec_distance_cosine(e.embedding, ?) FROM rows r "
            f"JOIN {table} e ON e.image = r.image",
            (blob,),
        )
    rows = [(row, length * (1.0 - distance)) for row, distance in found]
    rows.sort(key=lambda hit: (-hit[1], hit[0]))
    return rows[:k]


def search_text(db: apsw.Connection, query: str, k: int) -> list[tuple[int, float]]:
    """Returns `(row, bm25)` of the k best rows, ties by row."""
    if k <= 0 or not query.strip():
        return []
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'fts'").get is None:
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
            f"The full-text query is not understood: {error}.",
            f"Put it in double quotes to search for the words as they are: {quoted}",
        ) from error
