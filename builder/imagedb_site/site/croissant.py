"""croissant.json: the collection as a data set for machine learning (Croissant 1.0, docs/FORMAT.md 2.14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imagedb_site.flat_documents import CSV, JSONL, REMOTE, SIZES, FlatColumn
from imagedb_site.layout import DOWNLOADS_FOLDER
from imagedb_site.records import FieldSpec
from imagedb_site.site.described import SPECIFIC, Described, json_page
from imagedb_site.site.downloads import Part

_CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
_RECORDS = "records"
_FILES = "metadata"
_ENCODINGS = {JSONL: "application/jsonlines", CSV: "text/csv"}
_TYPES = {
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "url": "sc:URL",
}
"""The types of fields. All others are texts; dates too, because theirs may be a year or a month."""

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of Croissant 1.0, as it is."""


def croissant(site: Described) -> bytes:
    """Returns croissant.json. Addresses are absolute if the site's address is known, else relative to it."""
    chosen = JSONL if JSONL in site.downloads.parts else CSV
    files = [
        _file(site, part, chosen, number)
        for number, part in enumerate(site.downloads.parts[chosen])
    ]
    source = files[0]["@id"] if len(files) == 1 else _FILES
    if len(files) > 1:
        files.append(
            {
                "@type": "cr:FileSet",
                "@id": _FILES,
                "name": _FILES,
                "encodingFormat": _ENCODINGS[chosen],
                "includes": f"{DOWNLOADS_FOLDER}/metadata-*.{chosen}.gz",
            }
        )
    page: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": site.title,
        "description": site.description or site.title,
        "version": "1.0.0",
        "distribution": files,
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": _RECORDS,
                "name": _RECORDS,
                "description": f"One record for each of the {site.count:,} images or records.",
                "key": {"@id": f"{_RECORDS}/id"},
                "field": list(_fields(site, source, chosen)),
            }
        ],
    }
    if site.url:
        page["url"] = site.url
    if site.licence:
        page["license"] = site.licence
    if site.credits:
        page["creditText"] = "\n".join(site.credits)
        page["citeAs"] = site.credits[0]
    if site.language:
        page["inLanguage"] = site.language
    return json_page(page)


def _file(site: Described, part: Part, chosen: str, number: int) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{_FILES}-{number:05d}",
        "name": f"{_FILES}-{number:05d}.{chosen}.gz",
        "contentUrl": f"{site.url or ''}{part.entry.path}",
        "contentSize": f"{part.entry.size} B",
        "encodingFormat": _ENCODINGS[chosen],
        "sha256": part.entry.sha256,
    }


def _fields(site: Described, source: str, chosen: str) -> Iterator[dict[str, Any]]:
    kind = "fileSet" if source == _FILES else "fileObject"
    specs = {spec.name: spec for spec in site.fields}
    for column in site.downloads.columns:
        spec = specs[column.field] if column.field else None
        found: dict[str, Any] = {kind: {"@id": source}, "extract": {"column": column.name}}
        field: dict[str, Any] = {
            "@type": "cr:Field",
            "@id": f"{_RECORDS}/{column.name}",
            "name": column.name,
            "description": _description(column, spec),
            "dataType": _data_type(column, spec),
            "source": found,
        }
        if spec is not None and spec.type == "tags":
            field["repeated"] = True
            if chosen == CSV:
                found["transform"] = {"separator": "; "}
        yield field


def _description(column: FlatColumn, spec: FieldSpec | None) -> str:
    if spec is None:
        return SPECIFIC[column.name]
    unit = f" in {spec.unit}" if spec.unit else ""
    known = " (ISO 8601, with the precision that is known)" if spec.type == "date" else ""
    return f"{spec.label}{unit}{known}"


def _data_type(column: FlatColumn, spec: FieldSpec | None) -> str:
    if spec is not None:
        return _TYPES.get(spec.type, "sc:Text")
    if column.name in SIZES:
        return "sc:Integer"
    return "sc:URL" if column.name in REMOTE else "sc:Text"
