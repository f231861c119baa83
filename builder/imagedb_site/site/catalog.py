"""The columns of full text, and the texts of a row for them (docs/FORMAT.md 2.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imagedb_site import fts
from imagedb_site.errors import FormatError
from imagedb_site.records import FieldSpec, Value
from imagedb_site.text import plain_text


def catalog_columns(fields: Sequence[FieldSpec]) -> list[str]:
    """Returns the names of the fields in full text.

    Raises FormatError if there are none, or if FTS5 keeps the name of one for itself.
    """
    columns = [spec.name for spec in fields if spec.fts]
    if not columns:
        raise FormatError("A site needs at least one field in full text.")
    for name in columns:
        if name in fts.RESERVED:
            raise FormatError(f"A field in full text cannot be called “{name}”.")
    return columns


def full_text(fields: Mapping[str, Value], columns: Sequence[str]) -> list[str]:
    """Returns the text of every column for the cleaned values of a row."""
    return [plain_text(fields.get(name)) for name in columns]
