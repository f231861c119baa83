"""Writers of the published site, docs/FORMAT.md section 2."""

from imagedb_site.site.order import image_ids, row_order
from imagedb_site.site.publish import publish
from imagedb_site.site.swap import check_replaceable, is_site, swap, workspace
from imagedb_site.site.types import (
    ArrayEmbeddings,
    Attribution,
    Embeddings,
    Layout,
    PackSource,
    Quantizer,
    SiteInput,
    SiteReport,
    SiteRow,
    SiteRows,
    SiteSettings,
    ThumbnailPacks,
)
from imagedb_site.site.writer import write_site

__all__ = [
    "ArrayEmbeddings",
    "Attribution",
    "Embeddings",
    "Layout",
    "PackSource",
    "Quantizer",
    "SiteInput",
    "SiteReport",
    "SiteRow",
    "SiteRows",
    "SiteSettings",
    "ThumbnailPacks",
    "check_replaceable",
    "image_ids",
    "is_site",
    "publish",
    "row_order",
    "swap",
    "workspace",
    "write_site",
]
