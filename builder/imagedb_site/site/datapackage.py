"""datapackage.json: the collection as a Frictionless Data Package (docs/FORMAT.md 2.14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from imagedb_site.flat_documents import CSV, JSONL, SIZES
from imagedb_site.site.described import SPECIFIC, Described, json_page, slug
from imagedb_site.site.downloads import Part
from imagedb_site.values import is_web_address

_LICENCE_NAME = re.compile(r"[-a-zA-Z0-9._]+")
_MEDIA = {CSV: "text/csv", JSONL: "application/x-ndjson"}
_FORMATS = {CSV: "csv", JSONL: "ndjson"}
_TYPES = {"number": "number", "boolean": "boolean"}


def datapackage(site: Described) -> bytes:
    """Returns datapackage.json: one tabular resource for each file. Paths are relative to it."""
    page: dict[str, Any] = {
        "profile": "data-package",
        "name": slug(site.title, "collection"),
        "title": site.title,
        "resources": [
            _resource(site, part, name, number)
            for name, parts in site.downloads.parts.items()
            for number, part in enumerate(parts)
        ],
    }
    if site.description:
        page["description"] = site.description
    if site.url:
        page["homepage"] = site.url
    if site.licence:
        page["licenses"] = [_licence(site.licence)]
    if site.credits:
        page["contributors"] = [{"title": line, "role": "author"} for line in site.credits]
    return json_page(page)


def _licence(text: str) -> dict[str, str]:
    if is_web_address(text):
        return {"path": text, "title": text}
    name = text if _LICENCE_NAME.fullmatch(text) else slug(text, "licence")
    return {"name": name, "title": text}


def _resource(site: Described, part: Part, name: str, number: int) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": f"metadata-{name}-{number:05d}",
        "path": part.entry.path,
        "format": _FORMATS[name],
        "mediatype": _MEDIA[name],
        "compression": "gz",
        "encoding": "utf-8",
        # No "bytes": frictionless counts none of compressed files at an address, and refuses them then.
        "hash": f"sha256:{part.entry.sha256}",
        "schema": {"fields": list(_fields(site, name)), "primaryKey": ["id"]},
    }


def _fields(site: Described, name: str) -> Iterator[dict[str, Any]]:
    specs = {spec.name: spec for spec in site.fields}
    for column in site.downloads.columns:
        if column.field is None:
            kind = "integer" if column.name in SIZES else "string"
            yield {"name": column.name, "type": kind, "description": SPECIFIC[column.name]}
            continue
        spec = specs[column.field]
        kind = _TYPES.get(spec.type, "string")
        if spec.type == "tags" and name == JSONL:
            kind = "array"
        field = {"name": column.name, "type": kind, "title": spec.label}
        if spec.unit:
            field["description"] = f"In {spec.unit}"
        yield field
