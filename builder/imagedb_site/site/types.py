"""What a site is made from, and what writing it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from imagedb_site.records import FieldSpec, Problem, Value
from imagedb_site.run import RowWorkers, WorkHere
from imagedb_site.site.cell_scheme import CellScheme
from imagedb_site.site.scheme import Coarse, Quantizer

Originals = Literal["none", "copy", "link"]

EMBEDDING_BLOCK = 8192
"""The most rows in a block of embeddings."""

UNPLACED = -1
"""In `ThumbnailPacks.pack`: the writer has to choose a pack for this thumbnail."""

NO_THUMBNAIL = -2
"""In `ThumbnailPacks.pack`: the row has no thumbnail."""


class SiteRows(Protocol):
    """The rows of a site in row order.

    They can be iterated more than once; an implementation holds a bounded number of them in memory.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[SiteRow]: ...


class Embeddings(Protocol):
    """The L2-normalised embeddings of all rows in row order, zeros for a row that has none.

    They can be read more than once. `source` says what was embedded.
    """

    @property
    def dim(self) -> int: ...

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yields float32 [n, dim] with 1 ≤ n ≤ 8192; together the blocks have one row per image."""
        ...


@dataclass(frozen=True)
class ArrayEmbeddings:
    """Embeddings that fit into memory: float32 [rows, dim]."""

    values: NDArray[np.float32]

    @property
    def dim(self) -> int:
        return int(self.values.shape[1])

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for first in range(0, len(self.values), EMBEDDING_BLOCK):
            yield self.values[first : first + EMBEDDING_BLOCK]


class PackSource(Protocol):
    """A model pack (docs/FORMAT.md 3): its pack.json, and the stored bytes of each of its files."""

    @property
    def manifest(self) -> Mapping[str, Any]: ...

    def read(self, file: str) -> bytes: ...


@dataclass(frozen=True)
class Original:
    """An original file. Only the content with this SHA-256, in hex, may be published."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class SiteRow:
    """One image or record. `width` and `height` are those of the oriented original in pixels, 0 without one.

    `thumbnail` and `view` are the sizes of those pictures, or None without one. `placeholder` is a
    ThumbHash of at most 31 bytes, or empty. `remote` are clean addresses of the picture on another host
    (docs/FORMAT.md 2.17). `key` is the path that is shown. `fields` need not be
    clean: the writer leaves out values that do not fit and reports them.
    """

    image_id: str
    key: str
    width: int
    height: int
    thumbnail: tuple[int, int] | None = None
    placeholder: bytes = b""
    fields: Mapping[str, Value] = field(default_factory=dict)
    view: tuple[int, int] | None = None
    remote: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attribution:
    """A line of credit shown on the page."""

    text: str
    url: str | None = None
    licence: str | None = None

    def to_json(self) -> dict[str, str]:
        pairs = {"text": self.text, "url": self.url, "licence": self.licence}
        return {key: value for key, value in pairs.items() if value is not None}


@dataclass(frozen=True)
class CellSettings:
    """How the vectors of the tier `cells` are laid out. None chooses.

    `count`: how many cells, at most. `least`, `most`: how many of them a search reads. `rows_per_file`:
    vectors in a file. `group_bytes`: about the size of a file of coarse codes. `group_fanout`,
    `vector_fanout`: entries in a node of the lists of these files. All groups of a million rows are in one
    node, as a search asks for groups all over it.
    """

    count: int | None = None
    least: int = 24
    most: int = 64
    rows_per_file: int | None = None
    group_bytes: int = 16 * 1024
    group_fanout: int = 4096
    vector_fanout: int = 160


@dataclass(frozen=True)
class SiteSettings:
    """How a site is laid out. `thumbnail_size` and `view_size` are pixels of the longer side.

    `originals`: `copy` stores the originals, `link` hard-links them if the file system can.
    `pack_above`: collections of more images keep several thumbnails in one file, of at most
    `pack_bytes`. The first `cover_rows` images of the default order have files of at most
    `cover_bytes`. `row_block`, `document_block`, `column_block`: rows per file, None for what `blocks`
    chooses; the last is a multiple of 8. `order_block`: the same; `vector_block`: the same, a multiple of
    4, or None for files of about 1 MiB. `coarse`: whether vectors of the tier `flat` have coarse codes, too;
    `cells`: whether they have the tier `cells`; None chooses. `cell_layout`: how these are laid out.
    `column_segment`: rows whose values have their row sets in the
    same files, a multiple of it; `values_bytes`: about the size of such a file. `ids_per_file`: the most
    ids per file, on average. `fanout`: entries in a node of a list, None for what `blocks` chooses.
    `static_block`: static rows of the model per file. `tag_block`: numbered tags per file.
    `url` is where the site will be published, only needed for an absolute preview picture. `accent` is the
    colour `#rrggbb` of links and buttons, None for the program's own; `logo` a PNG file. `portable`
    adds what a page needs that is opened from the disk. `downloads` are the formats in which the metadata
    can be downloaded (flat_documents.FORMATS), in files of at most `download_rows` rows. `web` is the
    folder of the web build, None for the one that `assets.web_folder` finds. Without `pages` only data
    are written. `list_columns`: the fields that a list of rows shows; if empty, they are chosen.
    """

    thumbnail_size: int = 320
    view_size: int = 1280
    originals: Originals = "none"
    examples: Sequence[str] = ()
    pack_above: int = 8000
    pack_bytes: int = 128 * 1024
    cover_rows: int = 96
    cover_bytes: int = 32 * 1024
    row_block: int | None = None
    document_block: int | None = None
    order_block: int = 16384
    column_block: int | None = None
    column_segment: int = 1 << 20
    values_bytes: int = 32 * 1024
    vector_block: int | None = None
    coarse: bool | None = None
    cells: bool | None = None
    cell_layout: CellSettings = field(default_factory=CellSettings)
    ids_per_file: int = 4096
    fanout: int | None = None
    static_block: int = 64
    tag_block: int = 8192
    language: str = "en"
    url: str | None = None
    accent: str | None = None
    logo: bytes | None = None
    web: Path | None = None
    pages: bool = True
    portable: bool = False
    list_columns: Sequence[str] = ()
    downloads: Sequence[str] = ()
    download_rows: int = 16384


