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
    """A row of the last build. `content_hash` is None if there is no picture.

    `remote` are the addresses of its picture on another host: `image`, and `thumbnail` if there is one.
    """

    image_id: str
    key: str
    content_hash: str | None
    width: int
    height: int
    fields: Mapping[str, Value] = field(default_factory=dict)
    remote: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StagedImage:
    """A usable record of the build that is running: what its source, its file and its XMP sidecars say.

    `item` numbers the records of the build; `image` stands for the content in the library. Without a picture
    it and `content_hash` are None, and width and height are 0.
    """

    item: int
    key: str
    own: Mapping[str, Value]
    image: int | None
    content_hash: str | None
    width: int
    height: int
    metadata: Mapping[str, Value]
    xmp: Mapping[str, Value]
    image_url: str | None = None
    thumbnail_url: str | None = None


@dataclass(frozen=True)
class Item:
    """A record as it will be published. Records are in default order if sorted by `sort`.

    `remote` as in `RowRecord`; `text_hash` names the text that is embedded if there is no picture, or is
    empty.
    """

    item: int
    image_id: str
    image: int | None
    sort: bytes
    fields: Mapping[str, Value]
    remote: Mapping[str, str] = field(default_factory=dict)
    text_hash: str = ""


@dataclass(frozen=True)
class StoredLayout:
    """The layout of the last build (docs/FORMAT.md 2.12), as the next build needs it.

    `ids`: uint64 [rows], the image ids as numbers. `pack`, `slot`: int32 [rows], the place of each row's
    thumbnail. `order`: uint32 [rows], the row at each position of the default order, or None if that is
    row order. `mean`, `scale`: float32 [dim], the quantizer, or None without embeddings. `coarse`: uint8,
    what coarse codes stand for (site/scheme.py), or None without them. `cells`: uint8, what the tier
    `cells` keeps (site/cell_scheme.py), or None in the other tier. `thumbnails` and `encoder` name the
    settings that the layout belongs to. `grown` counts the rows that were added or moved since the last
    canonical layout. `blocks`: rows per file by the names of the site's settings;
    empty if they are not known.
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
    blocks: Mapping[str, int] = field(default_factory=dict)
    coarse: NDArray[np.uint8] | None = None
    cells: NDArray[np.uint8] | None = None
