"""Nested values of JSON and Parquet as rows of cells."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping

from imagedb_site.sources.cells import Cell
from imagedb_site.sources.columns import MAX_COLUMNS

_MAX_DEPTH = 4


def flatten(item: Mapping[str, object], prefix: str = "", depth: int = 0) -> dict[str, Cell]:
    """Returns the cells of an object by column; an object in it gives the columns `<name>_<its own name>`.

    Missing values and what cannot be a cell are absent.
    """
    row: dict[str, Cell] = {}
    for name, value in item.items():
        name = f"{prefix}{str(name).strip()}"
        if isinstance(value, Mapping):
            if depth < _MAX_DEPTH:
                row.update(flatten(value, f"{name}_", depth + 1))
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
