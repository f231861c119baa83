"""The names of a published site's own files and folders (docs/FORMAT.md 1.1 and 2)."""

from __future__ import annotations

import hashlib
import re

MANIFEST = "manifest.json"
SERVICE_WORKER = "sw.js"
INDEX_PAGE = "index.html"
NOTICES = "notices.txt"
"""The licence texts of the software and of the model."""

PAGES = (INDEX_PAGE, "404.html")
LIBRARY_FILES = ("imagedb.js", "imagedb.d.ts")
"""The JavaScript library's entry points; the modules that they import lie in `lib/`."""

CROISSANT = "croissant.json"
DATAPACKAGE = "datapackage.json"
DESCRIPTIONS = (CROISSANT, DATAPACKAGE)
"""Descriptions of the collection as a data set, which not every site has (docs/FORMAT.md 2.14)."""

DOWNLOADS_FOLDER = "downloads"
"""Folder of the metadata as JSON lines and CSV."""

PORTABLE_FOLDER = "portable"
"""Folder of what a page needs that is opened from the disk (docs/FORMAT.md 2.13)."""

PORTABLE_MANIFEST = f"{PORTABLE_FOLDER}/{MANIFEST}.js"
"""The manifest as a script."""

API_FOLDER = "api"
API_PAGES = (f"{API_FOLDER}/index.html", f"{API_FOLDER}/openapi.json")
"""What explains the HTTP API, to people and to programs."""

MUTABLE = (
    *API_PAGES,
    *LIBRARY_FILES,
    SERVICE_WORKER,
    "404.html",
    "robots.txt",
    NOTICES,
    ".nojekyll",
    INDEX_PAGE,
    MANIFEST,
)
"""Files whose names stay the same from build to build, in the order in which to replace them."""

REPLACED = (PORTABLE_MANIFEST, *DESCRIPTIONS, *MUTABLE)
"""The same with the mutable files that not every site has."""

HASHED_FOLDERS = ("data", DOWNLOADS_FOLDER, "model", "originals", "thumbs", "views")
"""Folders in which every file has its hash16 in its name."""

PROGRAM_FOLDERS = ("assets", "lib")
"""Folders of the application, in which the bundler puts its own hash into the names."""

OWN_NAMES = frozenset(
    {
        *(name.split("/")[0] for name in (*MUTABLE, *DESCRIPTIONS)),
        *(*HASHED_FOLDERS, *PROGRAM_FOLDERS, PORTABLE_FOLDER),
    }
)
"""Everything a site has at its top; any other name there belongs to the owner."""

_HASH_IN_NAME = re.compile(r"(?:^|[./])([0-9a-f]{16})\.[a-z0-9]+(?:\.gz)?$")


def hash16(data: bytes) -> str:
    """Returns the first 16 hexadecimal digits of the SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()[:16]


def hash_in_name(path: str) -> str | None:
    """Returns the hash16 that a file's name has before its extension, or None if it has none."""
    match = _HASH_IN_NAME.search(path)
    return None if match is None else match[1]


def is_immutable(path: str) -> bool:
    """Whether the name of a site's file changes with its content, so that it can be cached forever."""
    return hash_in_name(path) is not None or path.startswith(("assets/", "lib/"))


def thumbnail_path(name: str, extension: str) -> str:
    """Returns the path of the thumbnail file whose hash16 is `name`."""
    return f"thumbs/{name}.{extension}"
