"""Full text of a published site: its SQLite file, opened read-only and trusted with nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError, UsageError


class CatalogDatabase:
    """The catalog of docs/FORMAT.md 2.8.

    Raises FormatError for a file that is not such a catalog.
    """

    def __init__(self, file: Path, columns: Sequence[str], count: int) -> None:
        """`file` is the decoded catalog on disk; SQLite reads the pages that it needs."""
        self._columns = list(columns)
        self._count = count
        with file.open("rb") as opened:
            if opened.read(16) != b"SQLite format 3\0":
                raise FormatError("The catalog is not an SQLite file.")
        address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        try:
            self._database = apsw.Connection(address, flags=flags)
        except apsw.Error as error:
            raise FormatError(f"The catalog cannot be opened: {error}") from error
        try:
            self._open()
        except apsw.Error as error:
            self._database.close()
            raise FormatError(f"The catalog cannot be opened: {error}") from error
        except FormatError:
            self._database.close()
            raise

    def _open(self) -> None:
        database = self._database
        database.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        database.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        database.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        database.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
        database.execute("PRAGMA cell_size_check = 1")
        database.execute("PRAGMA query_only = 1")
        found = [row[1] for row in database.execute("PRAGMA table_info(fts)")]
        if found != self._columns:
            raise FormatError("The catalog's table does not have the columns of the manifest.")
        kinds = database.execute(
            "SELECT type, sql FROM sqlite_schema WHERE name = 'fts'"
        ).fetchall()
        if len(kinds) != 1 or "using fts5" not in str(kinds[0][1]).lower():
            raise FormatError("The catalog's table is not an FTS5 table.")

    def search(self, expression: str, limit: int) -> list[tuple[int, float]]:
        """Rows that match an FTS5 expression with their bm25 (lower is better), best first, ties by row.

        Raises UsageError if the expression is not FTS5 syntax.
        """
        sql = "SELECT rowid - 1, rank FROM fts WHERE fts MATCH ? ORDER BY rank, rowid LIMIT ?"
        with _expression_errors():
            found = self._database.execute(sql, (expression, limit)).fetchall()
        rows: list[tuple[int, float]] = []
        for row, rank in found:
            if not isinstance(row, int) or not 0 <= row < self._count:
                raise FormatError("The catalog holds rows that the collection does not have.")
            if not isinstance(rank, float):
                raise FormatError("The catalog answers with something else than rows.")
            rows.append((row, rank))
        return rows

    def ranked(self, expression: str, limit: int) -> NDArray[np.int64]:
        """The rows of `search`, int64 [n]. Raises as `search` does."""
        sql = "SELECT rowid - 1 FROM fts WHERE fts MATCH ? ORDER BY rank, rowid LIMIT ?"
        return self._rows(sql, (expression, limit))

    def having(self, expression: str) -> NDArray[np.int64]:
        """All rows that match an FTS5 expression, int64 [n], in row order. Raises as `search` does."""
        return self._rows("SELECT rowid - 1 FROM fts WHERE fts MATCH ?", (expression,))

    def _rows(self, sql: str, values: tuple[str | int, ...]) -> NDArray[np.int64]:
        """The numbers of a query's only column: no list of Python objects is made of a million rows."""
        with _expression_errors():
            answers = self._database.execute(sql, values)
            try:
                found = np.fromiter((row for (row,) in answers), dtype=np.int64)
            except (TypeError, ValueError, OverflowError) as error:
                raise FormatError("The catalog answers with something else than rows.") from error
        if len(found) and not 0 <= int(found.min()) <= int(found.max()) < self._count:
            raise FormatError("The catalog holds rows that the collection does not have.")
        return found

    def verify(self) -> None:
        """Read the whole file: SQLite's own checks, and one entry for every row."""
        try:
            (verdict,) = self._database.execute("PRAGMA quick_check(1)").fetchone() or ("empty",)
            if verdict != "ok":
                raise FormatError(f"The catalog is damaged: {str(verdict)[:200]}")
            sizes = self._database.execute("SELECT count(*), min(id), max(id) FROM fts_docsize")
            if sizes.fetchone() != (self._count, 1 if self._count else None, self._count or None):
                raise FormatError("The catalog does not hold every image once.")
        except apsw.Error as error:
            raise FormatError(f"The catalog is damaged: {error}") from error

    def close(self) -> None:
        self._database.close()


@contextmanager
def _expression_errors() -> Iterator[None]:
    """An expression that SQLite refuses becomes a UsageError, anything else that fails a FormatError."""
    try:
        yield
    except apsw.SQLError as error:
        raise UsageError(
            f"This is not a full-text query: {error}",
            "Put words with special characters in double quotes.",
        ) from error
    except apsw.Error as error:
        raise FormatError(f"The catalog is damaged: {error}") from error
