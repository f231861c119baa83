"""Views and originals: the larger pictures of a row (docs/FORMAT.md 2.6 and 2.7)."""

from __future__ import annotations

import re
from typing import Any

from imagedb_site.keys import split_suffix
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import Original, SiteInput, SiteRow

_EXTENSION = re.compile(r"[a-z0-9]{1,8}")


class ViewsWriter:
    """Writes the view of each row that has one."""

    def __init__(self, files: SiteFiles, site: SiteInput) -> None:
        self._files = files
        self._view = site.view
        self._size = site.settings.view_size
        self._count = self._bytes = 0

    def write(self, number: int, row: SiteRow) -> str | None:
        """Store the view of a row; returns its path, or None without one."""
        data = self._view(number) if row.view is not None else None
        if not data:
            return None
        before = self._files.total_bytes
        path = self._files.put_hashed("views", "", "webp", data).path
        self._count += 1
        self._bytes += self._files.total_bytes - before
        return path

    def finish(self) -> dict[str, Any] | None:
        """Returns the manifest's `views`."""
        if not self._count:
            return None
        return {"size": self._size, "count": self._count, "bytes": self._bytes}


def write_original(files: SiteFiles, site: SiteInput, number: int, row: SiteRow) -> str | None:
    """Store a row's original as the settings ask; returns its path, or None without one.

    Raises PictureError if it cannot be published, with the reason.
    """
    mode = site.settings.originals
    if mode == "none":
        return None
    original = site.original(number)
    if original is None:
        return None
    extension = file_extension(row.key)
    if isinstance(original, bytes):
        return files.put_hashed("originals", "", extension, original).path
    if not isinstance(original, Original):
        original = files.as_it_is(original)
    return files.put_copy("originals", original, extension, link=mode == "link")


def file_extension(key: str) -> str:
    """Returns the extension from which a host derives the type: plain letters and digits, or `bin`.

    SVG and HTML would run scripts on the site's own origin if opened, so they lose their extension.
    """
    extension = split_suffix(key.rpartition("/")[2])[1].removeprefix(".")
    if not _EXTENSION.fullmatch(extension):
        return "bin"
    if extension in {"svg", "svgz", "html", "htm", "xhtml", "xht", "xml", "js", "mjs", "css"}:
        return "bin"
    return extension
