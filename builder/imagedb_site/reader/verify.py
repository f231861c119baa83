"""Reads a whole site and checks that its parts agree, with a few blocks in memory at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from imagedb_site.dates import date_span
from imagedb_site.errors import FormatError
from imagedb_site.layout import (
    HASHED_FOLDERS,
    MANIFEST,
    PORTABLE_MANIFEST,
    hash_in_name,
    thumbnail_path,
)
from imagedb_site.objects import PageCollector, names_objects
from imagedb_site.portable import script_of
from imagedb_site.reader.cells import CellVectors
from imagedb_site.reader.coarse import verify_coarse
from imagedb_site.reader.columns import SiteColumn
from imagedb_site.reader.decode import RowInfo
from imagedb_site.reader.downloads import DownloadsCheck
from imagedb_site.reader.manifest_fields import Field
from imagedb_site.reader.meaning_map import verify_map
from imagedb_site.reader.shape import FILE_LIMIT
from imagedb_site.reader.site import Site
from imagedb_site.reader.source import Source
from imagedb_site.reader.vectors import read_missing, read_texts
from imagedb_site.reader.verify_cells import verify_cells
from imagedb_site.reader.verify_model import verify_model
from imagedb_site.reader.verify_terms import verify_terms

Document = dict[str, Any]


def verify_site(site: Site, checked: dict[str, int] | None = None) -> None:
    """Check every file and what the files say about each other.

    `checked`: the sizes of picture files whose content is known to fit their names. They are not read
    again, and those that are read are added. Raises FormatError for the first thing that is wrong.
    """
    source = site.source
    noting = _Noting(source)
    site.source = noting
    try:
        _verify_parts(site, {} if checked is None else checked)
        for entry in site.entries():
            if entry.path.split("/")[0] in HASHED_FOLDERS:
                check_name(entry.path, entry.sha256)
            if entry.path not in noting.paths:
                site.read(entry)
        if "portable" in site.manifest.json:
            _verify_portable(source)
    finally:
        site.source = source


def _verify_portable(source: Source) -> None:
    """The manifest that pages from the disk read is the site's own."""
    manifest = source.read(MANIFEST, FILE_LIMIT)
    if source.read(PORTABLE_MANIFEST, FILE_LIMIT) != script_of(MANIFEST, manifest):
        raise FormatError(f"{PORTABLE_MANIFEST} does not hold {MANIFEST}.")


def check_name(path: str, sha256: str) -> None:
    """Raise FormatError unless the name of a hashed file holds the beginning of its SHA-256."""
    name = hash_in_name(path)
    if name is None or not sha256.startswith(name):
        raise FormatError(f"{path} does not have the hash of its content in its name.")


