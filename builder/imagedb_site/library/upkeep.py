"""What a library holds, in numbers."""

# ruff: noqa: S608  (table names are this program's own)

from __future__ import annotations

from typing import Any

import apsw

from imagedb_site.library.schema import embeddings_table

_COUNTED = ("files", "failures", "images", "derivatives", "packs", "rows")
PACK_NAME = "pack:"
"""Before the encoder hash: the setting that keeps the id of the pack that was last built with."""


def stats(db: apsw.Connection) -> dict[str, int]:
    """Returns counts of the tables, and `bytes`."""
    counts: dict[str, Any] = {
        name: db.execute(f"SELECT count(*) FROM {name}").get for name in _COUNTED
    }
    return {**counts, "bytes": db.pragma("page_count") * db.pragma("page_size")}


def models(db: apsw.Connection) -> list[dict[str, Any]]:
    """Returns `{model, dim, embeddings}` of every model whose embeddings are kept, oldest first;
    `model` is the pack's id, or the start of its encoder hash where no build has named it."""
    found = []
    for pack, encoder_hash, dim in db.execute(
        "SELECT id, encoder_hash, dim FROM packs ORDER BY id"
    ):
        name = db.execute("SELECT value FROM meta WHERE name = ?", (PACK_NAME + encoder_hash,)).get
        count = db.execute(f"SELECT count(*) FROM {embeddings_table(pack)}").get
        found.append({"model": name or encoder_hash[:16], "dim": dim, "embeddings": count})
    return found
