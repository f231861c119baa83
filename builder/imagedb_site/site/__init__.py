"""Writers of the published site, docs/FORMAT.md section 2."""

from imagedb_site.site.cell_scheme import CellScheme
from imagedb_site.site.disk import storage_errors
from imagedb_site.site.order import ids_by_path, image_ids, order_key, record_hash, row_order
from imagedb_site.site.publish import publish, publish_from
from imagedb_site.site.replace import FileChanges, file_changes, replace_files
from imagedb_site.site.scheme import Coarse, Quantizer
from imagedb_site.site.swap import check_replaceable, clear_site, is_site, swap, workspace
from imagedb_site.site.target import FolderTarget, Target
from imagedb_site.site.types import (
    NO_THUMBNAIL,
    UNPLACED,
    ArrayEmbeddings,
    Attribution,
    CellSettings,
    Embeddings,
    Layout,
    MapTopic,
    MeaningMap,
    Original,
    PackSource,
    SiteHome,
    SiteInput,
    SiteReport,
    SiteRow,
    SiteRows,
    SiteSettings,
    ThumbnailPacks,
)
from imagedb_site.site.writer import write_site, write_to

__all__ = [
    "NO_THUMBNAIL",
    "UNPLACED",
    "ArrayEmbeddings",
    "Attribution",
    "CellScheme",
    "CellSettings",
    "Coarse",
    "Embeddings",
    "FileChanges",
    "FolderTarget",
    "Layout",
    "MapTopic",
    "MeaningMap",
    "Original",
    "PackSource",
    "Quantizer",
    "SiteHome",
    "SiteInput",
    "SiteReport",
    "SiteRow",
    "SiteRows",
    "SiteSettings",
    "Target",
    "ThumbnailPacks",
    "check_replaceable",
    "clear_site",
    "file_changes",
    "ids_by_path",
    "image_ids",
    "is_site",
    "order_key",
    "publish",
    "publish_from",
    "record_hash",
    "replace_files",
    "row_order",
    "storage_errors",
    "swap",
    "workspace",
    "write_site",
    "write_to",
]
