"""The working database, an SQLite file: what is known about pictures, and the rows of the last build."""

from imagedb_site.library.library import Library
from imagedb_site.library.part_files import PARTS
from imagedb_site.library.placed import Placed
from imagedb_site.library.repair import Repair
from imagedb_site.library.stage import Stage
from imagedb_site.library.types import Item, RowRecord, StagedImage, StoredImage, StoredLayout
from imagedb_site.library.upkeep import PACK_NAME
from imagedb_site.library.vectors import given_encoder
from imagedb_site.library.xmp_files import XmpFile

__all__ = [
    "PACK_NAME",
    "PARTS",
    "Item",
    "Library",
    "Placed",
    "Repair",
    "RowRecord",
    "Stage",
    "StagedImage",
    "StoredImage",
    "StoredLayout",
    "XmpFile",
    "given_encoder",
]
