"""The pages of objects: their entry in the manifest, and checked blocks of rows (docs/FORMAT.md 2.19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError
from imagedb_site.objects import ALONE, Pages
from imagedb_site.reader.decode import block_span, section
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.naming import naming
from imagedb_site.reader.shape import ListEntry, as_count, as_file_list, as_object

Read = Callable[[FileEntry], bytes]

_MOST_BLOCK = 1 << 16


@dataclass(frozen=True)
class ObjectFiles:
    """The manifest's `objects`: `count` objects have several pages, `rows` together; `block` rows a file."""

    count: int
    rows: int
    block: int
    files: ListEntry


def parse_objects(value: object, total: int) -> ObjectFiles | None:
    """The entry of a site of `total` rows, None if it has no objects. Raises FormatError."""
    if value is None:
        return None
    spec = as_object(value, "objects")
    rows = as_count(spec.get("rows"), "objects.rows", total)
    count = as_count(spec.get("count"), "objects.count", rows // 2)
    block = as_count(spec.get("block"), "objects.block", _MOST_BLOCK)
    files = as_file_list(spec.get("files"), "objects.files")
    if not count or not block or files.count != -(-total // block):
        raise FormatError(f"objects has no object, or {files.count:,} files for {total:,} rows.")
    return ObjectFiles(count, rows, block, files)


def decode_pages(data: bytes, first: int, count: int, total: int) -> Pages:
    """The pages of the rows `first …`, of a collection of `total` rows. Raises FormatError."""
    header, arrays = read_container(data, "objects")
    if header.get("first") != first or header.get("count") != count:
        raise FormatError("A file of objects has other rows than its block.")
    names = ("first", "place", "pages")
    pages = Pages(*(section(header, arrays, name, ("u32",), count) for name in names))
    alone = ~pages.several
    own = pages.first == np.arange(first, first + count, dtype=np.uint32)
    valid = np.where(
        alone,
        (pages.place == 0) & (pages.pages == 1),
        (pages.first < total)
        & (pages.place < pages.pages)
        & (pages.pages > 1)
        & (pages.pages <= total),
    )
    if not valid.all() or (~alone & (own != (pages.place == 0))).any():
        raise FormatError("A row is not a page of the object that it names.")
    return pages


def read_objects(files: ObjectFiles, total: int, read: Read) -> Pages:
    """The pages of all rows; every object has each of its pages once. Raises FormatError."""
    blocks = []
    for number, entry in enumerate(FileList(files.files, read).entries()):
        first, count = block_span(number, files.block, total)
        with naming(entry):
            blocks.append(decode_pages(read(entry), first, count, total))
    pages = Pages(
        *(
            np.concatenate([getattr(block, name) for block in blocks])
            for name in ("first", "place", "pages")
        )
    )
    rows = np.flatnonzero(pages.first != ALONE)
    rows = rows[np.lexsort((pages.place[rows], pages.first[rows]))]
    firsts, starts, sizes = np.unique(pages.first[rows], return_index=True, return_counts=True)
    places = np.arange(len(rows)) - np.repeat(starts, sizes)
    if (pages.place[rows] != places).any() or (pages.pages[rows] != np.repeat(sizes, sizes)).any():
        raise FormatError("An object does not have each of its pages once.")
    if len(rows) != files.rows or len(firsts) != files.count:
        raise FormatError("objects has other numbers of objects and pages than its files.")
    return pages
