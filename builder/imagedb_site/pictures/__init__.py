"""Safe decoding: from a file to a `Picture`, thumbnails, views, a placeholder and its metadata."""

from imagedb_site.pictures.derive import render
from imagedb_site.pictures.fields import METADATA_FIELDS, PRIVATE_FIELDS
from imagedb_site.pictures.isolated import derive_all, open_picture
from imagedb_site.pictures.metadata import read_sidecar
from imagedb_site.pictures.placeholder import placeholder
from imagedb_site.pictures.privacy import is_private_value, revealed
from imagedb_site.pictures.private import strip_private
from imagedb_site.pictures.traces import Trace, metadata_blocks, traces
from imagedb_site.pictures.types import (
    DETAILS_VERSION,
    DecodeError,
    Derivative,
    Derived,
    Limits,
    Picture,
    Recipe,
    Work,
    view_recipe,
)
from imagedb_site.pictures.xmp import MAX_SIDECAR

__all__ = [
    "DETAILS_VERSION",
    "MAX_SIDECAR",
    "METADATA_FIELDS",
    "PRIVATE_FIELDS",
    "DecodeError",
    "Derivative",
    "Derived",
    "Limits",
    "Picture",
    "Recipe",
    "Trace",
    "Work",
    "derive_all",
    "is_private_value",
    "metadata_blocks",
    "open_picture",
    "placeholder",
    "read_sidecar",
    "render",
    "revealed",
    "strip_private",
    "traces",
    "view_recipe",
]
