"""The original files, only when asked for."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from imagedb_site.records import Progress
from imagedb_site.site.storage import SiteFolder
from imagedb_site.site.types import SiteInput

_EXTENSION = re.compile(r"[a-z0-9]{1,8}")


def write_originals(folder: SiteFolder, site: SiteInput, progress: Progress) -> list[str | None]:
    """Store the originals as the settings ask; gives the path of each row's, or None."""
    paths: list[str | None] = [None] * len(site.rows)
    mode = site.settings.originals
    if mode == "none":
        return paths
    for row, image in enumerate(site.rows):
        original = site.original(row)
        extension = file_extension(image.key)
        if isinstance(original, bytes):
            paths[row] = folder.put_hashed("originals", "", extension, original)
        elif original is not None:
            paths[row] = folder.put_copy("originals", original, extension, link=mode == "link")
        progress("originals", row + 1, len(site.rows))
    return paths


def file_extension(key: str) -> str:
    """The extension a host derives the type from: plain letters and digits, else `bin`.

    SVG and HTML would run scripts on the site's own origin when opened, so they lose their name.
    """
    extension = PurePosixPath(key).suffix.lower().lstrip(".")
    if not _EXTENSION.fullmatch(extension):
        return "bin"
    if extension in {"svg", "svgz", "html", "htm", "xhtml", "xht", "xml", "js", "mjs", "css"}:
        return "bin"
    return extension
