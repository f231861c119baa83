"""Smaller pictures in the library's file, or in parts beside it."""

# ruff: noqa: S608  (names of tables and columns are this program's own; every value is bound)

from __future__ import annotations

from zlib import crc32

import apsw

from imagedb_site.library import checksums, part_files

_COLUMNS = (
    "content_hash, recipe, width, height, data_sum, sum, part_file, part_start, part_size, data"
)


def put(
    db: apsw.Connection,
    content_hash: str,
    recipe: str,
    data: bytes,
    size: tuple[int, int],
    place: tuple[str, int] | None,
) -> None:
    """Stores a picture of `size` (width, height), or only its `place`: the name of a part and its offset."""
    about = content_hash, recipe, *size, crc32(data)
    name, start = place or ("", 0)
    where = (name, start, len(data), b"") if name else ("", 0, 0, data)
    db.execute(
        f"INSERT OR REPLACE INTO derivatives({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*about, checksums.checksum("derivatives", *about), *where),
    )


def find(
    db: apsw.Connection, content_hash: str, tables: str, recipe: str, given: int | str
) -> bytes | None:
    """Returns the picture that a recipe made, or None if there is none.

    `tables` is SQL for one row of `derivatives` as `d`, with the parameters `recipe` and `given`;
    `content_hash` is SQL for the content that it was looked up by. Raises `DamagedLibraryError`.
    """
    asked = {"content_hash": "one.asked", "recipe": "?1", "data_sum": "crc(one.data)"}
    # Materialised, so that the bytes are read once.
    sql = (
        f"WITH one AS MATERIALIZED (SELECT {content_hash} AS asked, d.width, d.height, d.sum, "
        f"{part_files.sql('d')} AS data FROM {tables}) "
        f"SELECT data, {checksums.intact('derivatives', 'one', **asked)} FROM one"
    )
    for data, _ in db.execute(sql, (recipe, given)):
        return bytes(data)
    return None
