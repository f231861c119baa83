"""Objects with several pictures: which rows are pages of one object, in which order (docs/FORMAT.md 2.19)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imagedb_site.records import Value
from imagedb_site.text import natural_key

OBJECT, PAGE = "object", "page"
"""The fields that say which object a picture belongs to, and which page of it the picture is."""
ALONE = 0xFFFFFFFF
"""In the place of a first page: no other row belongs to the object."""

_FRONT = frozenset(["cover", "front", "front cover", "recto", "obverse"])
"""Labels of the page that stands for an object, in any case."""
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_DIGEST = 16

Numbers = NDArray[np.uint32]


@dataclass(frozen=True)
class Pages:
    """The pages of objects by row, each uint32 [count].

    `first` is the row of the first page, or ALONE; `place` the page's place from 0, and `pages` how many
    pages the object has. A row that is alone has the place 0 of 1 page.
    """

    first: Numbers
    place: Numbers
    pages: Numbers

    @property
    def several(self) -> NDArray[np.bool_]:
        """Which rows are pages of an object that has at least two."""
        return np.asarray(self.first != ALONE)

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """A number for each row; rows have the same number if they are pages of one object."""
        rows = np.arange(len(self.first), dtype=np.int64)
        return np.where(self.several, self.first, rows)

    def rows_of(self, row: int) -> list[int]:
        """All pages of the object of a row, in their order."""
        rows = np.flatnonzero(self.keys == self.keys[row])
        return [int(one) for one in rows[np.argsort(self.place[rows])]]


class Described(Protocol):
    """A field of a collection."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...


def names_objects(fields: Iterable[Described]) -> bool:
    """Returns whether the fields of a collection name objects and their pages: both, and not as tags."""
    return {OBJECT, PAGE} <= {spec.name for spec in fields if spec.type != "tags"}


def page_key(page: Value | None, path: str) -> bytes:
    """Returns the sort key of a page among those of its object.

    Fronts and covers come first, then numbers by value, then other labels in natural order, then pages
    without a label. Equal ones are in the natural order of their paths.
    """
    text = "" if page is None or isinstance(page, list) else str(page).strip()
    if text.casefold() in _FRONT:
        label = b"\0"
    elif _NUMBER.fullmatch(text):
        label = b"\1" + _rising(float(text))
    else:
        label = b"\2" + natural_key(text) if text else b"\3"
    return label + natural_key(path) + path.encode("utf-8", "surrogatepass")


class PageCollector:
    """Takes the rows of a collection in row order. What stays of a row with an object is its sort key."""

    def __init__(self) -> None:
        self._count = 0
        self._objects: dict[bytes, int] = {}
        self._found: list[tuple[int, bytes, int]] = []

    def add(self, fields: Mapping[str, Value], path: str) -> None:
        """Take the next row."""
        name = _name(fields.get(OBJECT))
        if name is not None:
            number = self._objects.setdefault(name, len(self._objects))
            self._found.append((number, page_key(fields.get(PAGE), path), self._count))
        self._count += 1

    def finish(self) -> Pages | None:
        """Returns the pages of all rows, or None if no object has several."""
        found = sorted(self._found)
        numbers = np.array([number for number, _, _ in found], dtype=np.int64)
        rows = np.array([row for _, _, row in found], dtype=np.int64)
        sizes = np.bincount(numbers, minlength=len(self._objects))
        if not (sizes > 1).any():
            return None
        starts = np.cumsum(sizes) - sizes
        several = sizes[numbers] > 1
        first = np.full(self._count, ALONE, dtype=np.uint32)
        place = np.zeros(self._count, dtype=np.uint32)
        pages = np.ones(self._count, dtype=np.uint32)
        first[rows[several]] = rows[starts[numbers]][several]
        place[rows[several]] = (np.arange(len(rows)) - starts[numbers])[several]
        pages[rows[several]] = sizes[numbers][several]
        return Pages(first, place, pages)


def _name(value: Value | None) -> bytes | None:
    """What stands for an object's name, in few bytes however long it is; None without a name."""
    if value is None or isinstance(value, list):
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = repr(float(value)) if number else str(value).strip()
    if not text:
        return None
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _rising(value: float) -> bytes:
    """Eight bytes that compare as the numbers do."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))
    return struct.pack(">Q", bits ^ ((1 << 64) - 1) if bits >> 63 else bits ^ (1 << 63))
