"""What the library knows about XMP sidecars.

Their values are kept by path and not by content hash of a picture: copies of one picture may have different
sidecars, and a sidecar may change while its picture does not.
"""

# ruff: noqa: S608  (column names are this program's own; every value is bound)

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import apsw

from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import checksums
from imagedb_site.records import Value


@dataclass(frozen=True)
class XmpFile:
    """A sidecar that has been read. `state` changes with the file (its times and its size).

    `fields` override those of the picture; an empty value removes one. `reason` says what could not be read.
    """

    path: Path
    state: str
    fields: Mapping[str, Value]
    reason: str = ""


def put(db: apsw.Connection, file: XmpFile, details: str) -> None:
    """Stores a sidecar; `details` is the version of the reading."""
    db.execute(
        checksums.insert("xmp_files"),
        (_path(file.path), file.state, details, json.dumps(dict(file.fields)), file.reason),
    )


def find(db: apsw.Connection, path: Path, details: str) -> XmpFile | None:
    """Returns a stored sidecar, or None if this version of the reading has not read it."""
    for state, fields, reason, _ in db.execute(
        f"SELECT state, fields, reason, {checksums.intact('xmp_files', path='?1')} "
        "FROM xmp_files WHERE path = ?1 AND details = ?2",
        (_path(path), details),
    ):
        return XmpFile(path, state, json.loads(fields), reason)
    return None


def names(stored: bytes) -> list[str]:
    """Returns the file names in the column `staged.xmp`."""
    return [os.fsdecode(name) for name in stored.split(b"/")] if stored else []


def pack_names(several: tuple[str, ...]) -> bytes:
    """Returns file names as they are stored in the column `staged.xmp`."""
    return b"/".join(os.fsencode(name) for name in several)


def beside(picture: bytes, stored: bytes) -> Iterator[Path]:
    """Yields the paths of a picture's sidecars from the columns `path` and `xmp` of `staged`."""
    folder = Path(os.fsdecode(picture)).parent
    return (folder / name for name in names(stored))


def merged(db: apsw.Connection, library: Path, picture: bytes, stored: bytes) -> dict[str, Value]:
    """Returns what a picture's sidecars say together; the later ones win.

    Raises `DamagedLibraryError` if the library does not know one of them.
    """
    fields: dict[str, Value] = {}
    for path in beside(picture, stored):
        known = False
        for found, _ in db.execute(
            f"SELECT fields, {checksums.intact('xmp_files', path='?1')} FROM xmp_files "
            "WHERE path = ?1",
            (_path(path),),
        ):
            fields |= json.loads(found)
            known = True
        if not known:
            raise DamagedLibraryError(library, "the values of an XMP sidecar are missing")
    return fields


def keep(db: apsw.Connection, paths: Iterator[Path]) -> None:
    """Forgets all sidecars but those at `paths`."""
    db.execute("CREATE TEMP TABLE kept(path BLOB PRIMARY KEY) WITHOUT ROWID")
    db.executemany("INSERT OR IGNORE INTO kept VALUES (?)", ((_path(path),) for path in paths))
    db.execute("DELETE FROM xmp_files WHERE path NOT IN (SELECT path FROM temp.kept)")
    db.execute("DROP TABLE temp.kept")


def _path(path: Path) -> bytes:
    return os.fsencode(path)
