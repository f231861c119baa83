"""Where images come from: folders and sidecar tables give a stream of `Record`."""

from imagedb_site.sources.folder import PICTURE_SUFFIXES, class_folders, open_folder
from imagedb_site.sources.gather import Gathered, gather
from imagedb_site.sources.sidecar import Sidecar, load_sidecar

__all__ = [
    "PICTURE_SUFFIXES",
    "Gathered",
    "Sidecar",
    "class_folders",
    "gather",
    "load_sidecar",
    "open_folder",
]