@dataclass(frozen=True)
class ThumbnailPacks:
    """Which file each row's thumbnail lies in.

    `packed`: False writes one WebP file per thumbnail; `pack` then only says which rows have one.
    `pack`: int32 [rows], the number of the pack, UNPLACED or NO_THUMBNAIL. `slot`: int32 [rows], the
    place within the pack; places rise and may leave gaps.
    """

    packed: bool
    pack: NDArray[np.int32]
    slot: NDArray[np.int32]


@dataclass(frozen=True)
class Layout:
    """What stays the same from build to build (docs/FORMAT.md 2.12). None asks for the canonical layout.

    `order`: uint32 [rows], the row at each position of the default order; None if row order is the
    default order. `quantizer`: None fits it to all embeddings. `coarse`: None fits
    coarse codes, if the collection is large enough. `cells`: what the tier `cells` keeps;
    None fits it, if the vectors have this tier. `packs`: None cuts them from the whole collection.
    `blocks`: rows per file by the names of the settings (`row_block`, `document_block`, `column_block`);
    None chooses them from the number of rows. The Layout in a SiteReport has a quantizer
    if there are embeddings, and always packs and blocks.
    """

    order: NDArray[np.uint32] | None = None
    quantizer: Quantizer | None = None
    packs: ThumbnailPacks | None = None
    blocks: Mapping[str, int] | None = None
    coarse: Coarse | None = None
    cells: CellScheme | None = None


@dataclass(frozen=True)
class MapTopic:
    """A topic of the map: `words` that name it, its number of rows, its middle on the flat map, and up to
    four rows near it. `parent`: the number of the topic that it is part of."""

    name: str
    words: Sequence[str]
    count: int
    x: int
    y: int
    rows: Sequence[int]
    parent: int | None = None


@dataclass(frozen=True)
class MeaningMap:
    """The map of meaning (docs/FORMAT.md 2.18): uint16 `flat` [rows, 2], `space` [rows, 3] and
    `row_topics` [rows], all 65,535 for a row without a point; the largest topic first. `method` and
    `quality` say how it was made and how good it is."""

    flat: NDArray[np.uint16]
    space: NDArray[np.uint16] | None
    row_topics: NDArray[np.uint16]
    topics: Sequence[MapTopic]
    method: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class SiteHome:
    """The start page (docs/FORMAT.md 2.20): its sections in order, and the rows of `sample` and `recent`.
    `dated`: the field by which `recent` are the newest, None if by no field. `cover`: a WebP file."""

    sections: Sequence[str] = ()
    sample: Sequence[int] = ()
    recent: Sequence[int] = ()
    dated: str | None = None
    cover: bytes | None = None


@dataclass(frozen=True)
class SiteInput:
    """Everything a site is written from.

    `pictures`, bool [rows], says which rows have a picture; None: all may have one. The embeddings of the
    others are those of their texts. `origins` are
    those of the rows' pictures on other hosts.

    `rows` are read once (a list of SiteRow will do), `embeddings` twice; None makes a site of metadata
    only. `thumbnail`, `view` and `original` are called with a row's number when its file is written, so
    that few of them are in memory at a time. `thumbnail` is called in any order, `view` and `original`
    in row order. `original` gives bytes, a file to copy or link, or None; if it raises PictureError, or if
    the file cannot be read or has changed, the row has no original and the SiteReport says why.
    `source` is the kind of the source. `tags` are those that have numbers, which rise: number, name, field
    and how many rows have it. `workers` work on rows where that takes long; the caller's process by default.
    """

    title: str
    rows: SiteRows
    fields: Sequence[FieldSpec]
    thumbnail: Callable[[int], bytes | None]
    view: Callable[[int], bytes | None] = lambda row: None
    original: Callable[[int], Original | Path | bytes | None] = lambda row: None
    description: str = ""
    attribution: Sequence[Attribution] = ()
    embeddings: Embeddings | None = None
    layout: Layout = field(default_factory=Layout)
    pictures: NDArray[np.bool_] | None = None
    origins: Sequence[str] = ()
    pack: PackSource | None = None
    source: str = "folder"
    tags: Iterable[tuple[int, str, str, int]] = ()
    map: MeaningMap | None = None
    home: SiteHome | None = None
    settings: SiteSettings = field(default_factory=SiteSettings)
    workers: RowWorkers = field(default_factory=WorkHere)


@dataclass(frozen=True)
class SiteReport:
    """What was written. `bytes` counts every file of the site; `reused` files were published already.

    `hash` identifies the collection (docs/FORMAT.md 2.1). `problems` are values left out because they
    do not fit their field, and originals that could not be published. `layout` is what to keep for the
    next build.
    """

    count: int
    files: int
    bytes: int
    reused: int
    hash: str
    layout: Layout
    problems: tuple[Problem, ...] = ()
