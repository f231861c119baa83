"""What queries are evaluated on: a published site or a working library, both as an `Index`."""

from .library_index import LIBRARY_FILE, LibraryIndex, make_column
from .site_index import SiteIndex, quoted

__all__ = ["LIBRARY_FILE", "LibraryIndex", "SiteIndex", "make_column", "quoted"]
