"""Documents: everything shown about an image, in blocks of JSON (docs/FORMAT.md 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagedb_site.container import canonical_json
from imagedb_site.records import Value
from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.types import SiteRow
from imagedb_site.values import storable


def document(
    row: SiteRow, fields: Mapping[str, Value], view: str | None, original: str | None
) -> dict[str, Any]:
    """The document of one image; `view` and `original` are paths within the site."""
    result: dict[str, Any] = {
        "id": row.image_id,
        "path": storable(row.key),
        "width": row.width,
        "height": row.height,
        "fields": dict(fields),
    }
    if view is not None and row.view is not None:
        result["view"] = {"path": view, "width": row.view[0], "height": row.view[1]}
    if original is not None:
        result["original"] = original
    return result


def write_documents(
    folder: SiteFolder, documents: Sequence[Mapping[str, Any]], block: int
) -> dict[str, Any]:
    """Write the blocks; gives the manifest's `documents`."""
    files = []
    for first in range(0, len(documents), block):
        data = canonical_json(list(documents[first : first + block]))
        entry = folder.put_entry("data", "documents", "bin", data, compress=True)
        files.append(entry.to_json())
    return {"block": block, "files": files}
