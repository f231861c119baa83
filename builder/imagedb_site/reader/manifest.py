"""manifest.json, read and checked (docs/FORMAT.md 2.1, 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import (
    as_bool,
    as_count,
    as_entry,
    as_list,
    as_object,
    as_text,
    as_texts,
    one_of,
    parse_json,
)

VERSION = 1
MANIFEST_LIMIT = 64 << 20
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_TYPES = ("text", "tags", "category", "number", "date", "boolean", "url")
_MAX_ROWS = 1 << 31


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    type: str
    fts: bool
    facet: bool
    column: FileEntry | None
    unit: str | None


@dataclass(frozen=True)
class Blocks:
    """A list cut into files of `block` rows each."""

    block: int
    files: tuple[FileEntry, ...]


@dataclass(frozen=True)
class Catalog:
    file: FileEntry
    columns: tuple[str, ...]
    tokenize: str


@dataclass(frozen=True)
class Vectors:
    count: int
    dim: int
    file: FileEntry


@dataclass(frozen=True)
class Suggestions:
    """The file of the words of the texts, and how many there are."""

    count: int
    file: FileEntry


@dataclass(frozen=True)
class Pictures:
    """A summary of the thumbnails or views; `extension` of a thumbnail file is `webp` or `bin`."""

    size: int
    count: int
    bytes: int
    extension: str


@dataclass(frozen=True)
class Model:
    """`pack` is the pack's own pack.json; `files` says where the site keeps each of its files."""

    pack: Mapping[str, Any]
    files: Mapping[str, FileEntry]


