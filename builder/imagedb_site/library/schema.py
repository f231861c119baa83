"""The tables of the library, one function a schema version.

A content hash is the SHA-256 of a file's bytes in lower-case hex. Every derived thing hangs on it and not
on the path, so that moved and copied files keep what was derived. `images.id` is what the vec0 tables and
the rows refer to. A migration, once published, is never changed: add the next one.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw

APPLICATION_ID = 0x49444231
"""SQLite's `application_id` of a library: "IDB1"."""

_VERSION_1 = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE files(
    key TEXT PRIMARY KEY,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    content_hash TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE failures(
    key TEXT PRIMARY KEY,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    details TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE images(
    id INTEGER PRIMARY KEY,
    content_hash TEXT NOT NULL UNIQUE,
    details TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    placeholder BLOB NOT NULL
) STRICT;
CREATE TABLE derivatives(
    content_hash TEXT NOT NULL,
    recipe TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (content_hash, recipe)
) STRICT;
CREATE TABLE packs(
    id INTEGER PRIMARY KEY,
    encoder_hash TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL
) STRICT;
CREATE TABLE rows(
    row INTEGER PRIMARY KEY,
    image_id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    image INTEGER,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    fields TEXT NOT NULL
) STRICT;
CREATE INDEX rows_image ON rows(image);
"""


def _version_1(connection: apsw.Connection) -> None:
    connection.execute(_VERSION_1)


MIGRATIONS: list[Callable[[apsw.Connection], None]] = [_version_1]
"""`MIGRATIONS[n]` brings a library of version n to n + 1 (SQLite's `user_version`)."""


def embeddings_table(pack: int) -> str:
    """Returns the name of the vec0 table of the pack with this id."""
    return f"embeddings_{pack:d}"


def create_embeddings(connection: apsw.Connection, pack: int, dim: int) -> None:
    """Creates the vec0 table of a pack: `image` is `images.id`, vectors are L2-normalised."""
    connection.execute(
        f"CREATE VIRTUAL TABLE {embeddings_table(pack)} USING vec0("
        f"image INTEGER PRIMARY KEY, embedding FLOAT[{dim:d}] distance_metric=cosine)"
    )
