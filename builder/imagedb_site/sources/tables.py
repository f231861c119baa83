"""Tables as they are on disk: CSV, TSV, JSON lines, JSON, Parquet → rows of raw values."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from imagedb_site.errors import SourceError

Cell = str | int | float | bool | list[str]
Row = dict[str, Cell]
"""A column's value by its name; missing values are absent."""

_MAX_BYTES = 4 << 30
_MAX_DEPTH = 4
_MAX_COLUMNS = 500
_DELIMITERS = ",\t;|"


def read_table(path: Path) -> Iterator[Row]:
    """Yields the rows of the table at `path`, its kind told by the suffix (`.gz` may follow it).

    Raises `SourceError` where the file cannot be read or is not what its suffix says.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] == ".gz"
    kind = (suffixes[:-1] if packed else suffixes)[-1:]
    readers = {
        ".csv": _read_csv,
        ".tsv": _read_csv,
        ".tab": _read_csv,
        ".jsonl": _read_lines,
        ".ndjson": _read_lines,
        ".json": _read_json,
    }
    if kind == [".parquet"]:
        yield from _read_parquet(path)
        return
    if not kind or kind[0] not in readers:
        raise SourceError(
            f"{path.name} is not a table that can be read.",
            "Give a .csv, .tsv, .jsonl, .json or .parquet file.",
        )
    yield from readers[kind[0]](path, _read_bytes(path, packed))


def _read_bytes(path: Path, packed: bool) -> bytes:
    try:
        if packed:
            with gzip.open(path) as stream:
                data = stream.read(_MAX_BYTES + 1)
        else:
            with path.open("rb") as stream:
                data = stream.read(_MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise SourceError(f"The table {path} cannot be read: {reason}.") from error
    if len(data) > _MAX_BYTES:
        raise SourceError(f"The table {path.name} is larger than 4 GiB.", "Split it into parts.")
    return data


def _decode(path: Path, data: bytes, *, spreadsheet: bool) -> str:
    encodings = ["utf-8-sig"]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif spreadsheet:
        # What spreadsheet programs write on Windows where nobody asked them for UTF-8.
        encodings.append("cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceError(f"The table {path.name} is not UTF-8 text.", "Save it as UTF-8.")


def _read_csv(path: Path, data: bytes) -> Iterator[Row]:
    text = _decode(path, data, spreadsheet=True)
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count) if ".csv" in path.suffixes else "\t"
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] = []
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                _check_header(path, header)
                continue
            if len(cells) > len(header):
                raise SourceError(
                    f"Line {lines.line_num} of {path.name} has {len(cells)} cells, "
                    f"but there are {len(header)} columns.",
                    "Check the quotes and the separators on that line.",
                )
            row: Row = {}
            for name, cell in zip(header, cells, strict=False):
                if name and cell.strip():
                    row[name] = cell
            yield row
    except csv.Error as error:
        raise SourceError(f"Line {lines.line_num} of {path.name}: {error}.") from error


def _check_header(path: Path, header: list[str]) -> None:
    names = [name for name in header if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(
            f'The table {path.name} has two columns named "{twice[0]}".', "Rename one of them."
        )
    if len(names) > _MAX_COLUMNS:
        raise SourceError(f"The table {path.name} has more than {_MAX_COLUMNS} columns.")


def _parse(path: Path, text: str, where: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = (
            f"{error.msg} at character {error.pos}"
            if isinstance(error, json.JSONDecodeError)
            else "it cannot be read"
        )
        raise SourceError(f"{where} of {path.name} is not JSON: {detail}.") from error


def _read_lines(path: Path, data: bytes) -> Iterator[Row]:
    text = _decode(path, data, spreadsheet=False)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value = _parse(path, line, f"Line {number}")
            if not isinstance(value, dict):
                raise SourceError(f"Line {number} of {path.name} is not a JSON object.")
            yield _flatten(value)


def _read_json(path: Path, data: bytes) -> Iterator[Row]:
    value = _parse(path, _decode(path, data, spreadsheet=False), "The text")
    if isinstance(value, dict) and value and all(isinstance(v, dict) for v in value.values()):
        # {"a.png": {…}, …}: the name of the file is the key.
        value = [{"file": name, **fields} for name, fields in value.items()]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SourceError(
            f"{path.name} is neither a list of objects nor an object of objects by file name.",
            'Give [{"file": "a.jpg", …}, …] or {"a.jpg": {…}, …}.',
        )
    for item in value:
        yield _flatten(item)


def _read_parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise SourceError(
            f"Reading {path.name} needs pyarrow.", 'Run: pip install "imagedb-site[parquet]"'
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            _check_header(path, list(file.schema_arrow.names))
            for batch in file.iter_batches(batch_size=4096):
                for item in batch.to_pylist():
                    yield _flatten(item)
    except (ArrowException, OSError, ValueError) as error:
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
        if len(row) > _MAX_COLUMNS:
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
            # [{"id": 1, "name": "cat"}, …]: the name is what a person would search for.
            value = value.get("name") or value.get("tag") or value.get("text")
        cell = _cell(value)
        if isinstance(cell, str):
            items.append(cell)
        elif isinstance(cell, (int, float)):
            items.append(str(cell))
    return items
