"""The cells of a table in a temporary SQLite file: they can be read in any order and need little memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apsw

from imagedb_site.errors import StorageError
from imagedb_site.sources.cells import Cell

Stored = str | int | float | bytes | None
"""A cell as SQLite holds it. JSON in a blob stands for what SQLite has no type for."""

_CACHE_KIB = 16 << 10
_SETTINGS = {
    "journal_mode": "off",
    "synchronous": "off",
    "page_size": 8192,
    "cache_size": -_CACHE_KIB,
    "temp_store": "file",
}


def pack(cell: Cell) -> Stored:
    """Returns `cell` in a form that SQLite can hold."""
    if isinstance(cell, str):
        if cell.isascii():
            return cell
        try:
            cell.encode("utf-8")
        except UnicodeEncodeError:
            return json.dumps(cell).encode("ascii")
        return cell
    return json.dumps(cell).encode("ascii") if isinstance(cell, (bool, list)) else cell


def unpack(stored: Stored) -> Any:
    """Returns the cell that `pack` was given; None stays None."""
    return json.loads(stored) if isinstance(stored, bytes) else stored


_DISK_ERRORS = (apsw.FullError, apsw.IOError, apsw.CantOpenError)


def _full() -> StorageError:
    return StorageError(
        "The folder for temporary files has no room for the table.",
        "Free some space, or set the environment variable TMPDIR to a folder on a larger disk.",
    )


class Scratch:
    """Rows of cells, numbered from 0 in the order in which they are added.

    The file is SQLite's own temporary file: no other program can open it, and it disappears with this
    object. SQLite's page cache of 16 MiB bounds the memory. All methods raise `StorageError` if the disk
    is full.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._columns = 0
        self._connection = apsw.Connection("")
        for name, value in _SETTINGS.items():
            self._connection.pragma(name, value)
        self.change("CREATE TABLE cells (row INTEGER PRIMARY KEY, number INTEGER)")
        self.change("BEGIN")

    def add_column(self) -> None:
        """Adds the column `c0`, `c1`, …; it is empty in the rows that exist already."""
        self.change(f"ALTER TABLE cells ADD COLUMN c{self._columns}")
        self._columns += 1

    def add_row(self, cells: Sequence[Stored], number: int) -> None:
        """Adds a row with a cell, or None, for every column; `number` is the row's number for people."""
        marks = ", ?" * self._columns
        self.change(f"INSERT INTO cells VALUES (?, ?{marks})", (self.rows, number, *cells))  # noqa: S608
        self.rows += 1

    def row(self, number: int) -> Sequence[Stored]:
        """Returns the cells of a row."""
        for _, _, *cells in self.ask("SELECT * FROM cells WHERE row = ?", (number,)):
            return cells
        raise IndexError(number)

    def define(self, name: str, function: Callable[..., Stored]) -> None:
        """Makes a function available to the statements of this file."""
        self._connection.create_scalar_function(name, function, deterministic=True)

    def change(self, statement: str, values: Sequence[Stored] = ()) -> None:
        """Runs a statement that finds no rows."""
        try:
            self._connection.execute(statement, values)
        except _DISK_ERRORS as error:
            raise _full() from error

    def ask(self, statement: str, values: Sequence[Stored] = ()) -> Iterator[tuple[Any, ...]]:
        """Yields the rows that a query finds."""
        try:
            yield from self._connection.execute(statement, values)
        except _DISK_ERRORS as error:
            raise _full() from error

    def ask_each(
        self, statement: str, many: Iterable[Sequence[Stored]]
    ) -> Iterator[tuple[Any, ...]]:
        """Runs a query once for each of `many` values and yields the rows that it finds."""
        try:
            yield from self._connection.executemany(statement, many)
        except _DISK_ERRORS as error:
            raise _full() from error
