"""What the library takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from imagedb_site.records import Value


@dataclass(frozen=True)
class StoredImage:
    """What the library knows about a picture's content. Sizes are in pixels, after orientation."""

    content_hash: str
    width: int
    height: int
    metadata: Mapping[str, Value]
    placeholder: bytes


@dataclass(frozen=True)
class Missing:
    """What has to be derived for a content hash: its details, these recipes, its embedding."""

    details: bool
    recipes: tuple[str, ...]
    embedding: bool


@dataclass(frozen=True)
class RowRecord:
    """A row of the last build. `content_hash` is `None` where there is no picture at hand."""

    image_id: str
    key: str
    content_hash: str | None
    width: int
    height: int
    fields: Mapping[str, Value] = field(default_factory=dict)
