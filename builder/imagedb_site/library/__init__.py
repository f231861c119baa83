"""The working database: incremental state and exact search, in one SQLite file."""

from imagedb_site.library.library import Library
from imagedb_site.library.types import Missing, RowRecord, StoredImage
from imagedb_site.library.upkeep import PACK_NAME

__all__ = ["PACK_NAME", "Library", "Missing", "RowRecord", "StoredImage"]
