"""The cache folder: what it contains and where. Its files may be deleted at any time."""

from __future__ import annotations

import os
import re
from pathlib import Path


def cache_folder() -> Path:
    """`$IMAGEDB_SITE_CACHE`, or `imagedb-site` in the user's cache folder."""
    own = os.environ.get("IMAGEDB_SITE_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "imagedb-site"


def packs_folder() -> Path:
    """The folder of exported model packs, each in a folder named by `cache_name`."""
    return cache_folder() / "packs"


def site_packs_folder() -> Path:
    """The folder of model packs that were downloaded from sites, in folders named by id and content."""
    return cache_folder() / "sites"


def search_history() -> Path:
    """The file with the queries of earlier interactive searches."""
    return cache_folder() / "search-history"


def cache_name(name: str) -> str:
    """The folder name for a pack called `name`, for example `ViT-B-32:tag`. It may be empty."""
    return re.sub(r"[^A-Za-z0-9._-]+", "--", name).strip(".-")
