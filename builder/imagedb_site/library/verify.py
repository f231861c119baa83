"""Finds the damaged rows of a library, and the pictures they belong to."""

# ruff: noqa: S608  (table and column names are this program's own; every value is bound)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw

from imagedb_site.display import shown
from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums, full_text, layouts, part_files

KEYS = {
    "meta": ("name",),
    "files": ("key",),
    "refusals": ("content_hash", "decoder"),
    "xmp_files": ("path",),
    "images": ("id",),
    "derivatives": ("rowid",),
    "packs": ("id",),
    "embeddings": ("rowid",),
    "text_embeddings": ("rowid",),
    "rows": ("row",),
    "layout": ("name",),
}
"""The columns by which a row of each table is found."""

_WHAT = {
    "meta": "a setting",
    "files": "the state of the file",
    "refusals": "the reason why it was left out",
    "xmp_files": "the values of its XMP sidecar",
    "images": "its metadata",
    "derivatives": "a smaller picture",
    "packs": "an encoder",
    "embeddings": "its embedding",
    "text_embeddings": "the embedding of a text",
    "rows": "its row in the last build",
    "layout": "the layout of the last build",
}
_CONTENT = {
    "refusals": "content_hash",
    "images": "content_hash",
    "derivatives": "content_hash",
    "embeddings": "(SELECT content_hash FROM images WHERE id = embeddings.image)",
}
_MOST = 100


@dataclass(frozen=True)
class Loss:
    """A row that is not what was stored: `what` of `picture`, a key that is empty if it is not known."""

    table: str
    picture: str
    what: str


def structure(db: apsw.Connection) -> list[str]:
    """Returns what SQLite finds wrong with the file as a database; the full text is not verified here."""
    found = [str(line) for (line,) in db.execute(f"PRAGMA main.integrity_check({_MOST})")]
    return [] if found == ["ok"] else found


def require_structure(db: apsw.Connection, path: Path) -> None:
    """Raises `DamagedLibraryError` if SQLite finds anything wrong with the file as a database."""
    faults = structure(db)
    if faults:
        raise DamagedLibraryError(path, _sentence(faults[0]))


def _sentence(fault: str) -> str:
    """Returns a fault in one line without SQLite's heading and a final stop."""
    lines = [line for line in fault.splitlines() if not line.startswith("***")]
    return (lines[0] if lines else fault).strip().rstrip(".")


def damaged_rows(db: apsw.Connection) -> Iterator[tuple[str, tuple[checksums.Cell, ...], str]]:
    """Yields table, key and content hash (or the name of what it is about) of each damaged row."""
    for table, keys in KEYS.items():
        about = _CONTENT.get(table, "key" if table in ("files", "rows") else "''")
        if table == "xmp_files":
            about = "path"
        also = f"OR data_sum IS NOT crc({part_files.sql()})" if table == "derivatives" else ""
        for *key, name in db.execute(
            f"SELECT {', '.join(keys)}, {about} FROM {table} "
            f"WHERE {checksums.of_row(table)} IS NOT sum {also} ORDER BY {', '.join(keys)}"
        ):
            found = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
            yield table, tuple(key), str(found or "")


def named(db: apsw.Connection, table: str, about: str, names: dict[str, list[str]]) -> list[Loss]:
    """Returns the losses that a damaged row is; `names` are the keys of pictures by content hash."""
    if table in _CONTENT:
        if not names:
            for key, content_hash in db.execute("SELECT key, content_hash FROM files ORDER BY key"):
                names.setdefault(content_hash, []).append(key)
        return [Loss(table, key, _WHAT[table]) for key in names.get(about, [""])]
    return [Loss(table, about, _WHAT[table])]


def find(db: apsw.Connection, path: Path) -> list[Loss]:
    """Returns everything that is not what was stored in a library whose structure is sound."""
    names: dict[str, list[str]] = {}
    found = [
        loss for table, _, about in damaged_rows(db) for loss in named(db, table, about, names)
    ]
    if not found:
        try:
            layouts.get(db, path)
        except DamagedLibraryError as error:
            found.append(Loss("layout", "", error.reason))
    for table, sql, what in _BELONGS:
        for (count,) in db.execute(f"SELECT count(*) FROM {table} WHERE {sql}"):
            if count:
                found.append(Loss(table, "", f"{count:,} {what}"))
    if not full_text.is_intact(db):
        found.append(Loss("full text", "", "the full text of the last build"))
    return found


_BELONGS = (
    (
        "embeddings",
        "image NOT IN (SELECT id FROM images) OR pack NOT IN (SELECT id FROM packs)",
        "embeddings belong to no picture",
    ),
    (
        "text_embeddings",
        "pack NOT IN (SELECT id FROM packs)",
        "embeddings of texts belong to no encoder",
    ),
    (
        "rows",
        "image IS NOT NULL AND image NOT IN (SELECT id FROM images)",
        "rows of the last build belong to no picture",
    ),
)


def by_picture(losses: list[Loss]) -> dict[str, list[str]]:
    """Returns what is damaged of each picture; the empty name stands for the collection."""
    found: dict[str, list[str]] = defaultdict(list)
    for loss in losses:
        if loss.what not in found[loss.picture]:
            found[loss.picture].append(loss.what)
    return {shown(picture): what for picture, what in sorted(found.items())}
