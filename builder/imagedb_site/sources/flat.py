"""Nested values of JSON and Parquet as rows of cells (docs/guide/datasets.md, "Nested values").

An object in an object gives columns `<name>_<its own name>`. A list of simple values is a list, and one of
objects is the list of their names. What is nested deeper is one text: compact JSON.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Sequence

from imagedb_site.sources.cells import Cell
from imagedb_site.sources.columns import MAX_COLUMNS

_MAX_DEPTH = 4
_NAMES = ("name", "tag", "text", "label", "title")


def flatten(item: Mapping[str, object], prefix: str = "", depth: int = 0) -> dict[str, Cell]:
    """Returns the cells of an object by column. Missing values and bytes are absent."""
    row: dict[str, Cell] = {}
    for name, value in item.items():
        name = f"{prefix}{str(name).strip()}"
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            row.update(flatten(value, f"{name}_", depth + 1))
        else:
            cell = as_cell(value)
            if cell is not None:
                row[name] = cell
        if len(row) > MAX_COLUMNS:
            break
    return row


def as_cell(value: object) -> Cell | None:
    """Returns a value as a cell; None if it has none."""
    if isinstance(value, (list, tuple)):
        return _items(value)
    if isinstance(value, Mapping):
        return _compact(value) if value else None
    return _simple(value)


def _simple(value: object) -> str | int | float | bool | None:
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
    return None if value is None or isinstance(value, bytes) else str(value)


def _items(values: Sequence[object]) -> Cell | None:
    """Returns a list of simple values or of objects that have names as texts; other lists as JSON."""
    items = []
    for value in values:
        if isinstance(value, (list, tuple)):
            return _compact(values)
        one = _name(value) if isinstance(value, Mapping) else _simple(value)
        if one is not None:
            items.append(one if isinstance(one, str) else str(one))
    if not items and any(isinstance(value, Mapping) and value for value in values):
        return _compact(values)
    return items or None


def _name(value: Mapping[str, object]) -> str | None:
    """What people search for of `{"id": 1, "name": "cat"}`: the name, else the first text."""
    texts = [value.get(name) for name in _NAMES]
    found = [text for text in (*texts, *value.values()) if isinstance(text, str) and text.strip()]
    return found[0] if found else None


def _compact(value: object) -> str | None:
    """Returns a nested value as JSON without white space; None if it is too deep even for that."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_other)
    except (RecursionError, ValueError, TypeError):
        return None


def _other(value: object) -> object:
    return None if isinstance(value, bytes) else str(value)
