"""Writers of the published site, docs/FORMAT.md section 2."""

from imagedb_site.site.order import image_ids, natural_key, row_order
from imagedb_site.site.types import (
    Attribution,
    PackSource,
    SiteInput,
    SiteReport,
    SiteRow,
    SiteSettings,
)
from imagedb_site.site.writer import write_site

__all__ = [
    "Attribution",
    "PackSource",
    "SiteInput",
    "SiteReport",
    "SiteRow",
    "SiteSettings",
    "image_ids",
    "natural_key",
    "row_order",
    "write_site",
]
