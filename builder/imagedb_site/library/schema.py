"""The tables of the library.

A content hash is the SHA-256 of a file's bytes in lower-case hex. Everything that is derived belongs to a
content hash and not to a path, so that moved and copied files keep it; only what XMP sidecars say belongs to
the sidecar's own path. `images.id` stands for a content
hash in `embeddings` and `rows`.

A file is known by its path, times, size and inode. If one of them differs, its content is hashed again; only
a new hash leads to decoding. `images.damage` says what is wrong with a file that is used all the same.
`refusals` are contents that cannot be used; `decoder` names the version and the settings that were tried.

Every row has a checksum (`checksums.py`) in `sum`. `derivatives.data_sum` is the CRC-32 of `data`, so that
the sizes can be verified without reading the picture. If `part_file` is set, the bytes are in a part beside
the library instead of in `data` (`part_files.py`). `layout` has a checksum of all rows in its settings: it
would be wrong if a row were missing.

The library is a cache: all of it can be made again from the pictures, except the layout of the last build.
A library of version 3, which had no checksums, gets them when it is opened; one of version 4 or 5 gets the
columns that are new. One of an earlier version is refused.
"""

from __future__ import annotations

APPLICATION_ID = 0x49444231
"""SQLite's `application_id` of a library: "IDB1"."""

VERSION = 6
"""The schema version, SQLite's `user_version`."""

ROW_COLUMNS = "row, image_id, key, image, width, height, fields, pack, slot, remote, text_hash"
"""The columns of `rows`, and of every query that replaces them."""

SCHEMA = """
CREATE TABLE meta(
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE files(
    key TEXT PRIMARY KEY,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    part TEXT NOT NULL DEFAULT '',
    sum INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE refusals(
    content_hash TEXT NOT NULL,
    decoder TEXT NOT NULL,
    reason TEXT NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (content_hash, decoder)
) WITHOUT ROWID, STRICT;
CREATE TABLE xmp_files(
    path BLOB PRIMARY KEY,
    state TEXT NOT NULL,
    details TEXT NOT NULL,
    fields TEXT NOT NULL,
    reason TEXT NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE images(
    id INTEGER PRIMARY KEY,
    content_hash TEXT NOT NULL UNIQUE,
    details TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    placeholder BLOB NOT NULL,
    damage TEXT,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE derivatives(
    content_hash TEXT NOT NULL,
    recipe TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    data_sum INTEGER NOT NULL DEFAULT 0,
    sum INTEGER NOT NULL DEFAULT 0,
    part_file TEXT NOT NULL DEFAULT '',
    part_start INTEGER NOT NULL DEFAULT 0,
    part_size INTEGER NOT NULL DEFAULT 0,
    data BLOB NOT NULL,
    PRIMARY KEY (content_hash, recipe)
) STRICT;
CREATE TABLE packs(
    id INTEGER PRIMARY KEY,
    encoder_hash TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE embeddings(
    pack INTEGER NOT NULL,
    image INTEGER NOT NULL,
    vector BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (pack, image)
) STRICT;
CREATE TABLE text_embeddings(
    pack INTEGER NOT NULL,
    text_hash TEXT NOT NULL,
    vector BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (pack, text_hash)
) STRICT;
CREATE TABLE rows(
    row INTEGER PRIMARY KEY,
    image_id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    image INTEGER,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    fields TEXT NOT NULL,
    pack INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    remote TEXT NOT NULL DEFAULT '',
    text_hash TEXT NOT NULL DEFAULT '',
    sum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE layout(
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
"""

STAGE = """
DROP TABLE IF EXISTS temp.places;
DROP TABLE IF EXISTS temp.items;
DROP TABLE IF EXISTS temp.works;
DROP TABLE IF EXISTS temp.staged;
CREATE TEMP TABLE staged(
    item INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    path BLOB,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    part TEXT NOT NULL,
    fields TEXT NOT NULL,
    xmp BLOB NOT NULL,
    image_url TEXT,
    thumbnail_url TEXT,
    content_hash TEXT,
    reason TEXT
) STRICT;
CREATE TEMP TABLE works(
    item INTEGER PRIMARY KEY,
    recipes INTEGER NOT NULL,
    input INTEGER NOT NULL
) STRICT;
CREATE TEMP TABLE items(
    item INTEGER PRIMARY KEY,
    image_id TEXT NOT NULL,
    image INTEGER,
    sort BLOB NOT NULL,
    fields TEXT NOT NULL,
    remote TEXT NOT NULL,
    text_hash TEXT NOT NULL
) STRICT;
CREATE TEMP TABLE places(
    row INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    pack INTEGER NOT NULL,
    slot INTEGER NOT NULL
) STRICT;
"""
"""The records of the build that is running: `staged` as the source gave them (`path` is
NULL without a picture, `part` is the offset and length of a part of a file); `works`, what has to be derived
(`recipes` is a bit mask); `items`, the usable ones with their merged fields; `places`, their rows.

They are temporary tables, so a build that is killed leaves nothing of them behind, and `add` can run at the
same time.
"""
