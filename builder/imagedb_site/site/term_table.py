"""The terms of all texts, as SQLite's tokenizer gives them.

They are put into an FTS5 table in a temporary file and read back in order. FTS5
sorts runs on the disk and merges them while they are read, so memory stays bounded for any collection.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site import fts
from imagedb_site.errors import StorageError
from imagedb_site.site.disk import storage_errors
from imagedb_site.temporary import TemporaryFolder
from imagedb_site.text import analyze

_BATCH = 2000
# Bytes that SQLite may hold: pages of the file, and words that wait to be written. More did not make 1.5
# million prompts faster (52 s; 56 s with 64 and 32 MiB). With less, a large collection would have more runs
# than FTS5 can merge.
_CACHE = 8 << 20
_HASH = 8 << 20


@dataclass(frozen=True)
class Term:
    """A term and its places, in the order of rows, columns and positions: a number of each per place."""

    text: bytes
    rows: array[int]
    columns: array[int]
    positions: array[int]


class TermTable:
    """Takes the texts of one row after the other, then gives the terms. Use as a context manager."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self._insert = fts.insert_row(self.columns)
        self._waiting: list[tuple[int | str, ...]] = []
        self.count = 0

    def __enter__(self) -> TermTable:
        with storage_errors(Path(tempfile.gettempdir())):
            self._folder = TemporaryFolder("imagedb-site-")
        with _storage():
            self._database = apsw.Connection(str(Path(self._folder.name) / "terms.sqlite"))
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
            # The runs are merged once, when the terms are read.
            for key, value in (("automerge", 0), ("crisismerge", 1000), ("hashsize", _HASH)):
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
        self.count += 1
        self._waiting.append((self.count, *map(analyze, texts)))
        if len(self._waiting) == _BATCH:
            self._flush()

    def lengths(self) -> NDArray[np.uint32]:
        """How many tokens each row has in all columns, u32 [rows]."""
        self._flush()
        found = np.zeros(self.count, dtype=np.uint32)
        with _storage():
            for row, sizes in self._database.execute("SELECT id - 1, sz FROM fts_docsize"):
                found[row] = sum(sizes) if max(sizes, default=0) < 0x80 else _sum(sizes)
        return found

    def terms(self) -> Iterator[Term]:
        """All terms in the order of their UTF-8, each with its places."""
        self._flush()
        places = {name: at for at, name in enumerate(self.columns)}
        term: str | None = None
        lists = rows, columns, positions = array("q"), array("q"), array("q")
        with _storage():
            self._database.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS temp.v USING fts5vocab(main, fts, instance)"
            )
            for text, row, column, position in self._database.execute("SELECT * FROM temp.v"):
                if text != term:
                    if term is not None:
                        yield _term(term, lists)
                    term = text
                    lists = rows, columns, positions = array("q"), array("q"), array("q")
                rows.append(row - 1)
                columns.append(places[column])
                positions.append(position)
        if term is not None:
            yield _term(term, lists)

    def _flush(self) -> None:
        with _storage():
            self._database.executemany(self._insert, self._waiting)
        self._waiting.clear()


def _term(text: str, lists: Sequence[Any]) -> Term:
    return Term(text.encode(), *lists)


def _sum(sizes: bytes) -> int:
    """The sum of SQLite's numbers: seven bits a byte, the high ones first."""
    total = value = 0
    for byte in sizes:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            total += value
            value = 0
    return total


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
