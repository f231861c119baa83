"""The working database: incremental state and exact search, in one SQLite file."""

from imagedb_site.library.library import Library
from imagedb_site.library.types import Missing, RowRecord, StoredImage

__all__ = ["Library", "Missing", "RowRecord", "StoredImage"]
