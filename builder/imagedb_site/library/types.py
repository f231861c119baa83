"""What the library takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from imagedb_site.records import Value


@dataclass(frozen=True)
class StoredImage:
    """What the library knows about a picture's content. Sizes are in pixels, after orientation.

    `damage` says what is wrong with a file that is used although it is damaged.
    """

    content_hash: str
    width: int
    height: int
    metadata: Mapping[str, Value]
    placeholder: bytes
    damage: str | None = None


@dataclass(frozen=True)
class RowRecord:
    """A row of the last build. `content_hash` is None if there is no picture."""

    image_id: str
    key: str
    content_hash: str | None
    width: int
    height: int
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class StagedImage:
    """A usable picture of the build that is running: what its source, its file and its XMP sidecars say.

    `item` numbers the records of the build; `image` stands for the content in the library.
    """

    item: int
    key: str
    own: Mapping[str, Value]
    image: int
    content_hash: str
    width: int
    height: int
    metadata: Mapping[str, Value]
    xmp: Mapping[str, Value]


@dataclass(frozen=True)
class Item:
    """A picture as it will be published. Pictures are in default order if sorted by `sort`."""

    item: int
    image_id: str
    image: int
    sort: bytes
    fields: Mapping[str, Value]


@dataclass(frozen=True)
class StoredLayout:
    """The layout of the last build (docs/FORMAT.md 2.12), as the next build needs it.

    `ids`: uint64 [rows], the image ids as numbers. `pack`, `slot`: int32 [rows], the place of each row's
    thumbnail. `order`: uint32 [rows], the row at each position of the default order, or None if that is
    row order. `mean`, `scale`: float32 [dim], the quantizer, or None without embeddings. `thumbnails` and
    `encoder` name the settings that the layout belongs to. `grown` counts the rows that were added or
    moved since the last canonical layout.
    """

    ids: NDArray[np.uint64]
    pack: NDArray[np.int32]
    slot: NDArray[np.int32]
    packed: bool
    order: NDArray[np.uint32] | None
    mean: NDArray[np.float32] | None
    scale: NDArray[np.float32] | None
    thumbnails: str
    encoder: str | None
    grown: int
