"""Checks a library: SQLite's own check, the checksum of every row, and whether the tables fit each other."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagedb_site.errors import DamagedLibraryError, LibraryError
from imagedb_site.index import LIBRARY_FILE
from imagedb_site.library import Library

ADVICE = (
    "Build again with --repair: what is intact stays, and the rest is made again from the pictures."
)


@dataclass(frozen=True)
class LibraryFinding:
    """Something that is not what was stored; `picture` is empty if it concerns the whole collection."""

    picture: str
    message: str


@dataclass(frozen=True)
class LibraryReport:
    """What a check of a library found. `counts` are the rows of its tables, and its bytes."""

    library: str
    counts: dict[str, int]
    findings: tuple[LibraryFinding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "ok": self.ok}


def is_library(place: str) -> bool:
    """Whether a place is a library: its file or its folder, but not a site."""
    if "://" in place:
        return False
    path = Path(place)
    if path.is_dir():
        return not (path / "manifest.json").exists() and (path / LIBRARY_FILE).exists()
    return path.suffix == ".db"


def check_library(place: str | Path) -> LibraryReport:
    """Check the library in a folder, or a library file. Nothing is changed.

    Damage is reported, not raised. Raises LibraryError if there is no library, or one of another version,
    and StorageError if it cannot be read.
    """
    path = Path(place)
    file = path / LIBRARY_FILE if path.is_dir() else path
    if not file.is_file():
        raise LibraryError(
            f"There is no library at {place}.", "Name the folder, as in: dist.library"
        )
    if not file.stat().st_size:
        return LibraryReport(str(place), {}, (LibraryFinding("", "The file is empty."),))
    try:
        with Library.open(file) as library:
            found = library.find_damage()
            counts = library.stats() if not found else {}
    except DamagedLibraryError as error:
        return LibraryReport(str(place), {}, (LibraryFinding("", _sentence(error.reason)),))
    return LibraryReport(
        str(place),
        counts,
        tuple(
            LibraryFinding(picture, f"Damaged: {', '.join(what)}.")
            for picture, what in found.items()
        ),
    )


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."
