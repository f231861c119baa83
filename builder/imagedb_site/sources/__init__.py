"""Where images come from: folders and sidecar tables give a stream of `Record`."""

from imagedb_site.sources.additions import (
    ADDITIONS_FILE,
    Addition,
    Additions,
    added_fields,
    added_values,
    load_additions,
)
from imagedb_site.sources.folder import PICTURE_SUFFIXES, class_folders, open_folder
from imagedb_site.sources.gather import Gathered, gather
from imagedb_site.sources.sidecar import Sidecar, load_sidecar

__all__ = [
    "ADDITIONS_FILE",
    "PICTURE_SUFFIXES",
    "Addition",
    "Additions",
    "Gathered",
    "Sidecar",
    "added_fields",
    "added_values",
    "class_folders",
    "gather",
    "load_additions",
    "load_sidecar",
    "open_folder",
]