@dataclass(frozen=True)
class Manifest:
    """A checked manifest. `json` is the whole object as read, unknown keys included."""

    json: Mapping[str, Any]
    generator: str
    title: str
    description: str
    count: int
    hash: str
    attribution: tuple[Mapping[str, str], ...]
    fields: tuple[Field, ...]
    rows: Blocks
    ids: FileEntry
    thumbnails: Pictures
    views: Pictures | None
    originals: str
    documents: Blocks
    catalog: Catalog
    vectors: Vectors | None
    model: Model | None
    suggestions: Suggestions | None
    examples: tuple[str, ...]
    bytes: int

    def field(self, name: str) -> Field:
        """The field of that name; raises FormatError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise FormatError(f"This site has no field “{name[:80]}”.")

    def entries(self) -> list[FileEntry]:
        """Every file the manifest names, without repetition."""
        found = [
            *self.rows.files,
            self.ids,
            *self.documents.files,
            self.catalog.file,
            *(field.column for field in self.fields if field.column is not None),
        ]
        if self.vectors is not None:
            found.append(self.vectors.file)
        if self.model is not None:
            found.extend(self.model.files.values())
        if self.suggestions is not None:
            found.append(self.suggestions.file)
        return list(dict.fromkeys(found))


def parse_manifest(data: bytes) -> Manifest:
    """Check everything docs/FORMAT.md says about the manifest; raises FormatError."""
    root = as_object(parse_json(data, "manifest.json"), "manifest.json")
    if root.get("format") != "imagedb-site":
        raise FormatError("manifest.json does not describe an imagedb-site collection.")
    if root.get("version") != VERSION or isinstance(root.get("version"), bool):
        raise FormatError(
            f"The site has format version {str(root.get('version'))[:20]}, this program reads "
            f"version {VERSION}.",
            "Use the version of imagedb-site that built the site, or build it again.",
        )
    collection = as_object(root.get("collection"), "collection")
    count = as_count(collection.get("count"), "collection.count", _MAX_ROWS)
    digest = as_text(collection.get("hash"), "collection.hash")
    if not _HEX64.fullmatch(digest):
        raise FormatError("collection.hash is not a SHA-256.")
    fields = _fields(root.get("fields"))
    return Manifest(
        json=root,
        generator=as_text(root.get("generator"), "generator"),
        title=as_text(collection.get("title"), "collection.title"),
        description=as_text(collection.get("description"), "collection.description"),
        count=count,
        hash=digest,
        attribution=tuple(_attribution(collection.get("attribution"))),
        fields=fields,
        rows=_blocks(root.get("rows"), "rows", count),
        ids=as_entry(root.get("ids"), "ids"),
        thumbnails=_pictures(root.get("thumbnails"), "thumbnails"),
        views=None if root.get("views") is None else _pictures(root["views"], "views"),
        originals=one_of(root.get("originals"), ("none", "copy", "link"), "originals"),
        documents=_blocks(root.get("documents"), "documents", count),
        catalog=_catalog(root.get("catalog"), fields, count),
        vectors=_vectors(root.get("vectors"), count),
        model=_model(root.get("model")),
        suggestions=_suggestions(root.get("suggestions")),
        examples=tuple(as_texts(root.get("examples"), "examples")),
        bytes=as_count(root.get("bytes"), "bytes"),
    )


def _attribution(value: object) -> list[Mapping[str, str]]:
    lines: list[Mapping[str, str]] = []
    for item in as_list(value, "collection.attribution"):
        line = as_object(item, "collection.attribution")
        as_text(line.get("text"), "collection.attribution.text")
        known = [key for key in ("text", "url", "licence") if key in line]
        lines.append({str(key): as_text(line[key], f"attribution.{key}") for key in known})
    return lines


def _fields(value: object) -> tuple[Field, ...]:
    fields: dict[str, Field] = {}
    for item in as_list(value, "fields"):
        definition = as_object(item, "fields")
        name = as_text(definition.get("name"), "fields.name")
        if not _FIELD_NAME.fullmatch(name) or name in fields:
            raise FormatError(f"“{name[:80]}” is not a valid new field name.")
        column, unit = definition.get("column"), definition.get("unit")
        fields[name] = Field(
            name=name,
            label=as_text(definition.get("label"), f"fields.{name}.label"),
            type=one_of(definition.get("type"), _TYPES, f"fields.{name}.type"),
            fts=as_bool(definition.get("fts"), f"fields.{name}.fts"),
            facet=as_bool(definition.get("facet"), f"fields.{name}.facet"),
            column=None if column is None else as_entry(column, f"fields.{name}.column"),
            unit=None if unit is None else as_text(unit, f"fields.{name}.unit"),
        )
    return tuple(fields.values())


def _blocks(value: object, where: str, count: int) -> Blocks:
    blocks = as_object(value, where)
    block = as_count(blocks.get("block"), f"{where}.block", _MAX_ROWS)
    files = as_list(blocks.get("files"), f"{where}.files")
    if not block or len(files) != -(-count // block):
        raise FormatError(f"{where} has {len(files):,} files of {block:,} for {count:,} images.")
    return Blocks(block, tuple(as_entry(file, f"{where}.files") for file in files))


def _pictures(value: object, where: str) -> Pictures:
    summary = as_object(value, where)
    extension = "webp"
    if where == "thumbnails":
        extension = one_of(summary.get("extension"), ("webp", "bin"), "thumbnails.extension")
    return Pictures(
        size=as_count(summary.get("size"), f"{where}.size"),
        count=as_count(summary.get("count"), f"{where}.count"),
        bytes=as_count(summary.get("bytes"), f"{where}.bytes"),
        extension=extension,
    )


def _catalog(value: object, fields: tuple[Field, ...], count: int) -> Catalog:
    catalog = as_object(value, "catalog")
    one_of(catalog.get("tier"), ("whole",), "catalog.tier")
    columns = as_texts(catalog.get("columns"), "catalog.columns")
    if columns != [field.name for field in fields if field.fts] or not columns:
        raise FormatError("catalog.columns are not the fields of full text.")
    if catalog.get("count") != count:
        raise FormatError("catalog.count is not the number of images.")
    tokenize = as_text(catalog.get("tokenize"), "catalog.tokenize")
    return Catalog(as_entry(catalog.get("file"), "catalog.file"), tuple(columns), tokenize)


def _vectors(value: object, count: int) -> Vectors | None:
    if value is None:
        return None
    vectors = as_object(value, "vectors")
    one_of(vectors.get("tier"), ("flat",), "vectors.tier")
    one_of(vectors.get("codec"), ("int8",), "vectors.codec")
    if vectors.get("count") != count:
        raise FormatError("vectors.count is not the number of images.")
    dim = as_count(vectors.get("dim"), "vectors.dim", 1 << 16)
    if not dim:
        raise FormatError("vectors.dim is 0.")
    return Vectors(count, dim, as_entry(vectors.get("file"), "vectors.file"))


def _suggestions(value: object) -> Suggestions | None:
    if value is None:
        return None
    suggestions = as_object(value, "suggestions")
    count = as_count(suggestions.get("count"), "suggestions.count", _MAX_ROWS)
    return Suggestions(count, as_entry(suggestions.get("file"), "suggestions.file"))


def _model(value: object) -> Model | None:
    if value is None:
        return None
    model = as_object(value, "model")
    pack = as_object(model.get("pack"), "model.pack")
    if pack.get("format") != "imagedb-pack" or pack.get("version") != 1:
        raise FormatError("model.pack is not a model pack of version 1.")
    as_text(pack.get("encoder_hash"), "model.pack.encoder_hash")
    as_count(pack.get("dim"), "model.pack.dim", 1 << 16)
    wanted = as_object(pack.get("files"), "model.pack.files")
    named = as_object(model.get("files"), "model.files")
    files = {name: as_entry(entry, f"model.files.{name[:80]}") for name, entry in named.items()}
    missing = sorted(set(wanted) - set(files))
    if missing:
        raise FormatError(f"The site lacks {missing[0][:80]} of its model pack.")
    return Model(pack, files)
