"""From a library of version 3, which had no checksums, to version 4."""

# ruff: noqa: S608  (table and column names are this program's own)

from __future__ import annotations

from pathlib import Path

import apsw

from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums, full_text, layouts

BEFORE = 3
_SUM = "INTEGER NOT NULL DEFAULT 0"


def migrate(db: apsw.Connection, path: Path) -> None:
    """Gives every row its checksum. It has to run in a transaction.

    What is damaged already cannot be told from what is intact: only the structure is checked.
    """
    found = db.execute("PRAGMA quick_check(1)").get
    if found != "ok":
        raise DamagedLibraryError(path, str(found))
    # Rows of version 3 that belong to nothing must not belong to a later picture with the same number.
    db.execute(
        "DELETE FROM embeddings WHERE image NOT IN (SELECT id FROM images) "
        "OR pack NOT IN (SELECT id FROM packs)"
    )
    db.execute(f"ALTER TABLE derivatives ADD COLUMN data_sum {_SUM}")
    for table in checksums.COLUMNS:
        db.execute(f"ALTER TABLE {table} ADD COLUMN sum {_SUM}")
        first = "data_sum = crc(data), " if table == "derivatives" else ""
        db.execute(f"UPDATE {table} SET {first}sum = {checksums.of_row(table)}")
    layouts.complete(db)
    full_text.note(db)
