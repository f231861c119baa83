"""What a library has, in numbers."""

# ruff: noqa: S608  (table names are this program's own)

from __future__ import annotations

from typing import Any

import apsw

from imagedb_site.library import checksums

_COUNTED = ("files", "refusals", "images", "derivatives", "packs", "rows")
PACK_NAME = "pack:"
"""Followed by an encoder hash: the setting with the id of the model pack that was last used for it."""


def get_meta(db: apsw.Connection, name: str) -> str | None:
    """Returns a stored setting, or None."""
    for value, _ in db.execute(
        f"SELECT value, {checksums.intact('meta', name='?1')} FROM meta WHERE name = ?1", (name,)
    ):
        return str(value)
    return None


def stats(db: apsw.Connection) -> dict[str, int]:
    """Returns the number of rows of the tables, and `bytes`, with those of pictures in parts."""
    counts: dict[str, Any] = {
        name: db.execute(f"SELECT count(*) FROM {name}").get for name in _COUNTED
    }
    in_parts = db.execute("SELECT sum(part_size) FROM derivatives").get or 0
    return {**counts, "bytes": db.pragma("page_count") * db.pragma("page_size") + int(in_parts)}


def models(db: apsw.Connection) -> list[dict[str, Any]]:
    """Returns `{model, dim, embeddings}` of every model whose embeddings are kept, oldest first.

    `model` is the pack's id, or the beginning of its encoder hash if no build has used it.
    """
    found = []
    for pack, encoder_hash, dim, _ in db.execute(
        f"SELECT id, encoder_hash, dim, {checksums.intact('packs')} FROM packs ORDER BY id"
    ):
        name = get_meta(db, PACK_NAME + encoder_hash)
        count = db.execute("SELECT count(*) FROM embeddings WHERE pack = ?", (pack,)).get
        found.append({"model": name or encoder_hash[:16], "dim": dim, "embeddings": count})
    return found
