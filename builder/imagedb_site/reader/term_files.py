"""Decoders of the files of full text (docs/FORMAT.md 2.8): untrusted bytes in, checked values out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError
from imagedb_site.postings import FIRST_TERMS, HEAD, LENGTHS, PLACES, TERMS, Numbers, splits
from imagedb_site.reader.shape import FILE_LIMIT
from imagedb_site.varints import decode_varints

_MOST_BITS = 31


@dataclass(frozen=True)
class Pieces:
    """The files of a long list. None: the piece is empty.

    `sizes` and `head`: only if the site is ranked by them. A piece of
    `rows` and `sizes` has 2^`row_bits` rows of the collection, one of `places` 2^`place_bits`.
    """

    row_bits: int
    place_bits: int
    rows: tuple[FileEntry | None, ...]
    sizes: tuple[FileEntry | None, ...]
    head: FileEntry | None
    places: tuple[FileEntry | None, ...]


class TermFile:
    """A range of terms: how many rows have each, and its list or the files of its list."""

    def __init__(self, data: bytes, count: int, ranked: bool) -> None:
        """`count`: rows of the collection; `ranked`: the file has the tokens of rows as well.

        Raises FormatError for data that are not such a file.
        """
        header, arrays = read_container(data, TERMS)
        self._count = count
        self._ranked = ranked
        text = section(arrays, "text", "u8").tobytes()
        self.terms: list[bytes] = text.split(b"\n") if text else []
        self.having = decode_varints(section(arrays, "having", "u8"))
        number = len(self.terms)
        if header.get("count") != number or len(self.having) != number:
            raise FormatError("A file of terms has other terms than it says.")
        if any(before >= after for before, after in pairwise(self.terms)):
            raise FormatError("The terms of a file are not in their order.")
        if number and not 1 <= int(self.having.min()) <= int(self.having.max()) <= count:
            raise FormatError("A term has more rows than the collection, or none.")
        self._lists, self._ends = records(arrays, "lists", number)
        self._sizes = records(arrays, "sizes", number) if ranked else None
        self._arrays = arrays

    def record(self, place: int) -> memoryview:
        """The list of the term at `place`, if it is not a long one."""
        return self._lists[self._ends[place] : self._ends[place + 1]]

    def sizes(self, place: int) -> Numbers:
        """The tokens of each row of the term at `place`, u32 [having], if it is not a long one."""
        return numbers(self.size_bytes(place), int(self.having[place]))

    def size_bytes(self, place: int) -> memoryview:
        """The stored form of `sizes`."""
        assert self._sizes is not None
        data, ends = self._sizes
        return data[ends[place] : ends[place + 1]]

    @cached_property
    def long(self) -> dict[int, Pieces]:
        """The long lists by the place of their term."""
        if "long" not in self._arrays:
            return {}
        places = section(self._arrays, "long", "u32").tolist()
        bits = [section(self._arrays, f"{name}_bits", "u8").tolist() for name in ("row", "place")]
        entries = self._entries()
        if [len(one) for one in bits] != [len(places)] * 2 or len(set(places)) != len(places):
            raise FormatError("The long lists of a file are not valid.")
        found: dict[int, Pieces] = {}
        at = 0
        for place, row_bits, place_bits in zip(places, *bits, strict=True):
            if place >= len(self.terms) or max(row_bits, place_bits) > _MOST_BITS:
                raise FormatError("The long lists of a file are not valid.")
            rows, within = (-(-self._count >> some) for some in (row_bits, place_bits))
            sizes = rows if self._ranked else 0
            head = 1 if self._ranked else 0
            ends = np.cumsum([at, rows, sizes, head, within]).tolist()
            some = [tuple(entries[start:end]) for start, end in pairwise(ends)]
            if ends[-1] > len(entries):
                raise FormatError("A file of terms names too few pieces.")
            found[place] = Pieces(
                row_bits, place_bits, some[0], some[1], some[2][0] if head else None, some[3]
            )
            at = ends[-1]
        if at != len(entries):
            raise FormatError("A file of terms names too many pieces.")
        return found

    def _entries(self) -> list[FileEntry | None]:
        sizes, raw_sizes = (
            section(self._arrays, name, "u32").tolist() for name in ("bytes", "raw_bytes")
        )
        digests = section(self._arrays, "sha256", "u8").tobytes()
        if len(digests) != 32 * len(sizes) or len(raw_sizes) != len(sizes):
            raise FormatError("The pieces of a file of terms are not valid.")
        if max([*sizes, *raw_sizes], default=0) > FILE_LIMIT:
            raise FormatError("A file of terms names a file that is too large.")
        found: list[FileEntry | None] = []
        for at, (size, raw_size) in enumerate(zip(sizes, raw_sizes, strict=True)):
            digest = digests[32 * at : 32 * at + 32].hex()
            path = f"data/postings.{digest[:16]}.bin"
            found.append(FileEntry(path, size, raw_size, digest) if size else None)
        return found


def decode_first_terms(data: bytes, files: int) -> list[bytes]:
    """What each of the `files` files of terms begins with: terms at least that belong into it."""
    header, arrays = read_container(data, FIRST_TERMS)
    found = section(arrays, "text", "u8").tobytes().split(b"\n")
    if header.get("count") != files or len(found) != files or found[0]:
        raise FormatError("The first terms do not fit the files of terms.")
    if any(before >= after for before, after in pairwise(found)):
        raise FormatError("The first terms are not in their order.")
    return found


def decode_places_file(data: bytes, terms: int) -> list[memoryview]:
    """The places of each of the `terms` terms of a file; empty for a long one."""
    header, arrays = read_container(data, PLACES)
    if header.get("count") != terms:
        raise FormatError("A file of places has other terms than it should.")
    found, ends = records(arrays, "places", terms)
    return [found[start:end] for start, end in pairwise(ends)]


def decode_piece(data: bytes, kind: str) -> memoryview:
    """The content of a piece of a long list."""
    _, arrays = read_container(data, kind)
    return section(arrays, "list", "u8").data


def decode_head(data: bytes) -> tuple[memoryview, memoryview]:
    """The list of a head, and the tokens of its rows as numbers."""
    _, arrays = read_container(data, HEAD)
    return section(arrays, "list", "u8").data, section(arrays, "sizes", "u8").data


def decode_lengths(data: bytes, first: int, count: int) -> Numbers:
    """The tokens of the `count` rows from `first` on, u32."""
    header, arrays = read_container(data, LENGTHS)
    if header.get("first") != first or header.get("count") != count:
        raise FormatError("A file of lengths is not the block it should be.")
    return numbers(section(arrays, "tokens", "u8").data, count)


def numbers(data: memoryview, count: int) -> Numbers:
    """`count` numbers u32. Raises FormatError if there are others."""
    found = decode_varints(np.frombuffer(data, dtype=np.uint8))
    if len(found) != count:
        raise FormatError("A list of numbers has other numbers than were announced.")
    return found


def records(arrays: dict[str, Any], name: str, count: int) -> tuple[memoryview, list[int]]:
    """The bytes of `count` records, and where each begins and the last one ends."""
    data = section(arrays, name, "u8")
    sizes = decode_varints(section(arrays, f"{name}_bytes", "u8"))
    if len(sizes) != count:
        raise FormatError(f"The section “{name}” has other records than it should.")
    return data.data, splits(sizes, len(data)).tolist()


def section(arrays: dict[str, Any], name: str, dtype: str) -> NDArray[Any]:
    """A section of bytes (`u8`) or numbers (`u32`); raises FormatError if it is missing."""
    array = arrays.get(name)
    if (
        array is None
        or array.dtype.itemsize != {"u8": 1, "u32": 4}[dtype]
        or array.dtype.kind != "u"
    ):
        raise FormatError(f"A file of full text has no valid section “{name}”.")
    found: NDArray[Any] = array
    return found
