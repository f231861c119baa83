"""Writes a whole site, docs/FORMAT.md section 2, into a new folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.container import canonical_json
from imagedb_site.errors import FormatError
from imagedb_site.layout import MANIFEST
from imagedb_site.records import Problem, Progress, Value
from imagedb_site.site.catalog import write_catalog
from imagedb_site.site.columns import write_column
from imagedb_site.site.documents import document, write_documents
from imagedb_site.site.manifest import (
    FORMAT,
    VERSION,
    check_fields,
    collection_hash,
    field_definitions,
    generator,
)
from imagedb_site.site.model import write_model
from imagedb_site.site.originals import write_originals
from imagedb_site.site.pages import write_pages
from imagedb_site.site.rows import write_ids, write_rows
from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.thumbnails import Place, write_thumbnails, write_views
from imagedb_site.site.types import Attribution, SiteInput, SiteReport
from imagedb_site.site.vectors import write_vectors
from imagedb_site.site.words import write_words
from imagedb_site.values import clean_fields, is_web_address, storable


def write_site(
    site: SiteInput,
    out: Path,
    *,
    previous: Path | None = None,
    progress: Progress = lambda step, done, total: None,
) -> SiteReport:
    """Write `site` into `out`, a folder that is empty or does not exist.

    The same input gives the same bytes. Hashed files that the site in `previous` already has are hard
    linked. Raises FormatError where the input does not fit the format and StorageError where a file
    cannot be written; `out` is then incomplete, and has no manifest.
    """
    site = _storable(site)
    _check_input(site)
    folder = SiteFolder(out, previous)
    values, problems = _clean(site)
    thumbnails, places = write_thumbnails(folder, site, progress)
    views, view_paths = write_views(folder, site, progress)
    original_paths = write_originals(folder, site, progress)
    columns = {}
    for spec in site.fields:
        if spec.column or spec.facet:
            columns[spec.name] = write_column(folder, spec, values)
    progress("catalog", 0, 1)
    documents = [
        document(row, fields, view, original)
        for row, fields, view, original in zip(
            site.rows, values, view_paths, original_paths, strict=True
        )
    ]
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "generator": generator(),
        "collection": {
            "title": site.title,
            "description": site.description,
            "count": len(site.rows),
            "hash": collection_hash(site.rows),
            "attribution": [line.to_json() for line in site.attribution],
        },
        "fields": field_definitions(site.fields, columns),
        "rows": write_rows(folder, site.rows, places, site.settings.row_block),
        "ids": write_ids(folder, site.rows),
        "thumbnails": thumbnails,
        "views": views,
        "originals": site.settings.originals,
        "documents": write_documents(folder, documents, site.settings.document_block),
        "catalog": write_catalog(folder, site.fields, values),
        "vectors": None if site.embeddings is None else write_vectors(folder, site.embeddings),
        "model": None if site.pack is None else write_model(folder, site.pack),
        "suggestions": write_words(folder, site.fields, values),
        "examples": list(site.settings.examples),
    }
    progress("catalog", 1, 1)
    if site.settings.pages:
        write_pages(folder, site, _preview(folder, view_paths, places))
    manifest["bytes"] = folder.total_bytes
    # Last: a folder with a manifest is a whole site.
    folder.put(MANIFEST, canonical_json(manifest))
    return SiteReport(
        count=len(site.rows),
        files=len(folder.paths),
        bytes=folder.total_bytes,
        reused=folder.reused,
        hash=manifest["collection"]["hash"],
        problems=tuple(problems),
    )


def _preview(
    folder: SiteFolder, views: Sequence[str | None], places: Sequence[Place | None]
) -> str | None:
    """A picture of the first image that has one, to show where somebody shares the address."""
    for view, place in zip(views, places, strict=True):
        if view is not None:
            return view
        if place is not None:
            path = f"thumbs/{place.hash16}.webp"
            return path if path in folder.paths else None
    return None


def _storable(site: SiteInput) -> SiteInput:
    """The input with texts that UTF-8 can hold; those of the rows are cleaned with their fields."""
    return replace(
        site,
        title=storable(site.title),
        description=storable(site.description),
        attribution=[
            Attribution(
                storable(line.text),
                storable(line.url) if line.url and is_web_address(line.url) else None,
                line.licence and storable(line.licence),
            )
            for line in site.attribution
        ],
        fields=[
            replace(spec, label=storable(spec.label), unit=spec.unit and storable(spec.unit))
            for spec in site.fields
        ],
        settings=replace(
            site.settings, examples=[storable(query) for query in site.settings.examples]
        ),
    )


def _clean(site: SiteInput) -> tuple[Sequence[Mapping[str, Value]], list[Problem]]:
    values: list[Mapping[str, Value]] = []
    problems: list[Problem] = []
    for row in site.rows:
        fields, unfit = clean_fields(row.key, row.fields, site.fields)
        values.append(fields)
        problems.extend(unfit)
    return values, problems


def _check_input(site: SiteInput) -> None:
    check_fields(site.fields)
    if not site.rows:
        raise FormatError("A site needs at least one image.")
    if len({row.image_id for row in site.rows}) != len(site.rows):
        raise FormatError("Two images have the same id.")
    embeddings = site.embeddings
    if embeddings is None:
        return
    if embeddings.ndim != 2 or len(embeddings) != len(site.rows) or not embeddings.shape[1]:
        raise FormatError(f"Embeddings {embeddings.shape} do not fit {len(site.rows):,} images.")
    if not np.isfinite(embeddings).all():
        raise FormatError("Embeddings hold values that are not finite.")
    if site.pack is not None and site.pack.manifest["dim"] != embeddings.shape[1]:
        raise FormatError(
            f"The embeddings have {embeddings.shape[1]} dimensions, "
            f"the model pack {site.pack.manifest['dim']}."
        )
