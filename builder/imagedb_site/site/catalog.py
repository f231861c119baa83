"""The full-text catalog: one contentless FTS5 table (docs/FORMAT.md 2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from imagedb_site.errors import FormatError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.storage import SiteFolder
from imagedb_site.text import fts_text

TOKENIZE = "porter unicode61 remove_diacritics 2"
PAGE_SIZE = 4096
# Names that an FTS5 table called `fts` keeps for itself.
RESERVED = frozenset({"fts", "rank", "rowid"})


def build_catalog(columns: Sequence[str], values: Sequence[Mapping[str, Value]]) -> bytes:
    """The SQLite file for the cleaned values of every row, in row order.

    Raises FormatError where there is no column or one has a name FTS5 keeps for itself.
    """
    if not columns:
        raise FormatError("A site needs at least one field in full text.")
    for name in columns:
        if name in RESERVED:
            raise FormatError(f"A field in full text cannot be called “{name}”.")
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    database = apsw.Connection(":memory:")
    try:
        database.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        database.execute(
            f"CREATE VIRTUAL TABLE fts USING fts5({names}, content='', columnsize=1, "
            f"detail=full, tokenize='{TOKENIZE}')"
        )
        with database:
            # One merge at the end is faster than many on the way.
            database.execute("INSERT INTO fts(fts, rank) VALUES ('automerge', 0)")
            database.executemany(
                f"INSERT INTO fts(rowid, {names}) VALUES (?, {marks})",  # noqa: S608
                (
                    (row + 1, *(fts_text(fields.get(name)) for name in columns))
                    for row, fields in enumerate(values)
                ),
            )
            database.execute("INSERT INTO fts(fts, rank) VALUES ('automerge', 4)")
            database.execute("INSERT INTO fts(fts) VALUES ('optimize')")
        database.execute("VACUUM")
        return bytes(database.serialize("main"))
    finally:
        database.close()


def write_catalog(
    folder: SiteFolder, fields: Sequence[FieldSpec], values: Sequence[Mapping[str, Value]]
) -> dict[str, Any]:
    """Write the catalog; gives the manifest's `catalog`."""
    columns = [spec.name for spec in fields if spec.fts]
    data = build_catalog(columns, values)
    entry = folder.put_entry("data", "catalog", "bin", data, compress=True)
    return {
        "tier": "whole",
        "file": entry.to_json(),
        "columns": columns,
        "tokenize": TOKENIZE,
        "count": len(values),
    }
