"""Decoders of rows, ids, order and words (docs/FORMAT.md 2.3 to 2.5, 2.10): untrusted bytes in, checked
values out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import as_count, as_texts

Arrays = dict[str, np.ndarray[Any, Any]]

_ROW_SECTIONS = (
    ("id", "u8", 8),
    ("width", "u32", 1),
    ("height", "u32", 1),
    ("pack", "u8", 8),
    ("offset", "u32", 1),
    ("length", "u32", 1),
    ("placeholder", "u8", 32),
)
"""Name, type and elements per row of the sections that draw a row."""
ROW_BYTES = 64


@dataclass(frozen=True)
class Thumbnail:
    """`hash16` names the file; the picture's bytes are `offset … offset+length` of it."""

    hash16: str
    offset: int
    length: int


@dataclass(frozen=True)
class RowInfo:
    """One row: its image id, size in pixels, where its thumbnail lies, its ThumbHash."""

    image_id: str
    width: int
    height: int
    thumbnail: Thumbnail | None
    placeholder: bytes


def decode_words(data: bytes, count: int, rows: int) -> list[tuple[str, int]]:
    """The `count` words of the texts of `rows` images, most frequent first (docs/FORMAT.md 2.10)."""
    header, arrays = read_container(data, "words")
    words = as_texts(header.get("words"), "words")
    counts = section(header, arrays, "counts", ("u32",), count).tolist()
    if len(words) != count or any(not 1 <= number <= rows for number in counts):
        raise FormatError("The words and their counts do not fit each other.")
    if any(before < after for before, after in pairwise(counts)):
        raise FormatError("The words are not in the order of their counts.")
    return list(zip(words, counts, strict=True))


def decode_rows(data: bytes, first: int, count: int) -> list[RowInfo]:
    """A block of rows that must begin at `first` and hold `count`."""
    header, arrays = read_container(data, "rows")
    if header.get("first") != first or header.get("count") != count:
        raise FormatError("A rows file is not the block it should be.")
    for name in ("width", "height", "offset", "length"):
        section(header, arrays, name, ("u32",), count)
    ids = section(header, arrays, "id", ("u8",), 8 * count).tobytes().hex()
    packs = section(header, arrays, "pack", ("u8",), 8 * count).tobytes()
    holders = section(header, arrays, "placeholder", ("u8",), 32 * count).tobytes()
    rows = []
    columns = (arrays[name].tolist() for name in ("width", "height", "offset", "length"))
    for index, (width, height, offset, length) in enumerate(zip(*columns, strict=True)):
        size, holder = holders[32 * index], holders[32 * index + 1 : 32 * index + 32]
        if size > 31 or any(holder[size:]):
            raise FormatError(f"Row {first + index:,} has a damaged placeholder.")
        name = packs[8 * index : 8 * index + 8].hex()
        thumbnail = Thumbnail(name, offset, length) if length else None
        image_id = ids[16 * index : 16 * index + 16]
        rows.append(RowInfo(image_id, width, height, thumbnail, holder[:size]))
    return rows


def decode_row_bytes(data: bytes, kind: str, count: int) -> NDArray[np.uint8]:
    """The sections of `count` rows of a container of that kind, as they are stored, uint8 [count, 64]."""
    header, arrays = read_container(data, kind)
    parts = [
        section(header, arrays, name, (dtype,), width * count)
        for name, dtype, width in _ROW_SECTIONS
    ]
    return np.concatenate([part.view(np.uint8).reshape(count, -1) for part in parts], axis=1)


@dataclass(frozen=True)
class IdFile:
    """Image ids that begin alike: `ids` uint64 [n] in rising order, and their `rows` uint32 [n]."""

    ids: NDArray[np.uint64]
    rows: NDArray[np.uint32]

    def row_of(self, image_id: int) -> int | None:
        at = int(np.searchsorted(self.ids, np.uint64(image_id)))
        found = at < len(self.ids) and int(self.ids[at]) == image_id
        return int(self.rows[at]) if found else None


def decode_ids(data: bytes, prefix: str, rows: int) -> IdFile:
    """The file of the ids that begin with `prefix`, of a collection of `rows` images."""
    header, arrays = read_container(data, "ids")
    count = as_count(header.get("count"), "The count of an ids file", rows)
    if header.get("prefix") != prefix:
        raise FormatError(f"An ids file does not have the prefix “{prefix}”.")
    packed = section(header, arrays, "id", ("u8",), 8 * count)
    ids = packed.reshape(count, 8).copy().view(">u8").reshape(count).astype(np.uint64)
    of_rows = section(header, arrays, "row", ("u32",), count)
    if (ids[1:] <= ids[:-1]).any():
        raise FormatError("The ids of a file do not rise.")
    shift = np.uint64(64 - 4 * len(prefix))
    if prefix and count and (ids >> shift != np.uint64(int(prefix, 16))).any():
        raise FormatError(f"An id does not begin with “{prefix}”.")
    if count and int(of_rows.max()) >= rows:
        raise FormatError("An id has a row that the collection does not have.")
    return IdFile(ids, of_rows.astype(np.uint32))


def decode_order(data: bytes, first: int, count: int, rows: int) -> NDArray[np.uint32]:
    """The rows at the positions `first …` of the default order, uint32 [count]."""
    header, arrays = read_container(data, "order")
    if header.get("first") != first or header.get("count") != count:
        raise FormatError("An order file is not the block it should be.")
    steps = section(header, arrays, "step", ("i32",), count).astype(np.int64)
    found = np.cumsum(steps + 1) - 1
    if count and (int(found.min()) < 0 or int(found.max()) >= rows):
        raise FormatError("The default order has a row that the collection does not have.")
    return found.astype(np.uint32)


def section(
    header: dict[str, Any],
    arrays: Arrays,
    name: str,
    dtypes: tuple[str, ...],
    length: int | None,
) -> np.ndarray[Any, Any]:
    """A section of a container, of one of the given types and of `length` elements if that is given."""
    array = arrays.get(name)
    if array is None:
        raise FormatError(f"The section “{name}” is missing.")
    if header["sections"][name]["dtype"] not in dtypes:
        raise FormatError(f"The section “{name}” has the wrong type.")
    if length is not None and len(array) != length:
        raise FormatError(f"The section “{name}” has {len(array):,} elements, not {length:,}.")
    return array


def block_span(index: int, block: int, count: int) -> tuple[int, int]:
    """First row and number of rows of the block `index`."""
    first = index * block
    return first, min(block, count - first)
