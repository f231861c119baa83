"""Image ids that stay, and the default order of a collection (docs/FORMAT.md 1 and 2.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from imagedb_site.records import Value
from imagedb_site.text import natural_key
from imagedb_site.values import date_seconds


class Ordered(Protocol):
    """What ordering needs of a record or a row."""

    @property
    def key(self) -> str: ...

    @property
    def fields(self) -> Mapping[str, Value]: ...


def image_ids(content_hashes: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The id of every image, from the SHA-256 of its file (hex) and its relative path.

    Images with the same bytes differ in their ids: the first in path order has the plain one.
    """
    ids = [""] * len(keys)
    used: set[str] = set()
    for index in sorted(range(len(keys)), key=lambda index: keys[index]):
        content_hash, key = content_hashes[index], keys[index]
        image_id = content_hash[:16]
        attempt = 0
        while image_id in used:
            # The counter only matters if 64 bits ever collide: ids stay unique even then.
            suffix = f"\0{attempt}" if attempt else ""
            text = f"{content_hash}\0{key}{suffix}"
            image_id = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            attempt += 1
        used.add(image_id)
        ids[index] = image_id
    return ids


def row_order(records: Sequence[Ordered]) -> list[int]:
    """The permutation that puts records in row order: `records[order[row]]` is the image of `row`.

    Newest first by the date field `taken` where known, then the others by path, in which numbers are
    compared as numbers.
    """

    def rank(index: int) -> tuple[bool, float, tuple[tuple[int, int, str], ...], str]:
        taken = records[index].fields.get("taken")
        seconds = date_seconds(taken) if isinstance(taken, str) else None
        key = records[index].key
        return (seconds is None, -(seconds or 0.0), natural_key(key), key)

    return sorted(range(len(records)), key=rank)
