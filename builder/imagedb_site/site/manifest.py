"""manifest.json: the small file from which all others are found (docs/FORMAT.md 2.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from imagedb_site import __version__
from imagedb_site.errors import FormatError
from imagedb_site.records import FieldSpec
from imagedb_site.site.column_blocks import has_column

FORMAT = "imagedb-site"
VERSION = 2
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def field_definitions(fields: Sequence[FieldSpec]) -> list[dict[str, Any]]:
    """Returns the manifest's `fields`."""
    definitions = []
    for spec in fields:
        definition: dict[str, Any] = {
            "name": spec.name,
            "label": spec.label,
            "type": spec.type,
            "fts": spec.fts,
            "facet": spec.facet,
            "column": has_column(spec),
        }
        if spec.unit is not None:
            definition["unit"] = spec.unit
        if spec.separator is not None:
            definition["separator"] = spec.separator
        definitions.append(definition)
    return definitions


def check_fields(fields: Sequence[FieldSpec]) -> None:
    """Raise FormatError for a field that the format cannot hold."""
    seen: set[str] = set()
    for spec in fields:
        if not _FIELD_NAME.fullmatch(spec.name):
            raise FormatError(f"“{spec.name[:80]}” cannot be a field's name.")
        if spec.name in seen:
            raise FormatError(f"There are two fields called “{spec.name}”.")
        if spec.separator is not None and (
            len(spec.separator) != 1 or spec.type not in ("tags", "category")
        ):
            raise FormatError(f"The field “{spec.name}” cannot have this separator of paths.")
        seen.add(spec.name)


def generator() -> str:
    return f"imagedb-site {__version__}"
