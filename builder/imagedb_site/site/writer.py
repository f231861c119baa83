"""Writes a whole site, docs/FORMAT.md section 2: the order of its parts, and one pass over the rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError, PictureError
from imagedb_site.layout import thumbnail_path
from imagedb_site.objects import PageCollector, names_objects
from imagedb_site.records import Problem, Progress
from imagedb_site.site.blocks import COLUMN_BLOCK, blocks_of, with_blocks
from imagedb_site.site.catalog import catalog_columns, full_text
from imagedb_site.site.columns import ColumnsWriter
from imagedb_site.site.data_set import write_data_set
from imagedb_site.site.documents import DocumentsWriter, document
from imagedb_site.site.downloads import DownloadsWriter
from imagedb_site.site.home_entry import home_entry
from imagedb_site.site.ids import IdsWriter
from imagedb_site.site.larger import ViewsWriter, write_original
from imagedb_site.site.list_view import ListChooser
from imagedb_site.site.manifest import (
    FORMAT,
    VERSION,
    check_fields,
    field_definitions,
    generator,
)
from imagedb_site.site.map_files import write_map
from imagedb_site.site.model import write_model
from imagedb_site.site.object_files import write_objects
from imagedb_site.site.order import checked_order, write_order
from imagedb_site.site.pages import write_portable, write_program
from imagedb_site.site.postings import write_postings
from imagedb_site.site.reuse import PreviousSite
from imagedb_site.site.rows import DrawnRows, RowsWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.tags import write_tags
from imagedb_site.site.target import FolderTarget, Target
from imagedb_site.site.term_table import TermTable
from imagedb_site.site.thumbnails import PackPlan, Places, plan_packs, write_thumbnails
from imagedb_site.site.types import Attribution, Layout, SiteInput, SiteReport, SiteRow
from imagedb_site.site.vectors import Vectors, write_vectors
from imagedb_site.site.words import WordCounter
from imagedb_site.values import clean_fields, is_web_address, storable
from imagedb_site.web_addresses import is_origin, is_remote

Order = NDArray[np.uint32] | None

_PREVIEW_ROWS = 96


def no_progress(step: str, done: int, total: int | None) -> None:
    """Reports nothing."""


def write_site(
    site: SiteInput,
    out: Path,
    *,
    previous: Path | None = None,
    progress: Progress = no_progress,
) -> SiteReport:
    """Write `site` into `out`, a folder that is empty or does not exist.

    The same input gives the same bytes. Files that the site in `previous` already has are hard linked.
    Raises FormatError if the input does not fit the format, and StorageError if a file cannot be
    written; `out` is then incomplete and has no manifest.
    """
    target = FolderTarget(out, previous)
    earlier = None if previous is None else PreviousSite(previous)
    return write_to(target, site, earlier, progress)


def write_to(
    target: Target,
    site: SiteInput,
    previous: PreviousSite | None = None,
    progress: Progress = no_progress,
) -> SiteReport:
    """Write `site` to a target. `previous`: an earlier site, whose compressed content is used again.

    Rows and embeddings are read as streams. What grows with the collection in memory: about 100 bytes
    per row, 8 more per column, 128 for the order of thumbnails, the different words and values, and the
    paths of rows that belong to an object. In the
    tier `cells` 48 bytes and the codes of each row are kept until its picture is placed.
    """
    settings = with_blocks(site.settings, len(site.rows), site.layout.blocks)
    site = _storable(replace(site, settings=settings))
    _check_input(site)
    files = SiteFiles(target, previous, portable=site.settings.portable)
    order = checked_order(site.layout.order, len(site.rows))
    plan = plan_packs(site, order)
    vectors = _write_vectors(files, site, plan)
    thumbnails, places = write_thumbnails(
        files, site, plan, order, None if vectors is None else vectors.reduced, progress
    )
    # In the tier `cells`, what is drawn of a row lies beside its vector: those files come after the rows.
    drawn = None
    if vectors is not None and vectors.cells is not None and thumbnails["count"]:
        drawn = DrawnRows(len(site.rows), places)
    searched = None if vectors is None or drawn is not None else vectors.finish()
    parts = _Parts(files, site, places, order, drawn)
    with parts.terms:
        for number, row in enumerate(site.rows):
            parts.add(number, row)
            progress("documents", number + 1, len(site.rows))
        progress("catalog", 0, 1)
        written = parts.finish()
        if vectors is not None and drawn is not None:
            searched = vectors.finish(drawn)
        progress("catalog", 1, 1)
    single = places if thumbnails["extension"] == "webp" else None
    pictured = thumbnails["count"] or (len(site.rows) if site.origins else 0)
    program = write_program(files, site, parts.preview(single), pictured=pictured)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "generator": generator(),
        "collection": {
            "title": site.title,
            "description": site.description,
            "count": len(site.rows),
            "hash": parts.hash,
            "source": site.source,
            "attribution": [line.to_json() for line in site.attribution],
        },
        "fields": field_definitions(site.fields),
        **written,
        "order": write_order(files, order, site.settings.order_block, site.settings.fanout),
        "thumbnails": thumbnails,
        "originals": site.settings.originals,
        "remote": {"origins": sorted(site.origins)} if site.origins else None,
        "vectors": searched,
        "model": None
        if site.pack is None
        else write_model(files, site.pack, site.settings.static_block),
        "tags": write_tags(files, site.tags, site.settings.tag_block),
        "examples": list(site.settings.examples),
        "program": program.to_json(),
    }
    if site.map is not None:
        if len(site.map.flat) > len(site.rows):
            raise FormatError("The map has more rows than the collection.")
        manifest["map"] = write_map(files, site.map, site.settings.fanout)
    if (home := home_entry(site)) is not None:
        manifest["home"] = home
    if parts.objects is not None:
        manifest["objects"] = parts.objects
    if site.settings.portable:
        manifest["portable"] = write_portable(files).to_json()
    manifest["bytes"] = files.total_bytes
    files.commit(manifest)
    return SiteReport(
        count=len(site.rows),
        files=files.count,
        bytes=files.total_bytes,
        reused=files.reused,
        hash=parts.hash,
        layout=Layout(
            order,
            None if vectors is None else vectors.quantizer,
            plan.packs,
            blocks_of(settings),
            None if vectors is None else vectors.coarse,
            None if vectors is None else vectors.cells,
        ),
        problems=tuple(parts.problems),
    )


class _Parts:
    """Everything that is written from one pass over the rows."""

    def __init__(
        self,
        files: SiteFiles,
        site: SiteInput,
        places: Places,
        order: Order,
        drawn: DrawnRows | None,
    ) -> None:
        settings = site.settings
        self._files = files
        self._site = site
        self._rows = RowsWriter(files, places, settings, drawn)
        self._documents = DocumentsWriter(files, settings)
        self._downloads = DownloadsWriter(files, site, places)
        self._columns = ColumnsWriter(files, site.fields, len(site.rows), settings)
        self._ids = IdsWriter()
        self._views = ViewsWriter(files, site)
        self._words = WordCounter()
        self._pages = PageCollector() if names_objects(site.fields) else None
        self._list = ListChooser(site.fields, settings.list_columns)
        self._count = 0
        # The paths of views are only kept for the rows where a picture for the preview is looked for.
        head = np.arange(len(site.rows)) if order is None else order
        self._head: dict[int, str | None] = dict.fromkeys(head[:_PREVIEW_ROWS].tolist())
        self.terms = TermTable(catalog_columns(site.fields))
        self.objects: dict[str, Any] | None = None
        self.problems: list[Problem] = []
        self.hash = ""

    def add(self, number: int, row: SiteRow) -> None:
        """Write everything about the next row in row order."""
        if number >= len(self._site.rows):
            raise FormatError(f"More than {number:,} rows were given.")
        values, unfit = clean_fields(row.key, row.fields, self._site.fields)
        self.problems.extend(unfit)
        if not all(is_remote(address, self._site.origins) for address in row.remote.values()):
            raise FormatError(f"{row.key} has a picture on a host that is not allowed.")
        view = self._views.write(number, row)
        original = self._original(number, row)
        self._rows.add(row, self._ids.add(row.image_id))
        published = document(row, values, view, original)
        self._documents.add(published)
        self._downloads.add(number, published)
        self._columns.add(values)
        self._list.add(values)
        if self._pages is not None:
            self._pages.add(values, published["path"])
        texts = full_text(values, self.terms.columns)
        self.terms.add(texts)
        self._words.add(texts)
        if number in self._head:
            self._head[number] = view
        self._count += 1

    def _original(self, number: int, row: SiteRow) -> str | None:
        try:
            return write_original(self._files, self._site, number, row)
        except PictureError as error:
            self.problems.append(Problem(row.key, f"its original is not published: {error}"))
            return None

    def finish(self) -> dict[str, Any]:
        """Write what is left; gives the manifest's keys of these parts."""
        count = len(self._site.rows)
        if self._count != count:
            raise FormatError(f"{self._count:,} rows were given, not {count:,}.")
        settings = self._site.settings
        ids, self.hash = self._ids.finish(self._files, settings)
        pages = None if self._pages is None else self._pages.finish()
        if pages is not None:
            block = settings.column_block or COLUMN_BLOCK
            self.objects = write_objects(self._files, pages, block, settings.fanout)
        return {
            "columns": self._columns.finish(),
            "list": self._list.finish(),
            "rows": self._rows.finish(),
            "ids": ids,
            "views": self._views.finish(),
            "documents": self._documents.finish(),
            "downloads": write_data_set(self._files, self._site, self._downloads.finish()),
            "catalog": write_postings(self._files, self.terms, self._site.settings),
            "suggestions": self._words.finish(self._files),
        }

    def preview(self, places: Places | None) -> str | None:
        """Returns the path of the first view or thumbnail, for links to the page that are shared.

        `places`: None if thumbnails are in packs, from which no page can show one.
        """
        for row, view in self._head.items():
            if view is not None:
                return view
            if places is not None and places.length[row]:
                return thumbnail_path(places.name[row].tobytes().hex(), "webp")
        return None


