"""Tables on disk (CSV, TSV, JSON lines, JSON, Parquet) as a stream of rows of raw values."""

from __future__ import annotations

import csv
import datetime
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from imagedb_site.errors import SourceError
from imagedb_site.sources.jsonfile import json_objects, not_json
from imagedb_site.sources.textfile import lines, open_text

Cell = str | int | float | bool | list[str]
Row = dict[str, Cell]
"""A column's value by its name; missing values are absent."""

MAX_COLUMNS = 500
_MAX_DEPTH = 4
_HEAD = 1 << 20
_BUFFER = 1 << 20
_BATCH = 2048
_DELIMITERS = ",\t;|"


class _CsvReader(Protocol):
    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


def read_table(path: Path) -> Iterator[Row]:
    """Yields the rows of the table at `path`, whose suffix names its kind (`.gz` may follow it).

    The table is never held in memory as a whole. Raises `SourceError`, also between two rows, if the file
    cannot be read or is not what its suffix says.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] == ".gz"
    kind = "".join((suffixes[:-1] if packed else suffixes)[-1:])
    if kind == ".parquet" and not packed:
        yield from _read_parquet(path)
    elif kind in (".csv", ".tsv", ".tab"):
        yield from _read_csv(path, packed, "\t" if kind != ".csv" else None)
    elif kind in (".jsonl", ".ndjson"):
        yield from _read_lines(path, packed)
    elif kind == ".json":
        with open_text(path, packed=packed, spreadsheet=False, newline="\n") as text:
            yield from map(_flatten, json_objects(path, text))
    else:
        raise SourceError(
            f"{path.name} is not a table that can be read.",
            "Give a .csv, .tsv, .jsonl, .json or .parquet file.",
        )


def _read_csv(path: Path, packed: bool, delimiter: str | None) -> Iterator[Row]:
    """Yields the rows of a CSV file; without a `delimiter` the first line shows which one it has."""
    if delimiter is None:
        with open_text(path, packed=packed, spreadsheet=True, newline="") as text:
            head = text.read(_HEAD).lstrip("\r\n").partition("\n")[0]
            delimiter = max(_DELIMITERS, key=head.count)
    with open_text(path, packed=packed, spreadsheet=True, newline="") as text:
        reader = csv.reader(lines(path, text), delimiter=delimiter)
        try:
            yield from _csv_rows(path, reader)
        except csv.Error as error:
            raise SourceError(f"Line {reader.line_num} of {path.name}: {error}.") from error


def _csv_rows(path: Path, reader: _CsvReader) -> Iterator[Row]:
    header: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            _check_header(path, header)
            continue
        if len(cells) > len(header):
            raise SourceError(
                f"Line {reader.line_num} of {path.name} has {len(cells)} cells, "
                f"but there are {len(header)} columns.",
                "Check the quotes and the separators on that line.",
            )
        yield {
            name: cell
            for name, cell in zip(header, cells, strict=False)
            if name and cell and not cell.isspace()
        }


def _check_header(path: Path, header: list[str]) -> None:
    names = [name for name in header if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(
            f'The table {path.name} has two columns named "{twice[0]}".', "Rename one of them."
        )
    if len(names) > MAX_COLUMNS:
        raise SourceError(f"The table {path.name} has more than {MAX_COLUMNS} columns.")


def _read_lines(path: Path, packed: bool) -> Iterator[Row]:
    with open_text(path, packed=packed, spreadsheet=False, newline="\n") as text:
        for number, line in enumerate(lines(path, text), 1):
            if line.isspace():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise not_json(path, f"Line {number}", error) from error
            if not isinstance(value, dict):
                raise SourceError(f"Line {number} of {path.name} is not a JSON object.")
            yield _flatten(value)


def _read_parquet(path: Path) -> Iterator[Row]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise SourceError(
            f"Reading {path.name} needs pyarrow.", 'Run: pip install "imagedb-site[parquet]"'
        ) from error
    try:
        # A buffer makes pyarrow read a row group page by page instead of as a whole.
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            _check_header(path, list(file.schema_arrow.names))
            # Python's times have no nanoseconds; pandas writes them even if they are all zero.
            fields = [
                field.with_type(pyarrow.timestamp("us", field.type.tz))
                if pyarrow.types.is_timestamp(field.type) and field.type.unit == "ns"
                else field
                for field in file.schema_arrow
            ]
            schema = pyarrow.schema(fields)
            for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                for item in batch.cast(schema, safe=False).to_pylist():
                    yield _flatten(item)
    except OverflowError as error:
        raise SourceError(
            f"{path.name} has a date or a duration that is out of range.",
            "Correct it, or remove the column.",
        ) from error
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{path.name} is not a Parquet file that can be read.") from error


def _flatten(item: Mapping[str, object], prefix: str = "", depth: int = 0) -> Row:
    row: Row = {}
    for name, value in item.items():
        name = f"{prefix}{str(name).strip()}"
        if isinstance(value, Mapping):
            if depth < _MAX_DEPTH:
                row.update(_flatten(value, f"{name}_", depth + 1))
        else:
            cell = _cell(value)
            if cell is not None:
                row[name] = cell
        if len(row) > MAX_COLUMNS:
            break
    return row


def _cell(value: object) -> Cell | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return _items(value) or None
    return None if value is None or isinstance(value, bytes) else str(value)


def _items(values: list[object] | tuple[object, ...]) -> list[str]:
    items = []
    for value in values:
        if isinstance(value, Mapping):
            # [{"id": 1, "name": "cat"}, …]: the name is what people search for.
            value = value.get("name") or value.get("tag") or value.get("text")
        cell = _cell(value)
        if isinstance(cell, str):
            items.append(cell)
        elif isinstance(cell, (int, float)):
            items.append(str(cell))
    return items
