"""manifest.json, read and checked (docs/FORMAT.md 2.1, 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagedb_site.checksum import KEY, seal_holds
from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.flat_documents import FORMATS
from imagedb_site.reader.cell_manifest import CellTier, parse_cells
from imagedb_site.reader.coarse import CoarseFiles, parse_coarse
from imagedb_site.reader.home import Home, parse_home
from imagedb_site.reader.manifest_fields import Field, ListView, read_fields, read_list
from imagedb_site.reader.meaning_map import MapFiles, parse_map
from imagedb_site.reader.objects import ObjectFiles, parse_objects
from imagedb_site.reader.postings import PostingsEntry, parse_postings
from imagedb_site.reader.row_set import RowSet, row_set
from imagedb_site.reader.shape import (
    ListEntry,
    as_count,
    as_entry,
    as_file_list,
    as_list,
    as_object,
    as_text,
    as_texts,
    one_of,
    parse_json,
)
from imagedb_site.web_addresses import is_origin

VERSION = 2
DRAFT = 1
MANIFEST_LIMIT = 64 << 20
_MOST_ORIGINS = 100
_HEX64 = re.compile(r"[0-9a-f]{64}")
_MAX_ROWS = 1 << 31
_MAX_ROW_BLOCK = 1 << 16


@dataclass(frozen=True)
class Blocks:
    """Rows cut into files of `block` rows each."""

    block: int
    files: ListEntry


@dataclass(frozen=True)
class Ids:
    """The look-up of image ids: 16^`digits` files by the first digits of the ids."""

    digits: int
    files: ListEntry


@dataclass(frozen=True)
class Catalog:
    columns: tuple[str, ...]
    tokenize: str
    postings: PostingsEntry


@dataclass(frozen=True)
class Vectors:
    """The embeddings: of `source`. `missing` are the rows without one, `texts` those that have that of
    their text beside others that have that of their picture. `block` rows lie in each of `files`; with
    `cells` they lie in the files of cells, and both are 0 and None."""

    source: str
    missing: RowSet | None
    texts: RowSet | None
    count: int
    dim: int
    block: int
    quantizer: FileEntry
    files: ListEntry | None
    coarse: CoarseFiles | None = None
    cells: CellTier | None = None


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
class Downloads:
    """The metadata to download, by format; `rows` is the most rows in a file of it."""

    formats: tuple[str, ...]
    rows: int
    bytes: int
    index: FileEntry


@dataclass(frozen=True)
class ModelSummary:
    """The site's model pack in a few words; `file` is the index with the pack and its files.

    `static`: the files with the static rows, `static_block` of `static_rows` in each; None if there are none.
    `words`: the file with the words of the pack's vocabulary. `level`: see `Index.level`.
    """

    id: str
    name: str
    dim: int
    encoder_hash: str
    temperature: float
    file: FileEntry
    static: ListEntry | None = None
    static_rows: int = 0
    static_block: int = 0
    words: FileEntry | None = None
    level: float | None = None


@dataclass(frozen=True)
class Manifest:
    """A checked manifest. `json` is the whole object as read, unknown keys included."""

    json: Mapping[str, Any]
    generator: str
    title: str
    description: str
    count: int
    hash: str
    source: str
    attribution: tuple[Mapping[str, str], ...]
    fields: tuple[Field, ...]
    columns: FileEntry | None
    list: ListView
    rows: Blocks
    ids: Ids
    order: Blocks | None
    thumbnails: Pictures
    views: Pictures | None
    originals: str
    origins: tuple[str, ...]
    documents: Blocks
    downloads: Downloads | None
    catalog: Catalog
    vectors: Vectors | None
    model: ModelSummary | None
    suggestions: Suggestions | None
    tags: FileEntry | None
    examples: tuple[str, ...]
    program: FileEntry
    bytes: int
    map: MapFiles | None = None
    objects: ObjectFiles | None = None
    home: Home | None = None

    def field(self, name: str) -> Field:
        """The field of that name; raises FormatError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise FormatError(f"This site has no field “{name[:80]}”.")


