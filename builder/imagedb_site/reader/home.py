"""The start page in the manifest (docs/FORMAT.md 2.20)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import as_count, as_list, as_object, as_text, as_texts

_MOST = 48


@dataclass(frozen=True)
class Home:
    """The manifest's `home`: sections in order, of which a program may not know all, and rows to show."""

    sections: tuple[str, ...]
    sample: tuple[int, ...]
    recent: tuple[int, ...]
    dated: str | None


def parse_home(value: object, total: int, fields: Collection[str]) -> Home | None:
    """The start page of a site of `total` rows with these fields, None if it has none. Raises FormatError."""
    if value is None:
        return None
    spec = as_object(value, "home")
    sections = tuple(as_texts(spec.get("sections"), "home.sections"))
    if len(sections) > _MOST or len(set(sections)) < len(sections):
        raise FormatError("home.sections has too many sections, or one twice.")
    if "dated" not in spec:
        raise FormatError("home.dated is missing.")
    dated = None if spec["dated"] is None else as_text(spec["dated"], "home.dated")
    if dated is not None and dated not in fields:
        raise FormatError("home.dated is not a field of the collection.")
    rows = {key: _rows(spec.get(key), f"home.{key}", total) for key in ("sample", "recent")}
    return Home(sections, rows["sample"], rows["recent"], dated)


def _rows(value: object, what: str, total: int) -> tuple[int, ...]:
    rows = tuple(as_count(row, what, total - 1) for row in as_list(value, what))
    if len(rows) > _MOST or len(set(rows)) < len(rows):
        raise FormatError(f"{what} has too many rows, or one twice.")
    return rows
