"""The full-text catalog: one contentless FTS5 table (docs/FORMAT.md 2.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from imagedb_site import fts
from imagedb_site.errors import FormatError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.storage import SiteFolder
from imagedb_site.text import fts_text


def build_catalog(columns: Sequence[str], values: Sequence[Mapping[str, Value]]) -> bytes:
    """The SQLite file for the cleaned values of every row, in row order.

    Raises FormatError where there is no column or one has a name FTS5 keeps for itself.
    """
    if not columns:
        raise FormatError("A site needs at least one field in full text.")
    for name in columns:
        if name in fts.RESERVED:
            raise FormatError(f"A field in full text cannot be called “{name}”.")
    database = apsw.Connection(":memory:")
    try:
        database.execute(f"PRAGMA page_size = {fts.PAGE_SIZE}")
        database.execute(fts.create_table(columns))
        with database:
            # One merge at the end is faster than many on the way.
            database.execute("INSERT INTO fts(fts, rank) VALUES ('automerge', 0)")
            database.executemany(
                fts.insert_row(columns),
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
        "tokenize": fts.TOKENIZE,
        "count": len(values),
    }
