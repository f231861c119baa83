"""Reads a whole site and checks that its parts agree, with a few blocks in memory at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from imagedb_site.errors import FormatError
from imagedb_site.layout import HASHED_FOLDERS, hash_in_name
from imagedb_site.reader.columns import SiteColumn
from imagedb_site.reader.decode import RowInfo
from imagedb_site.reader.manifest import Field
from imagedb_site.reader.shape import FILE_LIMIT, as_object, as_text
from imagedb_site.reader.site import Site
from imagedb_site.records import Value

Document = dict[str, object]


def verify_site(site: Site, skip: frozenset[str] = frozenset()) -> None:
    """Check every file and what the files say about each other; `skip` names paths not to read again.

    Raises FormatError for the first thing that is wrong.
    """
    manifest = site.manifest
    for entry in site.entries():
        if entry.path.split("/")[0] in HASHED_FOLDERS:
            check_name(entry.path, entry.sha256)
        if entry.path not in skip:
            site.read(entry)
    _verify_ids(site)
    _ = site.order
    columns = [(field, site.column(field.name)) for field in manifest.fields if field.column]
    pictures = _Pictures(site, skip)
    for first, rows, documents in _parts(site):
        for offset, (info, document) in enumerate(zip(rows, documents, strict=True)):
            if (info.width, info.height) != (document["width"], document["height"]):
                raise FormatError(f"Row {first + offset:,} and its document differ in size.")
            pictures.add(info, document)
        for field, column in columns:
            _verify_column(field, column, first, documents)
    pictures.verify()
    if site.model is not None:
        _verify_model(site)
    if manifest.vectors is not None:
        site.vectors.verify()
        if manifest.model is not None and manifest.model.dim != manifest.vectors.dim:
            raise FormatError("The model's embeddings and the vectors differ in length.")
    site.catalog.verify()
    _ = site.words


def check_name(path: str, sha256: str) -> None:
    """Raise FormatError unless the name of a hashed file holds the beginning of its SHA-256."""
    name = hash_in_name(path)
    if name is None or not sha256.startswith(name):
        raise FormatError(f"{path} does not carry the hash of its content in its name.")


def _verify_ids(site: Site) -> None:
    """The look-up of ids and the rows must say the same."""
    numbers = site.id_numbers
    for number, first, count in site.blocks(site.manifest.rows):
        told = [int(info.image_id, 16) for info in site.row_block(number)]
        if told != numbers[first : first + count].tolist():
            raise FormatError(f"The ids and the rows from {first:,} on are of different images.")


def _parts(site: Site) -> Iterator[tuple[int, list[RowInfo], list[Document]]]:
    """First row, rows and documents of every block of documents."""
    for number, first, count in site.blocks(site.manifest.documents):
        rows = [site.row(row) for row in range(first, first + count)]
        yield first, rows, site.document_block(number)


def _verify_model(site: Site) -> None:
    """The site's files are the pack's own, as they were or under the site's compression."""
    model = site.model
    assert model is not None
    for name, known in as_object(model.pack["files"], "model.pack.files").items():
        wanted = as_text(as_object(known, "model.pack.files").get("sha256"), "model.pack.files")
        entry = model.files[name]
        if wanted not in (entry.sha256, hashlib.sha256(site.read(entry)).hexdigest()):
            raise FormatError(f"{entry.path} is not “{name[:80]}” of the model pack.")


def _verify_column(field: Field, column: SiteColumn, first: int, documents: list[Document]) -> None:
    values = column.part(first, len(documents))
    for row, (value, document) in enumerate(zip(values, documents, strict=True), first):
        known: dict[str, Value] = as_object(document["fields"], "fields")
        if field.type == "date":
            # Compared by presence only: the documents keep the text as it was.
            agree = (value is None) == (field.name not in known)
        else:
            expected: object = known.get(field.name, [] if field.type == "tags" else None)
            if isinstance(expected, bool):
                expected = "true" if expected else "false"
            agree = value == expected
        if not agree:
            raise FormatError(
                f"The column “{field.name}” and the document of row {row:,} disagree."
            )


class _Pictures:
    """Collects which picture files the rows need, and how long each has to be."""

    def __init__(self, site: Site, skip: frozenset[str]) -> None:
        self._site = site
        self._skip = skip
        self._needed: dict[str, int] = {}
        self._count = 0

    def add(self, info: RowInfo, document: Document) -> None:
        place = info.thumbnail
        if place is not None:
            self._count += 1
            path = f"thumbs/{place.hash16}.{self._site.manifest.thumbnails.extension}"
            self._needed[path] = max(self._needed.get(path, 0), place.offset + place.length)
        view, original = document.get("view"), document.get("original")
        if isinstance(view, dict):
            self._needed.setdefault(str(view["path"]), 0)
        if isinstance(original, str):
            self._needed.setdefault(original, 0)

    def verify(self) -> None:
        if self._count != self._site.manifest.thumbnails.count:
            raise FormatError("thumbnails.count is not the number of thumbnails.")
        for path, least in self._needed.items():
            if path in self._skip:
                continue
            data = self._site.source.read(path, FILE_LIMIT)
            check_name(path, hashlib.sha256(data).hexdigest())
            if len(data) < least:
                raise FormatError(f"{path} is too short for the thumbnails in it.")
