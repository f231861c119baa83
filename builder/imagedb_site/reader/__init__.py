"""Reads a published site from a folder or a URL, docs/FORMAT.md section 2."""

from imagedb_site.reader.decode import RowInfo, Thumbnail
from imagedb_site.reader.manifest import Manifest
from imagedb_site.reader.site import Site, open_site
from imagedb_site.reader.verify import verify_site

__all__ = ["Manifest", "RowInfo", "Site", "Thumbnail", "open_site", "verify_site"]
