"""Taking in bundles: pictures that were added in the browser become part of the collection."""

from imagedb_site.add.bundle import Bundle, BundlePicture, open_bundle
from imagedb_site.add.take_in import AddReport, add, settings

__all__ = ["AddReport", "Bundle", "BundlePicture", "add", "open_bundle", "settings"]
