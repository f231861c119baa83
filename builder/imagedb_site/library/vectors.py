"""The embeddings in the library: one vector per model pack and content, read in blocks."""

# ruff: noqa: S608  (table names are this program's own; every value is bound)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import DamagedLibraryError, LibraryError
from imagedb_site.library import checksums

Floats = NDArray[np.float32]

BLOCK = 8192
"""The most rows in a block of embeddings."""


_INTACT = checksums.intact("embeddings", "e", encoder_hash="?1", content_hash="{content}")


def find_pack(db: apsw.Connection, encoder_hash: str) -> tuple[int, int] | None:
    """Returns number and dim of an encoder, or None if the library has no embeddings of it."""
    for pack, dim, _ in db.execute(
        f"SELECT id, dim, {checksums.intact('packs', encoder_hash='?1')} FROM packs "
        "WHERE encoder_hash = ?1",
        (encoder_hash,),
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
    db: apsw.Connection,
    path: Path,
    encoder_hash: str,
    content_hashes: Sequence[str],
    vectors: Floats,
) -> None:
    """Stores the vectors, float32 [n, dim], of contents that the library knows."""
    found = find_pack(db, encoder_hash)
    if found is None:
        dim = int(vectors.shape[1])
        db.execute(checksums.insert("packs"), (encoder_hash, dim))
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
            raise DamagedLibraryError(path, f"it does not know the content {content_hash}")
        data = vector.tobytes()
        db.execute(
            "INSERT OR REPLACE INTO embeddings(pack, image, vector, sum) VALUES (?, ?, ?, ?)",
            (pack, image, data, checksums.checksum("embeddings", encoder_hash, content_hash, data)),
        )


def of_contents(
    db: apsw.Connection, path: Path, encoder_hash: str, content_hashes: Sequence[str]
) -> Floats:
    """Returns float32 [n, dim] in the order of `content_hashes`."""
    pack, dim = need_pack(db, encoder_hash)
    sql = (
        f"SELECT e.vector, {_INTACT.format(content='?3')} FROM embeddings e WHERE e.pack = ?2 "
        "AND e.image = (SELECT id FROM images WHERE content_hash = ?3)"
    )
    found = [
        _known(path, db.execute(sql, (encoder_hash, pack, one)).fetchone(), f"of {one[:16]}")
        for one in content_hashes
    ]
    return _stack(path, found, dim)


def of_rows(db: apsw.Connection, path: Path, encoder_hash: str, rows: Sequence[int]) -> Floats:
    """Returns float32 [n, dim] of rows of the last build, in the order of `rows`."""
    pack, dim = need_pack(db, encoder_hash)
    sql = (
        f"SELECT e.vector, {_INTACT.format(content='i.content_hash')} FROM rows r "
        "JOIN images i ON i.id = r.image "
        "JOIN embeddings e ON e.pack = ?2 AND e.image = r.image WHERE r.row = ?3"
    )
    found = [
        _known(path, db.execute(sql, (encoder_hash, pack, int(row))).fetchone(), f"of row {row}")
        for row in rows
    ]
    return _stack(path, found, dim)


def blocks(db: apsw.Connection, path: Path, encoder_hash: str, contents: str) -> Iterator[Floats]:
    """Yields float32 [n, dim], n ≤ 8192, in row order.

    `contents` is a query for `row`, and `id` and `content_hash` of the row's image.
    """
    pack, dim = need_pack(db, encoder_hash)
    found: list[bytes] = []
    for row, *values in db.execute(
        f"SELECT c.row, e.vector, "
        f"CASE WHEN e.vector IS NULL THEN 1 ELSE {_INTACT.format(content='c.content_hash')} END "
        f"FROM ({contents}) c LEFT JOIN embeddings e ON e.pack = ?2 AND e.image = c.id "
        "ORDER BY c.row",
        (encoder_hash, pack),
    ):
        found.append(_known(path, values, f"of row {row}"))
        if len(found) == BLOCK:
            yield _stack(path, found, dim)
            found = []
    if found:
        yield _stack(path, found, dim)


def _known(path: Path, values: Sequence[object] | None, what: str) -> bytes:
    vector = values[0] if values else None
    if not isinstance(vector, bytes):
        raise DamagedLibraryError(path, f"it has no embedding {what}")
    return vector


def _stack(path: Path, blobs: Sequence[bytes], dim: int) -> Floats:
    values = np.frombuffer(b"".join(blobs), dtype="<f4")
    if values.size != len(blobs) * dim:
        raise DamagedLibraryError(path, "an embedding has the wrong length")
    return values.reshape(-1, dim).astype(np.float32, copy=False)
