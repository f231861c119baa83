"""Documents: everything shown about an image, in blocks of JSON (docs/FORMAT.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagedb_site.container import canonical_json
from imagedb_site.records import Value
from imagedb_site.site.blocks import DOCUMENT_BLOCK
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteRow, SiteSettings
from imagedb_site.values import storable


def document(
    row: SiteRow, fields: Mapping[str, Value], view: str | None, original: str | None
) -> dict[str, Any]:
    """Returns the document of one image; `view` and `original` are paths within the site."""
    result: dict[str, Any] = {
        "id": row.image_id,
        "path": storable(row.key),
        "width": row.width,
        "height": row.height,
        "fields": dict(fields),
    }
    if view is not None and row.view is not None:
        result["view"] = {"path": view, "width": row.view[0], "height": row.view[1]}
    if row.remote:
        result["remote"] = dict(row.remote)
    if original is not None:
        result["original"] = original
    return result


class DocumentsWriter:
    """Takes the documents in row order and writes a file for each block of them."""

    def __init__(self, files: SiteFiles, settings: SiteSettings) -> None:
        self._files = files
        self._block = settings.document_block or DOCUMENT_BLOCK
        self._list = ListWriter(files, "documents", settings.fanout)
        self._waiting: list[dict[str, Any]] = []

    def add(self, document: dict[str, Any]) -> None:
        self._waiting.append(document)
        if len(self._waiting) == self._block:
            self._write()

    def finish(self) -> dict[str, Any]:
        """Write the last block; gives the manifest's `documents`."""
        if self._waiting:
            self._write()
        return {"block": self._block, "files": self._list.finish()}

    def _write(self) -> None:
        data = canonical_json(self._waiting)
        self._list.add(self._files.put_entry("data", "documents", "bin", data, compress=True))
        self._waiting.clear()
