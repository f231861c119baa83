"""Tables on disk (CSV, TSV, JSON lines, JSON, Parquet) as a stream of rows of raw values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO

from imagedb_site.errors import SourceError
from imagedb_site.sources.cells import Cell
from imagedb_site.sources.csvfile import CsvTable
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.flat import flatten
from imagedb_site.sources.jsonfile import json_objects, not_json
from imagedb_site.sources.packing import split_packing
from imagedb_site.sources.parquetfile import Only, parquet_items
from imagedb_site.sources.textfile import find_encoding, lines, mended, open_text

Row = Mapping[str, Cell]
"""A column's value by its name; missing values are absent."""

Item = Mapping[str, Any]
"""A row as the file has it: values of JSON and Parquet may be nested."""

_TEXT = (".csv", ".tsv", ".tab", ".txt")
TABLES = (*_TEXT, ".jsonl", ".ndjson", ".json", ".parquet")
"""Suffixes of tables, without that of a packing."""
_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


class Table:
    """The table at `path`, whose suffix names its kind; `.gz`, `.zst` or `.xz` may follow it.

    `faults` are its rows and cells that could not be read as they are. `separator` stands between the cells
    of a CSV file; None for other kinds. A `partial` table that is damaged behind its first rows is a fault:
    the rows before the damage are given. Otherwise it is an error.
    """

    def __init__(
        self,
        path: Path,
        *,
        partial: bool = False,
        kind: str | None = None,
        only: Only | None = None,
    ) -> None:
        """Opens the table; raises `SourceError` if it cannot be read or its kind is not known.

        `kind`: one of `TABLES`, if the suffix does not name it. `only`: the rows of a Parquet file to read.
        """
        self.path = path
        self.faults = Faults(path.name)
        self.separator: str | None = None
        self._partial = partial
        self._only = only
        self._cut = False
        self._items: Callable[[], Iterator[tuple[int, Item]]]
        suffix, self._packing = split_packing(path)
        kind = kind or suffix
        if kind == ".parquet":
            self._items = self._read_parquet
        elif kind in _TEXT:
            table = CsvTable(
                path,
                packing=self._packing,
                tabs=kind != ".csv",
                faults=self.faults,
                damaged=self._damaged if partial else None,
            )
            self.separator = table.separator
            self._items = lambda: self._without_cut_row(table.rows())
        elif kind in (".jsonl", ".ndjson"):
            self._items = self._read_lines
        elif kind == ".json":
            self._items = self._read_json
        else:
            hint = "Give a .csv, .tsv, .jsonl, .json or .parquet file."
            if kind in _SPREADSHEETS:
                hint = "Open it in the program that made it, and save it as CSV (UTF-8)."
            raise SourceError(f"{path.name} is not a table that can be read.", hint)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yields each row with its number, counted from 1 as spreadsheet programs and editors do.

        The table is never held in memory as a whole. Raises `SourceError`, also between two rows, if the
        file cannot be read or is not what its suffix says.
        """
        for number, item in self.items():
            yield number, flatten(item)

    def items(self) -> Iterator[tuple[int, Item]]:
        """Yields each row as `rows` does, with nested values as the file has them."""
        empty = True
        for numbered in self._items():
            empty = False
            yield numbered
        first = self.faults.first()
        if empty and first:
            raise SourceError(f"No row of {self.path.name} can be read: {first}.")

    def _damaged(self, reason: str) -> None:
        self._cut = True
        self.faults.once(
            "files that are damaged", f"{reason}; the rows before the damage were read"
        )

    def _open(self) -> AbstractContextManager[TextIO]:
        damaged = self._damaged if self._partial else None
        encoding = find_encoding(
            self.path, packing=self._packing, spreadsheet=False, damaged=damaged
        )
        return open_text(self.path, encoding, packing=self._packing, newline="\n", damaged=damaged)

    def _without_cut_row(self, rows: Iterator[tuple[int, Item]]) -> Iterator[tuple[int, Item]]:
        """Leaves out the last row of a file that is cut: nothing shows whether it is complete."""
        held: tuple[int, Item] | None = None
        for numbered in rows:
            if held is not None:
                yield held
            held = numbered
        if held is not None and not self._cut:
            yield held

    def _read_lines(self) -> Iterator[tuple[int, Item]]:
        faults = self.faults
        with self._open() as text:
            for number, line in enumerate(lines(text, faults), 1):
                if line.isspace():
                    continue
                plain = mended(line)
                if plain is not line:
                    reason = "has bytes that are not UTF-8; they were read as Windows-1252"
                    faults.row("rows with bytes that are not UTF-8", number, reason)
                try:
                    value = json.loads(plain)
                except (ValueError, RecursionError) as error:
                    faults.row("rows that are not JSON", number, not_json(error))
                    continue
                if isinstance(value, dict):
                    yield number, value
                else:
                    faults.row("rows that are not JSON objects", number, "is not a JSON object")

    def _read_json(self) -> Iterator[tuple[int, Item]]:
        path, number = self.path, 0
        try:
            with self._open() as text:
                for number, value in enumerate(json_objects(path, text), 1):
                    if value is None:
                        self.faults.row("items that are not objects", number, "is not an object")
                    else:
                        yield number, value
        except SourceError as error:
            if not self._partial or not number:
                raise
            if not self._cut:
                reason = f"{str(error).rstrip('.')}; only the rows before that were read"
                self.faults.once("files that are damaged", reason)

    def _read_parquet(self) -> Iterator[tuple[int, Item]]:
        number = 0
        try:
            for number, item in parquet_items(self.path, self.faults, self._packing, self._only):
                yield number, item
        except SourceError as error:
            if not self._partial or not number:
                raise
            self.faults.once("files that are damaged", f"{error} The rows before that were read")
