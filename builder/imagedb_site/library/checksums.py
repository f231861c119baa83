"""Checksums of the library's rows: written with each row, compared whenever a row is used.

They find accidents, not forgers: a disk that returns other bytes, a copy that was cut, a program that wrote
into the file. CRC-32 finds every change of up to 32 neighbouring bits for certain, misses one of four billion
other changes, and is several times faster than a cryptographic hash. What is published has SHA-256.

A checksum covers the name of the table and what the row is about, so that a row that turns up in the place
of another one is found too. The row of an embedding has the checksum of the hashes of its encoder and its
content instead of their numbers.
"""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

from pathlib import Path
from typing import Any
from zlib import crc32

import apsw

from imagedb_site.errors import DamagedLibraryError

Cell = None | int | str | bytes

COLUMNS = {
    "meta": ("name", "value"),
    "files": ("key", "mtime_ns", "size", "ctime_ns", "inode", "content_hash", "part"),
    "refusals": ("content_hash", "decoder", "reason"),
    "xmp_files": ("path", "state", "details", "fields", "reason"),
    "images": (
        *("content_hash", "details", "width", "height"),
        *("metadata", "placeholder", "damage"),
    ),
    "derivatives": ("content_hash", "recipe", "width", "height", "data_sum"),
    "packs": ("encoder_hash", "dim"),
    "embeddings": ("encoder_hash", "content_hash", "vector"),
    "text_embeddings": ("encoder_hash", "text_hash", "vector"),
    "rows": (
        *("row", "image_id", "key", "image", "width", "height"),
        *("fields", "pack", "slot", "remote", "text_hash"),
    ),
    "layout": ("name", "value"),
}
"""What the checksum of a row of each table covers, in this order."""


def checksum(table: str, *cells: Any) -> int:
    """Returns the checksum of a row of a table, an unsigned number of 32 bits."""
    value = crc32(table.encode())
    for cell in cells:
        if isinstance(cell, str):
            data = cell.encode("utf-8", "surrogatepass")
            value = crc32(data, crc32(b"t%d:" % len(data), value))
        elif isinstance(cell, bytes):
            value = crc32(cell, crc32(b"b%d:" % len(cell), value))
        else:
            value = crc32(b"-" if cell is None else b"i%d;" % cell, value)
    return value


def sql(table: str, **given: str) -> str:
    """Returns SQL for the checksum of a row; `given` has expressions for columns with other names."""
    cells = ", ".join(given.get(name, name) for name in COLUMNS[table])
    return f"checksum('{table}', {cells})"


def of_row(table: str) -> str:
    """Returns SQL for the checksum that a row of a table should have, read from its own columns."""
    if table == "embeddings":
        return sql(
            table,
            encoder_hash="(SELECT encoder_hash FROM packs WHERE id = embeddings.pack)",
            content_hash="(SELECT content_hash FROM images WHERE id = embeddings.image)",
        )
    if table == "text_embeddings":
        return sql(
            table,
            encoder_hash="(SELECT encoder_hash FROM packs WHERE id = text_embeddings.pack)",
        )
    return sql(table)


def insert(table: str, *, upsert: str | None = None) -> str:
    """Returns SQL that stores a row with its checksum; the values are those of `COLUMNS`.

    A row with the same primary key is replaced. With `upsert`, the name of a unique column, one with the
    same value there is updated and keeps its number.
    """
    names = COLUMNS[table]
    places = [f"?{at}" for at in range(1, len(names) + 1)]
    cells = sql(table, **dict(zip(names, places, strict=True)))
    replace = "" if upsert else "OR REPLACE "
    text = (
        f"INSERT {replace}INTO {table}({', '.join(names)}, sum) "
        f"VALUES ({', '.join(places)}, {cells})"
    )
    if not upsert:
        return text
    changed = ", ".join(f"{name} = excluded.{name}" for name in (*names, "sum") if name != upsert)
    return f"{text} ON CONFLICT ({upsert}) DO UPDATE SET {changed}"


def intact(table: str, alias: str = "", **given: str) -> str:
    """Returns SQL that is 1, or raises `DamagedLibraryError` if the row of `alias` is damaged.

    `given` has expressions for columns. A column by which the row was found must be given as it was asked
    for: an index that is damaged can lead to another row.
    """
    dot = f"{alias or table}."
    names = {name: given.get(name, dot + name) for name in COLUMNS[table]}
    return f"intact({dot}sum, '{table}', {', '.join(names.values())})"


def register(connection: apsw.Connection, path: Path) -> None:
    """Makes `checksum(table, …)`, `crc(data)` and `intact(sum, table, …)` available to a connection."""

    def check(*given: Any) -> int:
        expected, table, *cells = given
        if checksum(table, *cells) != expected:
            raise DamagedLibraryError(path, f"a row of its table “{table}” is not what was stored")
        return 1

    connection.create_scalar_function(
        "checksum", lambda *cells: checksum(*cells), deterministic=True
    )
    connection.create_scalar_function("crc", lambda *data: crc32(data[0]), 1, deterministic=True)
    connection.create_scalar_function("intact", check, deterministic=True)
