"""The site as a data set: its downloads, their index, croissant.json and datapackage.json."""

from __future__ import annotations

from typing import Any

from imagedb_site.layout import CROISSANT, DATAPACKAGE
from imagedb_site.site.croissant import croissant
from imagedb_site.site.datapackage import datapackage
from imagedb_site.site.described import Described
from imagedb_site.site.downloads import Downloads
from imagedb_site.site.pages import base_url
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteInput


def write_data_set(
    files: SiteFiles, site: SiteInput, downloads: Downloads | None
) -> dict[str, Any] | None:
    """Describe the downloads, which are written; gives the manifest's `downloads`, None without any."""
    if downloads is None:
        return None
    described = Described(
        title=site.title,
        description=site.description,
        count=len(site.rows),
        fields=site.fields,
        credits=[line.text for line in site.attribution],
        licence=next((line.licence for line in site.attribution if line.licence), None),
        url=base_url(site.settings.url),
        language=site.settings.language,
        downloads=downloads,
    )
    pages = [
        files.put(CROISSANT, croissant(described)),
        files.put(DATAPACKAGE, datapackage(described)),
    ]
    by_format = {
        name: [part.to_json() for part in parts] for name, parts in downloads.parts.items()
    }
    columns = [column.to_json() for column in downloads.columns]
    listed = [entry.to_json() for entry in pages]
    index = files.put_index("downloads", {"columns": columns, "pages": listed, **by_format})
    return {
        "formats": list(downloads.parts),
        "rows": site.settings.download_rows,
        "bytes": sum(part.entry.size for parts in downloads.parts.values() for part in parts),
        "croissant": CROISSANT,
        "datapackage": DATAPACKAGE,
        "index": index.to_json(),
    }
