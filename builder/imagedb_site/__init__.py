"""imagedb-site: a picture collection as a static site that searches itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .search import Collection

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(place: str | Path, *, model: str | None = None) -> Collection:
    """Open a published site (folder, http(s) URL or bucket) or a library (its folder or file) for searching.

    `model` names the pack that encodes queries; the default is the one the collection was built with.
    Use the collection as a context manager, or close it when you are done.

    Raises:
        FormatError: the site does not follow docs/FORMAT.md.
        LibraryError: there is neither a site nor a library at `place`.
        StorageError: a file or an address cannot be read.
        PackError: the model pack is missing or does not fit the collection.
    """
    # Imported on the first call, so that importing the package stays cheap.
    from .search import open_collection

    return open_collection(place, model=model)
