"""Where images come from: a `Source` gives a stream of `Record`, from a folder or a data set."""

from imagedb_site.sources.additions import (
    ADDITIONS_FILE,
    Addition,
    Additions,
    added_fields,
    added_values,
    load_additions,
)
from imagedb_site.sources.base import Source
from imagedb_site.sources.entries import Scan
from imagedb_site.sources.folder import PICTURE_SUFFIXES, open_folder
from imagedb_site.sources.gather import FolderSource, gather
from imagedb_site.sources.join import Joined
from imagedb_site.sources.kinds import Kind, open_kind
from imagedb_site.sources.mirror import Mirror, RemoteFiles
from imagedb_site.sources.sidecar import Sidecar, load_sidecar

__all__ = [
    "ADDITIONS_FILE",
    "PICTURE_SUFFIXES",
    "Addition",
    "Additions",
    "FolderSource",
    "Joined",
    "Kind",
    "Mirror",
    "RemoteFiles",
    "Scan",
    "Sidecar",
    "Source",
    "added_fields",
    "added_values",
    "gather",
    "load_additions",
    "load_sidecar",
    "open_folder",
    "open_kind",
]
