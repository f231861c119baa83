"""What a library has, in numbers."""

# ruff: noqa: S608  (table names are this program's own)

from __future__ import annotations

from typing import Any

import apsw

_COUNTED = ("files", "refusals", "images", "derivatives", "packs", "rows")
PACK_NAME = "pack:"
"""Followed by an encoder hash: the setting with the id of the model pack that was last used for it."""


def stats(db: apsw.Connection) -> dict[str, int]:
    """Returns the number of rows of the tables, and `bytes`."""
    counts: dict[str, Any] = {
        name: db.execute(f"SELECT count(*) FROM {name}").get for name in _COUNTED
    }
    return {**counts, "bytes": db.pragma("page_count") * db.pragma("page_size")}


def models(db: apsw.Connection) -> list[dict[str, Any]]:
    """Returns `{model, dim, embeddings}` of every model whose embeddings are kept, oldest first.

    `model` is the pack's id, or the beginning of its encoder hash if no build has used it.
    """
    found = []
    for pack, encoder_hash, dim in db.execute(
        "SELECT id, encoder_hash, dim FROM packs ORDER BY id"
    ):
        name = db.execute("SELECT value FROM meta WHERE name = ?", (PACK_NAME + encoder_hash,)).get
        count = db.execute("SELECT count(*) FROM embeddings WHERE pack = ?", (pack,)).get
        found.append({"model": name or encoder_hash[:16], "dim": dim, "embeddings": count})
    return found
