"""Documents as flat rows of JSON lines and CSV (docs/FORMAT.md 2.14).

The writer of a site makes the downloads with these rules, and the reader checks them with the same rules.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .records import FieldSpec

JSONL, CSV = "jsonl", "csv"
FORMATS = (JSONL, CSV)
"""The formats of downloads, in the order in which they are offered."""

ALWAYS = ("id", "path")
SIZES = ("width", "height")
PICTURES = ("thumbnail", "view", "original")
REMOTE = ("image_url", "thumbnail_url")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Document = Mapping[str, Any]
FlatRow = dict[str, Any]


@dataclass(frozen=True)
class FlatColumn:
    """A column of the downloads. `field` is the name of its field, None for what every image has."""

    name: str
    field: str | None = None

    def to_json(self) -> dict[str, str]:
        return (
            {"name": self.name} if self.field is None else {"name": self.name, "field": self.field}
        )


def flat_columns(
    fixed: Iterable[str], fields: Sequence[FieldSpec], reserved: Iterable[str] = ()
) -> list[FlatColumn]:
    """The columns in order: `fixed`, then the fields. A name that is taken gets `_` appended.

    `reserved` names are not columns, and no field gets one of them.
    """
    columns = [FlatColumn(name) for name in fixed]
    taken = {column.name for column in columns} | {field.name for field in fields}
    used = {*reserved, *(column.name for column in columns)}
    for field in fields:
        name = field.name
        while name in used or (name != field.name and name in taken):
            name += "_"
        used.add(name)
        columns.append(FlatColumn(name, field.name))
    return columns


def flat_row(
    document: Document, columns: Sequence[FlatColumn], thumbnail: str | None = None
) -> FlatRow:
    """The known values of a document by column. `thumbnail` is the path of the thumbnail's own file."""
    fields = document["fields"]
    of_image = _of_image(document, thumbnail)
    row: FlatRow = {}
    for column in columns:
        value = fields.get(column.field) if column.field else of_image.get(column.name)
        if value is not None:
            row[column.name] = value
    return row


def _of_image(document: Document, thumbnail: str | None) -> dict[str, Any]:
    remote = document.get("remote") or {}
    return {
        "id": document["id"],
        "path": document["path"],
        # 0 stands for "there is no picture" in documents.
        "width": document["width"] or None,
        "height": document["height"] or None,
        "thumbnail": thumbnail,
        "view": document.get("view", {}).get("path"),
        "original": document.get("original"),
        "image_url": remote.get("image"),
        "thumbnail_url": remote.get("thumbnail"),
    }


def _json_line(row: FlatRow, names: Sequence[str], *, first: bool) -> str:
    # The first line of a file has every column, because tools read the columns from it.
    values = {name: row.get(name) for name in names if first or name in row}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _csv_line(row: FlatRow, names: Sequence[str], *, first: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if first:
        writer.writerow(names)
    writer.writerow([cell_of(row.get(name)) for name in names])
    return out.getvalue()


def cell_of(value: Any) -> Any:
    """A value as a cell of CSV: tags joined by "; ".

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "; ".join(map(str, value)) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


LINE_OF: Mapping[str, Callable[..., str]] = {JSONL: _json_line, CSV: _csv_line}
"""By format: `line(row, names, first=…)`, one row as text; with `first` it begins a file."""
