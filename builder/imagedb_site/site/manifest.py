"""manifest.json: the one file that names all others (docs/FORMAT.md 2.1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from imagedb_site import __version__
from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.records import FieldSpec
from imagedb_site.site.types import SiteRow

FORMAT = "imagedb-site"
VERSION = 1
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def collection_hash(rows: Sequence[SiteRow]) -> str:
    """SHA-256 over the image ids in row order, in hex."""
    return hashlib.sha256("".join(f"{row.image_id}\n" for row in rows).encode()).hexdigest()


def field_definitions(
    fields: Sequence[FieldSpec], columns: Mapping[str, FileEntry]
) -> list[dict[str, Any]]:
    """The manifest's `fields`."""
    definitions = []
    for spec in fields:
        column = columns.get(spec.name)
        definition: dict[str, Any] = {
            "name": spec.name,
            "label": spec.label,
            "type": spec.type,
            "fts": spec.fts,
            "facet": spec.facet,
            "column": None if column is None else column.to_json(),
        }
        if spec.unit is not None:
            definition["unit"] = spec.unit
        definitions.append(definition)
    return definitions


def check_fields(fields: Sequence[FieldSpec]) -> None:
    """Raise FormatError for a field the format cannot hold."""
    seen: set[str] = set()
    for spec in fields:
        if not _FIELD_NAME.fullmatch(spec.name):
            raise FormatError(f"“{spec.name[:80]}” cannot be a field's name.")
        if spec.name in seen:
            raise FormatError(f"There are two fields called “{spec.name}”.")
        seen.add(spec.name)


def generator() -> str:
    return f"imagedb-site {__version__}"