def parse_manifest(data: bytes) -> Manifest:
    """Check everything docs/FORMAT.md says about the manifest; raises FormatError."""
    root = as_object(parse_json(data, "manifest.json"), "manifest.json")
    if root.get("format") != "imagedb-site":
        raise FormatError("manifest.json does not describe an imagedb-site collection.")
    if KEY in root and not seal_holds(data, root[KEY]):
        raise FormatError(
            "manifest.json is damaged: its content is not the one that its checksum announces.",
            "Publish the site again.",
        )
    version = root.get("version")
    if version == DRAFT and type(version) is int:
        raise FormatError(
            "The site was written by a draft version of imagedb-site (format version 1).",
            "Build it again with this version.",
        )
    if version != VERSION or type(version) is not int:
        raise FormatError(
            f"The site has format version {str(version)[:20]}, this program reads version {VERSION}.",
            "Use the version of imagedb-site that built the site, or build it again.",
        )
    if KEY not in root:
        raise FormatError("manifest.json has no checksum.", "Build the site again.")
    collection = as_object(root.get("collection"), "collection")
    count = as_count(collection.get("count"), "collection.count", _MAX_ROWS)
    digest = as_text(collection.get("hash"), "collection.hash")
    if not _HEX64.fullmatch(digest):
        raise FormatError("collection.hash is not a SHA-256.")
    fields = read_fields(root.get("fields"))
    return Manifest(
        json=root,
        generator=as_text(root.get("generator"), "generator"),
        title=as_text(collection.get("title"), "collection.title"),
        description=as_text(collection.get("description"), "collection.description"),
        count=count,
        hash=digest,
        source=as_text(collection.get("source"), "collection.source"),
        attribution=tuple(_attribution(collection.get("attribution"))),
        fields=fields,
        columns=_columns(root.get("columns"), fields),
        list=read_list(root.get("list"), fields),
        rows=_blocks(root.get("rows"), "rows", count),
        ids=_ids(root.get("ids")),
        order=None if root.get("order") is None else _blocks(root["order"], "order", count),
        thumbnails=_pictures(root.get("thumbnails"), "thumbnails"),
        views=None if root.get("views") is None else _pictures(root["views"], "views"),
        originals=one_of(root.get("originals"), ("none", "copy", "link"), "originals"),
        origins=_origins(root.get("remote")),
        documents=_blocks(root.get("documents"), "documents", count),
        downloads=_downloads(root.get("downloads")),
        catalog=_catalog(root.get("catalog"), fields, count),
        vectors=_vectors(root.get("vectors"), count),
        model=_model(root.get("model")),
        suggestions=_suggestions(root.get("suggestions")),
        tags=None if root.get("tags") is None else as_entry(root["tags"], "tags", index=True),
        examples=tuple(as_texts(root.get("examples"), "examples")),
        program=as_entry(root.get("program"), "program", index=True),
        bytes=as_count(root.get("bytes"), "bytes"),
        map=parse_map(root.get("map"), count),
        objects=parse_objects(root.get("objects"), count),
        home=parse_home(root.get("home"), count, {field.name for field in fields}),
    )


def _attribution(value: object) -> list[Mapping[str, str]]:
    lines: list[Mapping[str, str]] = []
    for item in as_list(value, "collection.attribution"):
        line = as_object(item, "collection.attribution")
        as_text(line.get("text"), "collection.attribution.text")
        known = [key for key in ("text", "url", "licence") if key in line]
        lines.append({str(key): as_text(line[key], f"attribution.{key}") for key in known})
    return lines


def _origins(value: object) -> tuple[str, ...]:
    """The origins of pictures on other hosts."""
    if value is None:
        return ()
    origins = as_texts(as_object(value, "remote").get("origins"), "remote.origins")
    if not 0 < len(origins) <= _MOST_ORIGINS or not all(map(is_origin, origins)):
        raise FormatError("remote.origins is not a list of origins.")
    return tuple(origins)


def _columns(value: object, fields: tuple[Field, ...]) -> FileEntry | None:
    if value is None:
        if any(field.column for field in fields):
            raise FormatError("columns is missing, but there are fields with a column.")
        return None
    return as_entry(value, "columns", index=True)


