"""The embeddings in the library: one vector per model pack and content, read in blocks."""

# ruff: noqa: S608  (table names are this program's own; every value is bound)

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import LibraryError

Floats = NDArray[np.float32]

BLOCK = 8192
"""The most rows in a block of embeddings."""


def find_pack(db: apsw.Connection, encoder_hash: str) -> tuple[int, int] | None:
    """Returns number and dim of an encoder, or None if the library has no embeddings of it."""
    for pack, dim in db.execute(
        "SELECT id, dim FROM packs WHERE encoder_hash = ?", (encoder_hash,)
    ):
        return pack, dim
    return None


def need_pack(db: apsw.Connection, encoder_hash: str) -> tuple[int, int]:
    """The same, but raises `LibraryError` if there is none."""
    found = find_pack(db, encoder_hash)
    if found is None:
        raise LibraryError(
            "The library has no embeddings of this encoder.", "Build with its model first."
        )
    return found


def put(
    db: apsw.Connection, encoder_hash: str, content_hashes: Sequence[str], vectors: Floats
) -> None:
    """Stores the vectors, float32 [n, dim], of contents that the library knows."""
    found = find_pack(db, encoder_hash)
    if found is None:
        dim = int(vectors.shape[1])
        db.execute("INSERT INTO packs(encoder_hash, dim) VALUES (?, ?)", (encoder_hash, dim))
        found = (db.last_insert_rowid(), dim)
    pack, dim = found
    if dim != vectors.shape[1]:
        raise LibraryError(
            f"The library has embeddings of {dim} dimensions for this encoder, "
            f"not {vectors.shape[1]}."
        )
    for content_hash, vector in zip(content_hashes, vectors, strict=True):
        image = db.execute("SELECT id FROM images WHERE content_hash = ?", (content_hash,)).get
        if image is None:
            raise LibraryError(f"The library does not know the content {content_hash}.")
        db.execute(
            "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", (pack, image, vector.tobytes())
        )


def of_contents(db: apsw.Connection, encoder_hash: str, content_hashes: Sequence[str]) -> Floats:
    """Returns float32 [n, dim] in the order of `content_hashes`."""
    pack, dim = need_pack(db, encoder_hash)
    sql = (
        "SELECT vector FROM embeddings WHERE pack = ? "
        "AND image = (SELECT id FROM images WHERE content_hash = ?)"
    )
    blobs = ((h, db.execute(sql, (pack, h)).get) for h in content_hashes)
    return _stack([_known(blob, f"of the content {h[:16]}") for h, blob in blobs], dim)


def of_rows(db: apsw.Connection, encoder_hash: str, rows: Sequence[int]) -> Floats:
    """Returns float32 [n, dim] of rows of the last build, in the order of `rows`."""
    pack, dim = need_pack(db, encoder_hash)
    sql = (
        "SELECT e.vector FROM rows r JOIN embeddings e ON e.pack = ? AND e.image = r.image "
        "WHERE r.row = ?"
    )
    blobs = ((row, db.execute(sql, (pack, int(row))).get) for row in rows)
    return _stack([_known(blob, f"of row {row}") for row, blob in blobs], dim)


def blocks(db: apsw.Connection, encoder_hash: str, rows: str) -> Iterator[Floats]:
    """Yields float32 [n, dim], n ≤ 8192, in row order; `rows` is a query for `row` and `image`."""
    pack, dim = need_pack(db, encoder_hash)
    found: list[bytes] = []
    for row, blob in db.execute(
        f"SELECT r.row, e.vector FROM ({rows}) r "
        "LEFT JOIN embeddings e ON e.pack = ? AND e.image = r.image ORDER BY r.row",
        (pack,),
    ):
        found.append(_known(blob, f"of row {row}"))
        if len(found) == BLOCK:
            yield _stack(found, dim)
            found = []
    if found:
        yield _stack(found, dim)


def _known(blob: object, what: str) -> bytes:
    if not isinstance(blob, bytes):
        raise LibraryError(f"The library has no embedding {what}.", "Build again.")
    return blob


def _stack(blobs: Sequence[bytes], dim: int) -> Floats:
    values = np.frombuffer(b"".join(blobs), dtype="<f4")
    if values.size != len(blobs) * dim:
        raise LibraryError("The library has an embedding of the wrong length.")
    return values.reshape(-1, dim).astype(np.float32, copy=False)
