"""Reads a whole site and checks that its parts agree."""

from __future__ import annotations

import hashlib

from imagedb_site.errors import FormatError
from imagedb_site.layout import hash_in_name
from imagedb_site.reader.manifest import Model
from imagedb_site.reader.shape import FILE_LIMIT, as_object, as_text
from imagedb_site.reader.site import Site
from imagedb_site.records import Value


def verify_site(site: Site, skip: frozenset[str]) -> None:
    """Check every file and what they say about each other; `skip` names paths not to read again.

    Raises FormatError for the first thing that is wrong.
    """
    manifest = site.manifest
    for entry in manifest.entries():
        if entry.path not in skip:
            site.read(entry)
        check_name(entry.path, entry.sha256)
    rows = site.rows
    documents = [site.document(row) for row in range(site.count)]
    for row, (info, document) in enumerate(zip(rows, documents, strict=True)):
        if (info.width, info.height) != (document["width"], document["height"]):
            raise FormatError(f"Row {row:,} and its document differ in size.")
    for field in manifest.fields:
        if field.column is not None:
            _verify_column(site, field.name, [document["fields"] for document in documents])
    if manifest.model is not None:
        _verify_model(site, manifest.model)
    if manifest.vectors is not None:
        _ = site.flat_vectors
        if manifest.model is not None and manifest.model.pack["dim"] != manifest.vectors.dim:
            raise FormatError("The model's embeddings and the vectors differ in length.")
    site.catalog.verify()
    _ = site.words
    _verify_pictures(site, documents, skip)


def check_name(path: str, sha256: str) -> None:
    """Raise FormatError unless the name of a hashed file holds the beginning of its SHA-256."""
    name = hash_in_name(path)
    if name is None or not sha256.startswith(name):
        raise FormatError(f"{path} does not carry the hash of its content in its name.")


def _verify_model(site: Site, model: Model) -> None:
    """The site's files are the pack's own, as they were or under the site's compression."""
    for name, known in as_object(model.pack["files"], "model.pack.files").items():
        wanted = as_text(as_object(known, "model.pack.files").get("sha256"), "model.pack.files")
        entry = model.files[name]
        if wanted not in (entry.sha256, hashlib.sha256(site.read(entry)).hexdigest()):
            raise FormatError(f"{entry.path} is not “{name[:80]}” of the model pack.")


def _verify_column(site: Site, name: str, fields: list[dict[str, Value]]) -> None:
    field_type = site.manifest.field(name).type
    if field_type == "date":
        # Compared by presence only: the documents keep the text as it was.
        pairs = zip(site.column(name), fields, strict=True)
        if any((value is None) != (name not in known) for value, known in pairs):
            raise FormatError(f"The column “{name}” and the documents disagree.")
        return
    for row, (value, known) in enumerate(zip(site.column(name), fields, strict=True)):
        expected: object = known.get(name, [] if field_type == "tags" else None)
        if isinstance(expected, bool):
            expected = "true" if expected else "false"
        if value != expected:
            raise FormatError(f"The column “{name}” and the document of row {row:,} disagree.")


def _verify_pictures(site: Site, documents: list[dict[str, object]], skip: frozenset[str]) -> None:
    needed: dict[str, int] = {}
    count = 0
    for row, info in enumerate(site.rows):
        path = site.thumbnail_path(row)
        if path is not None and info.thumbnail is not None:
            count += 1
            end = info.thumbnail.offset + info.thumbnail.length
            needed[path] = max(needed.get(path, 0), end)
    if count != site.manifest.thumbnails.count:
        raise FormatError("thumbnails.count is not the number of thumbnails.")
    for document in documents:
        view, original = document.get("view"), document.get("original")
        if isinstance(view, dict):
            needed.setdefault(view["path"], 0)
        if isinstance(original, str):
            needed.setdefault(original, 0)
    for path, least in needed.items():
        if path in skip:
            continue
        data = site.source.read(path, FILE_LIMIT)
        check_name(path, hashlib.sha256(data).hexdigest())
        if len(data) < least:
            raise FormatError(f"{path} is too short for the thumbnails in it.")