def _blocks(value: object, where: str, count: int) -> Blocks:
    blocks = as_object(value, where)
    block = as_count(blocks.get("block"), f"{where}.block", _MAX_ROWS)
    if where == "rows" and block > _MAX_ROW_BLOCK:
        raise FormatError(f"rows.block is {block:,}; {_MAX_ROW_BLOCK:,} is the limit.")
    files = as_file_list(blocks.get("files"), f"{where}.files")
    if not block or files.count != -(-count // block):
        raise FormatError(f"{where} has {files.count:,} files of {block:,} for {count:,} images.")
    return Blocks(block, files)


def _ids(value: object) -> Ids:
    ids = as_object(value, "ids")
    digits = as_count(ids.get("digits"), "ids.digits", 4)
    files = as_file_list(ids.get("files"), "ids.files")
    if files.count != 16**digits:
        raise FormatError(f"ids has {files.count:,} files for {digits} digits.")
    return Ids(digits, files)


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


def _downloads(value: object) -> Downloads | None:
    if value is None:
        return None
    downloads = as_object(value, "downloads")
    names = as_texts(downloads.get("formats"), "downloads.formats")
    return Downloads(
        formats=tuple(one_of(name, FORMATS, "downloads.formats") for name in names),
        rows=as_count(downloads.get("rows"), "downloads.rows"),
        bytes=as_count(downloads.get("bytes"), "downloads.bytes"),
        index=as_entry(downloads.get("index"), "downloads.index", index=True),
    )


def _catalog(value: object, fields: tuple[Field, ...], count: int) -> Catalog:
    catalog = as_object(value, "catalog")
    one_of(catalog.get("tier"), ("postings",), "catalog.tier")
    columns = as_texts(catalog.get("columns"), "catalog.columns")
    if columns != [field.name for field in fields if field.fts] or not columns:
        raise FormatError("catalog.columns are not the fields of full text.")
    if catalog.get("count") != count:
        raise FormatError("catalog.count is not the number of images.")
    tokenize = as_text(catalog.get("tokenize"), "catalog.tokenize")
    return Catalog(tuple(columns), tokenize, parse_postings(catalog, count, len(columns)))


def _vectors(value: object, count: int) -> Vectors | None:
    if value is None:
        return None
    vectors = as_object(value, "vectors")
    tier = one_of(vectors.get("tier"), ("flat", "cells"), "vectors.tier")
    one_of(vectors.get("codec"), ("int8",), "vectors.codec")
    if vectors.get("count") != count:
        raise FormatError("vectors.count is not the number of images.")
    dim = as_count(vectors.get("dim"), "vectors.dim", 1 << 16)
    if not dim:
        raise FormatError("vectors.dim is 0.")
    quantizer = as_entry(vectors.get("quantizer"), "vectors.quantizer")
    source = one_of(vectors.get("source"), ("pictures", "texts", "both"), "vectors.source")
    missing = row_set(vectors.get("missing"), "vectors.missing", count)
    texts = row_set(vectors.get("texts"), "vectors.texts", count)
    if (texts is not None) != (source == "both"):
        raise FormatError("vectors.texts does not fit vectors.source.")
    if tier == "cells":
        cells = parse_cells(vectors, count)
        return Vectors(source, missing, texts, count, dim, 0, quantizer, None, cells=cells)
    blocks = _blocks(vectors, "vectors", count)
    if blocks.block % 4:
        raise FormatError(f"vectors.block is {blocks.block:,}, not a multiple of 4.")
    coarse = parse_coarse(vectors.get("coarse"), count)
    return Vectors(
        source, missing, texts, count, dim, blocks.block, quantizer, blocks.files, coarse
    )


def _suggestions(value: object) -> Suggestions | None:
    if value is None:
        return None
    suggestions = as_object(value, "suggestions")
    count = as_count(suggestions.get("count"), "suggestions.count", _MAX_ROWS)
    return Suggestions(count, as_entry(suggestions.get("file"), "suggestions.file"))


def _model(value: object) -> ModelSummary | None:
    if value is None:
        return None
    model = as_object(value, "model")
    temperature = model.get("temperature")
    if isinstance(temperature, bool) or not isinstance(temperature, int | float):
        raise FormatError("model.temperature is not a number.")
    if not 0 < temperature < float("inf"):
        raise FormatError("model.temperature is not a positive number.")
    level = model.get("level")
    if level is not None and not (type(level) in (int, float) and -1 < level < 1):
        raise FormatError("model.level is not a similarity.")
    as_object(model.get("licence"), "model.licence")
    static, rows, block = None, 0, 0
    if model.get("static") is not None:
        spec = as_object(model["static"], "model.static")
        static = as_file_list(spec.get("files"), "model.static.files")
        rows = as_count(spec.get("rows"), "model.static.rows", 1 << 31)
        block = as_count(spec.get("rows_per_shard"), "model.static.rows_per_shard", 1 << 31)
        if not block or static.count != -(-rows // block):
            raise FormatError("model.static has another number of files than it should.")
    words = model.get("words")
    return ModelSummary(
        id=as_text(model.get("id"), "model.id"),
        name=as_text(model.get("name"), "model.name"),
        dim=as_count(model.get("dim"), "model.dim", 1 << 16),
        encoder_hash=as_text(model.get("encoder_hash"), "model.encoder_hash"),
        temperature=float(temperature),
        file=as_entry(model.get("file"), "model.file", index=True),
        static=static,
        static_rows=rows,
        static_block=block,
        words=None if words is None else as_entry(words, "model.words"),
        level=None if level is None else float(level),
    )
