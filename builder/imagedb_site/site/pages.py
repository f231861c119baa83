"""The pages of a site: index.html, 404.html, the service worker and the application's files."""

from __future__ import annotations

from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.types import SiteInput


def write_pages(folder: SiteFolder, site: SiteInput) -> None:
    raise NotImplementedError
