"""The full-text catalog: one contentless FTS5 table (docs/FORMAT.md 2.8)."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw

from imagedb_site import fts
from imagedb_site.errors import FormatError, StorageError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site.disk import storage_errors
from imagedb_site.site.storage import SiteFiles
from imagedb_site.temporary import TemporaryFolder
from imagedb_site.text import analyze, plain_text

_BATCH = 2000
# Bytes that SQLite may hold: pages of the file, and words that wait to be written.
_CACHE = 64 << 20
_HASH = 32 << 20


def catalog_columns(fields: Sequence[FieldSpec]) -> list[str]:
    """Returns the names of the fields in full text.

    Raises FormatError if there are none, or if FTS5 keeps the name of one for itself.
    """
    columns = [spec.name for spec in fields if spec.fts]
    if not columns:
        raise FormatError("A site needs at least one field in full text.")
    for name in columns:
        if name in fts.RESERVED:
            raise FormatError(f"A field in full text cannot be called “{name}”.")
    return columns


class CatalogWriter:
    """Builds the SQLite file in a temporary folder, in bounded memory. Use as a context manager."""

    def __init__(self, fields: Sequence[FieldSpec]) -> None:
        self.columns = catalog_columns(fields)
        self._insert = fts.insert_row(self.columns)
        self._waiting: list[tuple[int | str, ...]] = []
        self._count = 0

    def __enter__(self) -> CatalogWriter:
        with storage_errors(Path(tempfile.gettempdir())):
            self._folder = TemporaryFolder("imagedb-site-")
        self._path = Path(self._folder.name) / "fts.sqlite"
        with _storage():
            self._database = apsw.Connection(str(self._path))
            for pragma in (
                f"page_size = {fts.PAGE_SIZE}",
                "journal_mode = OFF",
                "synchronous = OFF",
                "locking_mode = EXCLUSIVE",
                f"cache_size = -{_CACHE >> 10}",
            ):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.execute("BEGIN")
            self._database.execute(fts.create_table(self.columns))
            # One merge at the end is faster than many merges on the way.
            for key, value in (("automerge", 0), ("hashsize", _HASH)):
                self._database.execute("INSERT INTO fts(fts, rank) VALUES (?, ?)", (key, value))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, texts: Sequence[str]) -> None:
        """Append the next row: the text of every column, as people wrote it."""
        self._count += 1
        self._waiting.append((self._count, *map(analyze, texts)))
        if len(self._waiting) == _BATCH:
            self._flush()

    def finish(self, files: SiteFiles) -> dict[str, Any]:
        """Write the catalog; gives the manifest's `catalog`."""
        with self.finished() as data:
            entry = files.put_entry("data", "catalog", "bin", data, compress=True)
        return {
            "tier": "whole",
            "file": entry.to_json(),
            "columns": self.columns,
            "tokenize": fts.TOKENIZE,
            "count": self._count,
        }

    @contextmanager
    def finished(self) -> Iterator[memoryview]:
        """The bytes of the optimised SQLite file, mapped from the disk."""
        self._flush()
        compact = self._path.with_name("compact.sqlite")
        with _storage():
            self._database.execute("INSERT INTO fts(fts) VALUES ('optimize')")
            # Settings of this build only; they would be kept in the file.
            self._database.execute("DELETE FROM fts_config WHERE k IN ('automerge', 'hashsize')")
            self._database.execute("COMMIT")
            self._database.execute("VACUUM INTO ?", (str(compact),))
        with (
            compact.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as all_of_it,
        ):
            data = memoryview(all_of_it)
            try:
                yield data
            finally:
                data.release()

    def _flush(self) -> None:
        with _storage():
            self._database.executemany(self._insert, self._waiting)
        self._waiting.clear()


def full_text(fields: Mapping[str, Value], columns: Sequence[str]) -> list[str]:
    """Returns the text of every column for the cleaned values of a row."""
    return [plain_text(fields.get(name)) for name in columns]


@contextmanager
def _storage() -> Iterator[None]:
    """Turn failures of the temporary file into a StorageError."""
    try:
        yield
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        folder = tempfile.gettempdir()
        raise StorageError(
            f"Cannot write the full-text index in {folder}: {error}.",
            "Free some space there, or set TMPDIR to another folder, and build again.",
        ) from error
