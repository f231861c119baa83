"""The embeddings in the library: one vector per model pack and content, read in blocks."""

# ruff: noqa: S608  (table names are this program's own; every value is bound)

from __future__ import annotations

import hashlib
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

_TEXT_INTACT = checksums.intact("text_embeddings", "t", encoder_hash="?1", text_hash="c.text_hash")


def given_encoder(encoder_hash: str) -> str:
    """Returns the name under which embeddings are kept that the owner brought along for an encoder."""
    return hashlib.sha256(f"given {encoder_hash}".encode()).hexdigest()


def forget(db: apsw.Connection, encoder_hash: str) -> None:
    """Removes all embeddings of an encoder."""
    found = find_pack(db, encoder_hash)
    if found is not None:
        db.execute("DELETE FROM embeddings WHERE pack = ?", (found[0],))
        db.execute("DELETE FROM text_embeddings WHERE pack = ?", (found[0],))


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
    pack = _pack(db, encoder_hash, int(vectors.shape[1]))
    for content_hash, vector in zip(content_hashes, vectors, strict=True):
        image = db.execute("SELECT id FROM images WHERE content_hash = ?", (content_hash,)).get
        if image is None:
            raise DamagedLibraryError(path, f"it does not know the content {content_hash}")
        data = vector.tobytes()
        db.execute(
            "INSERT OR REPLACE INTO embeddings(pack, image, vector, sum) VALUES (?, ?, ?, ?)",
            (pack, image, data, checksums.checksum("embeddings", encoder_hash, content_hash, data)),
        )


def put_texts(
    db: apsw.Connection, encoder_hash: str, text_hashes: Sequence[str], vectors: Floats
) -> None:
    """Stores the vectors, float32 [n, dim], of texts with these hashes."""
    pack = _pack(db, encoder_hash, int(vectors.shape[1]))
    db.executemany(
        "INSERT OR REPLACE INTO text_embeddings(pack, text_hash, vector, sum) VALUES (?, ?, ?, ?)",
        (
            (pack, one, data, checksums.checksum("text_embeddings", encoder_hash, one, data))
            for one, data in zip(text_hashes, map(np.ndarray.tobytes, vectors), strict=True)
        ),
    )


def missing_texts(db: apsw.Connection, encoder_hash: str, text_hashes: Sequence[str]) -> list[str]:
    """Returns those of `text_hashes` that have no embedding, in their order."""
    found = find_pack(db, encoder_hash)
    if found is None:
        return list(text_hashes)
    sql = "SELECT 1 FROM text_embeddings WHERE pack = ? AND text_hash = ?"
    return [one for one in text_hashes if db.execute(sql, (found[0], one)).get is None]


def prune_texts(db: apsw.Connection) -> None:
    """Forgets the embeddings of texts that no row of the last build has."""
    db.execute("DELETE FROM text_embeddings WHERE text_hash NOT IN (SELECT text_hash FROM rows)")


def _pack(db: apsw.Connection, encoder_hash: str, dim: int) -> int:
    """Returns the number of an encoder, which is stored if it is new."""
    found = find_pack(db, encoder_hash)
    if found is None:
        db.execute(checksums.insert("packs"), (encoder_hash, dim))
        return db.last_insert_rowid()
    pack, known = found
    if known != dim:
        raise LibraryError(
            f"The library has embeddings of {known} dimensions for this encoder, not {dim}."
        )
    return pack


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
    """Returns float32 [n, dim] of rows of the last build, in the order of `rows`.

    A row without a picture and without a text that is embedded gives zeros.
    """
    pack, dim = need_pack(db, encoder_hash)
    sql = (
        "SELECT coalesce(e.vector, t.vector, "
        "CASE WHEN r.image IS NULL AND r.text_hash = '' THEN zeroblob(?4) END), "
        f"CASE WHEN e.vector IS NULL THEN 1 ELSE {_INTACT.format(content='i.content_hash')} END, "
        f"CASE WHEN t.vector IS NULL THEN 1 ELSE {_TEXT_INTACT.replace('c.', 'r.')} END "
        "FROM rows r LEFT JOIN images i ON i.id = r.image "
        "LEFT JOIN embeddings e ON e.pack = ?2 AND e.image = r.image "
        "LEFT JOIN text_embeddings t ON r.image IS NULL AND t.pack = ?2 "
        "AND t.text_hash = r.text_hash WHERE r.row = ?3"
    )
    found = [
        _known(
            path,
            db.execute(sql, (encoder_hash, pack, int(row), 4 * dim)).fetchone(),
            f"of row {row}",
        )
        for row in rows
    ]
    return _stack(path, found, dim)


def blocks(db: apsw.Connection, path: Path, encoder_hash: str, contents: str) -> Iterator[Floats]:
    """Yields float32 [n, dim], n ≤ 8192, in row order.

    `contents` is a query for `row`, `id` and `content_hash` of the row's image, and `text_hash`. A row
    without a picture and without a text that is embedded gives zeros.
    """
    pack, dim = need_pack(db, encoder_hash)
    nothing = bytes(4 * dim)
    found: list[bytes] = []
    for row, embedded, *values in db.execute(
        f"SELECT c.row, c.id IS NOT NULL OR c.text_hash <> '', coalesce(e.vector, t.vector), "
        f"CASE WHEN e.vector IS NULL THEN 1 ELSE {_INTACT.format(content='c.content_hash')} END, "
        f"CASE WHEN t.vector IS NULL THEN 1 ELSE {_TEXT_INTACT} END "
        f"FROM ({contents}) c LEFT JOIN embeddings e ON e.pack = ?2 AND e.image = c.id "
        "LEFT JOIN text_embeddings t ON c.id IS NULL AND t.pack = ?2 AND t.text_hash = c.text_hash "
        "ORDER BY c.row",
        (encoder_hash, pack),
    ):
        found.append(_known(path, values, f"of row {row}") if embedded else nothing)
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
