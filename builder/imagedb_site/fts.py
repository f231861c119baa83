"""The full-text table: its tokenizer and definition, the same in a site's catalog and in the library.

docs/FORMAT.md 2.8 defines it.
"""

from __future__ import annotations

from collections.abc import Sequence

TABLE = "fts"
TOKENIZE = "porter unicode61 remove_diacritics 0 categories 'L* M* N* Co'"
_TOKENIZE = TOKENIZE.replace("'", "''")
PAGE_SIZE = 4096
"""Bytes of a page of the catalog's SQLite file."""

RESERVED = frozenset({"fts", "rank", "rowid"})
"""Column names that FTS5 keeps for itself in a table called `fts`."""


def column_list(columns: Sequence[str]) -> str:
    """Returns the names as SQL: quoted, separated by commas."""
    return ", ".join(f'"{name}"' for name in columns)


def create_table(columns: Sequence[str]) -> str:
    """Returns the statement that creates the contentless FTS5 table with these columns."""
    return (
        f"CREATE VIRTUAL TABLE {TABLE} USING fts5({column_list(columns)}, content='', "
        f"columnsize=1, detail=full, tokenize='{_TOKENIZE}')"
    )


def insert_row(columns: Sequence[str]) -> str:
    """Returns the statement that inserts a row: its rowid (row + 1), then a text for each column."""
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {TABLE}(rowid, {column_list(columns)}) VALUES (?, {marks})"  # noqa: S608
