"""imagedb-site: a picture collection as a static site that searches itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .search import Collection

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(place: str | Path, *, model: str | None = None) -> Collection:
    """Open a published site (folder or http(s) URL) or a working library for searching.

    See `imagedb_site.search.open_collection`; imported on the first call, so that importing the
    package stays cheap.
    """
    from .search import open_collection

    return open_collection(place, model=model)
