"""Reads a published site from a folder or a URL, docs/FORMAT.md section 2."""

from imagedb_site.reader.decode import FlatVectors, RowInfo, Thumbnail
from imagedb_site.reader.manifest import Manifest
from imagedb_site.reader.site import Site, open_site

__all__ = ["FlatVectors", "Manifest", "RowInfo", "Site", "Thumbnail", "open_site"]
