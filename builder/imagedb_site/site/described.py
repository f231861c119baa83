"""What the descriptions of a site as a data set have in common (docs/FORMAT.md 2.14)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagedb_site.records import FieldSpec
from imagedb_site.site.downloads import Downloads

SPECIFIC: Mapping[str, str] = {
    "id": "Stable id of the image or record, 16 hexadecimal digits",
    "path": "Path or key in the collection; shown, not fetched",
    "width": "Width of the original picture in pixels, as displayed",
    "height": "Height of the original picture in pixels, as displayed",
    "thumbnail": "Path of the thumbnail (WebP) within the site",
    "view": "Path of the larger picture (WebP) within the site",
    "original": "Path of the original file within the site",
    "image_url": "Address of the picture on another host",
    "thumbnail_url": "Address of a small picture on another host",
}
"""What the columns that are not fields mean."""


@dataclass(frozen=True)
class Described:
    """A site as its descriptions need it. `url` ends with a slash; `licence` is an id, a name or a URL."""

    title: str
    description: str
    count: int
    fields: Sequence[FieldSpec]
    credits: Sequence[str]
    licence: str | None
    url: str | None
    language: str
    downloads: Downloads


def json_page(value: Mapping[str, Any]) -> bytes:
    """JSON for people and programs: keys in the given order, indented, the same bytes each time."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")


def slug(text: str, default: str) -> str:
    """Returns a name of small letters, digits and hyphens made of a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80] or default
