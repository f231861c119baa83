"""Tables on disk (CSV, TSV, JSON lines, JSON, Parquet) as a stream of rows of raw values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from imagedb_site.errors import SourceError
from imagedb_site.sources.cells import Cell
from imagedb_site.sources.columns import headers
from imagedb_site.sources.csvfile import CsvTable
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.flat import flatten
from imagedb_site.sources.jsonfile import json_objects, not_json
from imagedb_site.sources.textfile import find_encoding, lines, mended, open_text

if TYPE_CHECKING:
    from pyarrow import RecordBatch

Row = Mapping[str, Cell]
"""A column's value by its name; missing values are absent."""

_BUFFER = 1 << 20
_BATCH = 2048
_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


class Table:
    """The table at `path`, whose suffix names its kind (`.gz` may follow it).

    `faults` are its rows and cells that could not be read as they are. `separator` stands between the cells
    of a CSV file; None for other kinds.
    """

    def __init__(self, path: Path) -> None:
        """Opens the table; raises `SourceError` if it cannot be read or its kind is not known."""
        self.path = path
        self.faults = Faults(path.name)
        self.separator: str | None = None
        suffixes = [suffix.lower() for suffix in path.suffixes]
        packed = bool(suffixes) and suffixes[-1] == ".gz"
        self._packed = packed
        self._rows: Callable[[], Iterator[tuple[int, Row]]]
        kind = "".join((suffixes[:-1] if packed else suffixes)[-1:])
        if kind == ".parquet" and not packed:
            self._rows = self._read_parquet
        elif kind in (".csv", ".tsv", ".tab", ".txt"):
            table = CsvTable(path, packed=packed, tabs=kind != ".csv", faults=self.faults)
            self.separator = table.separator
            self._rows = table.rows
        elif kind in (".jsonl", ".ndjson"):
            self._rows = self._read_lines
        elif kind == ".json":
            self._rows = self._read_json
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
        empty = True
        for numbered in self._rows():
            empty = False
            yield numbered
        first = self.faults.first()
        if empty and first:
            raise SourceError(f"No row of {self.path.name} can be read: {first}.")

    def _open(self) -> AbstractContextManager[TextIO]:
        encoding = find_encoding(self.path, packed=self._packed, spreadsheet=False)
        return open_text(self.path, encoding, packed=self._packed, newline="\n")

    def _read_lines(self) -> Iterator[tuple[int, Row]]:
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
                    yield number, flatten(value)
                else:
                    faults.row("rows that are not JSON objects", number, "is not a JSON object")

    def _read_json(self) -> Iterator[tuple[int, Row]]:
        path = self.path
        with self._open() as text:
            for number, value in enumerate(json_objects(path, text), 1):
                if value is None:
                    self.faults.row("items that are not objects", number, "is not an object")
                else:
                    yield number, flatten(value)

    def _read_parquet(self) -> Iterator[tuple[int, Row]]:
        path = self.path
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise SourceError(
                f"Reading {path.name} needs pyarrow.", 'Run: pip install "imagedb-site[parquet]"'
            ) from error
        number = 0
        try:
            # A buffer makes pyarrow read a row group page by page instead of as a whole.
            with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
                # Python's times have no nanoseconds; pandas writes them even if they are all zero.
                fields = [
                    field.with_type(pyarrow.timestamp("us", field.type.tz))
                    if pyarrow.types.is_timestamp(field.type) and field.type.unit == "ns"
                    else field
                    for field in file.schema_arrow
                ]
                schema = pyarrow.schema(fields)
                names = list(headers(schema.names))
                for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                    cast = batch.cast(schema, safe=False)
                    named = pyarrow.RecordBatch.from_arrays(cast.columns, names)
                    for item in self._items(named, number):
                        number += 1
                        yield number, flatten(item)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise SourceError(f"{path.name} is not a Parquet file that can be read.") from error

    def _items(self, batch: RecordBatch, before: int) -> list[dict[str, Any]]:
        """Returns the rows of a part of a Parquet file; `before` rows precede it."""
        try:
            whole: list[dict[str, Any]] = batch.to_pylist()
            return whole
        except (OverflowError, ValueError):
            pass
        items: list[dict[str, Any]] = [{} for _ in range(len(batch))]
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for at, scalar in enumerate(column):
                try:
                    items[at][name] = scalar.as_py()
                except (OverflowError, ValueError):
                    self.faults.row(
                        "values that are out of range",
                        before + at + 1,
                        f'has a value in the column "{name[:80]}" that is out of range; it was left out',
                    )
        return items
