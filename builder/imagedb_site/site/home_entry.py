"""The start page in the manifest (docs/FORMAT.md 2.20)."""

from __future__ import annotations

from typing import Any

from imagedb_site.errors import FormatError
from imagedb_site.site.types import SiteInput


def home_entry(site: SiteInput) -> dict[str, Any] | None:
    """Returns the manifest's `home`, None if the site leaves it to the page. Raises FormatError."""
    home, count = site.home, len(site.rows)
    if home is None:
        return None
    if not all(0 <= row < count for row in (*home.sample, *home.recent)):
        raise FormatError("The start page has a row that the collection does not have.")
    if home.dated is not None and home.dated not in {spec.name for spec in site.fields}:
        raise FormatError(f"The start page names the field {home.dated}, which does not exist.")
    return {
        "sections": list(home.sections),
        "sample": list(home.sample),
        "recent": list(home.recent),
        "dated": home.dated,
    }
