"""The working database: incremental state and exact search, in one SQLite file."""

from imagedb_site.library.library import Library, Missing, RowRecord, StoredImage

__all__ = ["Library", "Missing", "RowRecord", "StoredImage"]