def _write_vectors(files: SiteFiles, site: SiteInput, plan: PackPlan) -> Vectors | None:
    if site.embeddings is None:
        return None
    wanted = np.zeros(len(site.rows), dtype=np.bool_)
    if plan.packs.packed:
        wanted[plan.others] = True
    return write_vectors(
        files,
        site.embeddings,
        len(site.rows),
        site.layout,
        wanted,
        site.pictures,
        site.settings,
        site.workers,
    )


def _storable(site: SiteInput) -> SiteInput:
    """The input with texts that UTF-8 can hold. Those of the rows are cleaned with their fields."""
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


def _check_input(site: SiteInput) -> None:
    check_fields(site.fields)
    catalog_columns(site.fields)
    if not len(site.rows):
        raise FormatError("A site needs at least one record.")
    if not all(map(is_origin, site.origins)):
        raise FormatError("The origins of remote pictures have one that is not valid.")
    block = site.settings.vector_block
    if block is not None and (block < 4 or block % 4):
        raise FormatError(f"A vector block of {block} rows is not a multiple of 4.")
    if site.embeddings is None or site.pack is None:
        return
    if site.pack.manifest["dim"] != site.embeddings.dim:
        raise FormatError(
            f"The embeddings have {site.embeddings.dim} dimensions, "
            f"the model pack {site.pack.manifest['dim']}."
        )
