"""Sets of rows in a manifest (docs/FORMAT.md 1.6)."""

from __future__ import annotations

from dataclasses import dataclass

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import as_count, as_entry, as_object


@dataclass(frozen=True)
class RowSet:
    """The file of a set of rows (docs/FORMAT.md 1.6), and how many they are."""

    count: int
    file: FileEntry


def row_set(value: object, name: str, count: int) -> RowSet | None:
    """A set of rows that is neither empty nor complete, or None."""
    if value is None:
        return None
    found = as_object(value, name)
    size = as_count(found.get("count"), f"{name}.count", count)
    if not 0 < size < count:
        raise FormatError(f"{name}.count is {size:,}.")
    return RowSet(size, as_entry(found.get("file"), f"{name}.file"))