class _Noting:
    """A source that notes which files were read, so that none is read twice."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.paths: set[str] = set()

    @property
    def name(self) -> str:
        return self._source.name

    def read(self, path: str, limit: int) -> bytes:
        data = self._source.read(path, limit)
        self.paths.add(path)
        return data

    def address(self, path: str) -> str:
        return self._source.address(path)


def _verify_parts(site: Site, sizes: dict[str, int]) -> None:
    """What the files say about each other."""
    manifest = site.manifest
    ids = site.id_numbers
    _ = site.order
    columns = [(field, site.column(field.name)) for field in manifest.fields if field.column]
    pictures = _Pictures(site, sizes)
    pages = PageCollector()
    downloads = DownloadsCheck(site)
    texts = read_texts(manifest.vectors, site.read)
    for first, rows, documents in _parts(site):
        if [int(info.image_id, 16) for info in rows] != ids[first : first + len(rows)].tolist():
            raise FormatError(f"The ids and the rows from {first:,} on are of different images.")
        for offset, (info, document) in enumerate(zip(rows, documents, strict=True)):
            if info.width != document["width"] or info.height != document["height"]:
                raise FormatError(f"Row {first + offset:,} and its document differ in size.")
            if info.width and texts is not None and texts[first + offset]:
                raise FormatError(f"vectors.texts has the row {first + offset:,} with a picture.")
            pictures.verify(first + offset, info, document)
            downloads.verify(info, document)
            pages.add(document["fields"], document["path"])
        for field, column in columns:
            _verify_column(field, column, first, documents)
    _verify_objects(site, pages)
    if pictures.thumbnails != manifest.thumbnails.count:
        raise FormatError("thumbnails.count is not the number of thumbnails.")
    if site.model is not None:
        verify_model(site)
    if manifest.vectors is not None:
        vectors = manifest.vectors
        missing = read_missing(vectors, site.read)
        opened = site.vectors
        if isinstance(opened, CellVectors):
            verify_cells(opened.store, missing, texts, site.row_bytes)
        else:
            opened.verify()
        if vectors.coarse is not None:
            verify_coarse(vectors.coarse, vectors.count, vectors.dim, missing, site.read)
        if manifest.model is not None and manifest.model.dim != manifest.vectors.dim:
            raise FormatError("The model's embeddings and the vectors differ in length.")
    if manifest.map is not None:
        without = None if manifest.vectors is None else read_missing(manifest.vectors, site.read)
        verify_map(manifest.map, without, site.read)
    verify_terms(manifest.catalog.postings, site.read)
    _ = site.words


def _verify_objects(site: Site, documents: PageCollector) -> None:
    """The pages of objects are those that the documents name."""
    found = site.objects
    if found is None:
        return
    wanted = documents.finish() if names_objects(site.manifest.fields) else None
    names = ("first", "place", "pages")
    if wanted is None or any(
        (getattr(found, name) != getattr(wanted, name)).any() for name in names
    ):
        raise FormatError("The pages of objects are not those of the documents.")


def _parts(site: Site) -> Iterator[tuple[int, list[RowInfo], list[Document]]]:
    """First row, rows and documents of every block of documents."""
    for number, first, count in site.blocks(site.manifest.documents):
        yield first, site.rows(first, count), site.document_block(number)


def _verify_column(field: Field, column: SiteColumn, first: int, documents: list[Document]) -> None:
    values = column.part(first, len(documents))
    name = field.name
    known = [document["fields"].get(name) for document in documents]
    if field.type == "date":
        # A text that is not a date has no span and never agrees with the column.
        spans = [None if value is None else (date_span(value) or (0, -1)) for value in known]
        agree = column.spans(first, len(documents)) == spans
    else:
        if field.type == "tags":
            known = [[] if value is None else value for value in known]
        elif field.type == "boolean":
            known = [None if value is None else str(value).lower() for value in known]
        agree = values == known
    if not agree:
        last = first + len(documents) - 1
        raise FormatError(
            f"The column “{name}” and the documents of the rows {first:,} to {last:,} disagree."
        )


class _Pictures:
    """Reads every picture file once, and knows how long it is afterwards."""

    def __init__(self, site: Site, sizes: dict[str, int]) -> None:
        self._source = site.source
        self._extension = site.manifest.thumbnails.extension
        self._sizes = sizes
        self.thumbnails = 0

    def verify(self, row: int, info: RowInfo, document: Document) -> None:
        """Check the picture files of a row."""
        place = info.thumbnail
        if place is not None:
            self.thumbnails += 1
            path = thumbnail_path(place.hash16, self._extension)
            if self._size(path) < place.offset + place.length:
                raise FormatError(f"{path} is too short for the thumbnail of row {row:,}.")
        if "view" in document:
            self._size(document["view"]["path"])
        if "original" in document:
            self._size(document["original"])

    def _size(self, path: str) -> int:
        size = self._sizes.get(path)
        if size is None:
            data = self._source.read(path, FILE_LIMIT)
            check_name(path, hashlib.sha256(data).hexdigest())
            size = self._sizes[path] = len(data)
        return size
