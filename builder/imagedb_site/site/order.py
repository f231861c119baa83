"""Image ids that stay the same, and the default order of a collection (docs/FORMAT.md 1.1 and 2.5)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imagedb_site.dates import date_span
from imagedb_site.errors import FormatError
from imagedb_site.records import Value
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.text import natural_key


class Ordered(Protocol):
    """What ordering needs of a record or a row."""

    @property
    def key(self) -> str: ...

    @property
    def fields(self) -> Mapping[str, Value]: ...


def image_ids(content_hashes: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Returns the id of every image, from the SHA-256 of its file (hex) and its relative path.

    Images with the same bytes have different ids: the first one in path order has the plain id.
    """
    by_path = sorted(range(len(keys)), key=lambda index: keys[index])
    ids = [""] * len(keys)
    pairs = ((content_hashes[index], keys[index]) for index in by_path)
    for index, image_id in zip(by_path, ids_by_path(pairs), strict=True):
        ids[index] = image_id
    return ids


def record_hash(source: str, key: str) -> str:
    """Returns what identifies a record without a picture instead of its bytes: 64 hex digits.

    `source` is the kind of its source, such as "table"; `key` its key there.
    """
    text = f"{source}\0{key}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def ids_by_path(images: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yields the id of each image; `images` are content hashes (or `record_hash`) and paths, by path.

    About 100 bytes per image are in memory. Paths must rise in the order of code points.
    """
    used: set[int] = set()
    for content_hash, key in images:
        image_id = content_hash[:16]
        attempt = 0
        while int(image_id, 16) in used:
            # The counter only matters if 64 bits ever collide: ids are unique even then.
            suffix = f"\0{attempt}" if attempt else ""
            text = f"{content_hash}\0{key}{suffix}"
            image_id = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            attempt += 1
        used.add(int(image_id, 16))
        yield image_id


def order_key(key: str, taken: Value | None) -> bytes:
    """Returns the sort key of an image in the default order, from its path and its field `taken`.

    Newest first if `taken` is a date: by its start, then by its end. Then the others by path, with numbers
    compared as numbers.
    """
    span = date_span(taken) if isinstance(taken, str) else None
    if span is None:
        moment = b"\xff"
    else:
        # Bits that compare as unsigned integers in the order of the negated numbers.
        (bits,) = struct.unpack(">Q", struct.pack(">d", -span[0]))
        bits = bits ^ (1 << 63) if bits < 1 << 63 else bits ^ ((1 << 64) - 1)
        moment = b"\0" + struct.pack(">QI", bits, 0xFFFFFFFF - int(span[1]))
    return moment + natural_key(key) + key.encode("utf-8", "surrogatepass")


def row_order(records: Sequence[Ordered]) -> list[int]:
    """Returns the permutation that sorts records: `records[order[p]]` is at position p."""
    keys = [order_key(record.key, record.fields.get("taken")) for record in records]
    return sorted(range(len(keys)), key=keys.__getitem__)


def checked_order(order: NDArray[Any] | None, count: int) -> NDArray[np.uint32] | None:
    """Returns the rows in default order, or None if that is row order.

    Raises FormatError if `order` does not have every row from 0 to count - 1 exactly once.
    """
    if order is None:
        return None
    rows = np.asarray(order, dtype=np.int64)
    if rows.shape != (count,) or not np.array_equal(np.sort(rows), np.arange(count)):
        raise FormatError(f"The order is not a permutation of {count:,} rows.")
    return None if np.array_equal(rows, np.arange(count)) else rows.astype(np.uint32)


def write_order(
    files: SiteFiles, order: NDArray[np.uint32] | None, block: int, fanout: int | None
) -> dict[str, Any] | None:
    """Write the default order; gives the manifest's `order`."""
    if order is None:
        return None
    listed = ListWriter(files, "order", fanout)
    for first in range(0, len(order), block):
        rows = order[first : first + block].astype(np.int64)
        steps = np.diff(rows, prepend=-1) - 1
        header = {"first": first, "count": len(rows)}
        arrays = {"step": steps.astype(np.int32)}
        listed.add(files.put_container("order", "order", header, arrays, compress=True))
    return {"block": block, "files": listed.finish()}
