"""Full text as postings: terms in ranges, long lists in files of their own (docs/FORMAT.md 2.8)."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site import fts
from imagedb_site.bm25 import gains
from imagedb_site.container import FileEntry
from imagedb_site.postings import (
    FIRST_TERMS,
    HEAD,
    LENGTHS,
    LONG_PLACES,
    PLACES,
    ROWS,
    SIZES,
    TERMS,
    encode_few,
    encode_list,
    encode_places,
    number_bytes,
)
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.term_table import Term, TermTable
from imagedb_site.site.types import SiteSettings
from imagedb_site.varints import encode_varints

_SCALES = ((1 << 20, 16), (1 << 17, 4), (0, 1))
# A file of terms may only end before one of 16 terms, so that an edit moves few of their ends.
_ENDS = 15
_LEAST_BITS = 8
_FEW = 12


@dataclass(frozen=True)
class PostingsSizes:
    """How full text is cut into files, in bytes before compression.

    A file of terms ends when it has `terms`; a list of more than `long` is cut into pieces of about `rows`
    and `places`. `lengths`: rows in a file of lengths. Collections of more than `ranked_above` rows keep each
    row's length beside the terms, so that ranking reads no other lengths, and `head` of the best rows of a
    long list. `scale` makes all sizes in bytes larger; None chooses it by the number of rows.
    """

    terms: int = 4 << 10
    long: int = 8 << 10
    rows: int = 16 << 10
    places: int = 16 << 10
    lengths: int = 16384
    ranked_above: int = 100_000
    head: int = 1024
    scale: int | None = None


@dataclass
class _Shard:
    """A range of terms that is being filled."""

    texts: list[bytes] = field(default_factory=list)
    having: list[int] = field(default_factory=list)
    lists: list[bytes] = field(default_factory=list)
    sizes: list[bytes] = field(default_factory=list)
    places: list[bytes] = field(default_factory=list)
    long: list[int] = field(default_factory=list)
    row_bits: list[int] = field(default_factory=list)
    place_bits: list[int] = field(default_factory=list)
    pieces: list[FileEntry | None] = field(default_factory=list)
    bytes: int = 0


class _Lists:
    """The places of a term as arrays i64 [places], and its rows and times i64 [rows].

    The places of `rows[i]` begin at `starts[i]`.
    """

    def __init__(self, term: Term) -> None:
        of_places, self.columns, self.positions = (
            np.frombuffer(one, dtype=np.int64) for one in (term.rows, term.columns, term.positions)
        )
        begins = np.ones(len(of_places), dtype=np.bool_)
        np.not_equal(of_places[1:], of_places[:-1], out=begins[1:])
        self.starts = np.flatnonzero(begins)
        self.rows = of_places[self.starts]
        self.times = np.diff(self.starts, append=len(begins))


class PostingsWriter:
    """Writes the terms of a table in their order; a few of them are in memory at a time."""

    def __init__(
        self, files: SiteFiles, table: TermTable, settings: SiteSettings, sizes: PostingsSizes
    ) -> None:
        self._files = files
        self._table = table
        self._settings = settings
        self._sizes = sizes
        self._count = table.count
        self._several = len(table.columns) > 1
        self._lengths = table.lengths()
        self._tokens = int(self._lengths.sum(dtype=np.int64))
        self._ranked = self._count > sizes.ranked_above
        self._scale = sizes.scale or next(scale for least, scale in _SCALES if self._count >= least)
        self._shard = _Shard()
        self._last = b""
        self._first_terms: list[bytes] = []
        self._lists = {
            stem: ListWriter(files, stem, settings.fanout)
            for stem in ("terms", "places", "postings")
        }

    def write(self) -> dict[str, Any]:
        """Write everything; gives the manifest's `catalog`."""
        before = self._files.total_bytes
        total = 0
        for term in self._table.terms():
            self._add(term)
            total += 1
        self._end_shard(None)
        pieces = self._lists["postings"]
        first = self._files.put_container(
            FIRST_TERMS, FIRST_TERMS, {"count": len(self._first_terms)}, {"text": _text(self._first_terms)},
            compress=True,
        )  # fmt: skip
        catalog = {
            "tier": "postings",
            "columns": self._table.columns,
            "tokenize": fts.TOKENIZE,
            "count": self._count,
            "tokens": self._tokens,
            "ranked": self._ranked,
            "terms": {
                "count": total,
                "first": first.to_json(),
                "files": self._lists["terms"].finish(),
            },
            "places": {"files": self._lists["places"].finish()},
            "pieces": {"files": pieces.finish()} if pieces.count else None,
            "lengths": self._write_lengths(),
        }
        return {**catalog, "bytes": self._files.total_bytes - before}

    def _add(self, term: Term) -> None:
        shard = self._shard
        if shard.bytes >= self._sizes.terms * self._scale and not zlib.crc32(term.text) & _ENDS:
            self._end_shard(term.text)
            shard = self._shard
        shard.texts.append(term.text)
        # A bitmap is never shorter than a few numbers of a large collection.
        few = len(term.rows) <= _FEW and self._count >= 40 * _FEW
        if few:
            rows, stored, places = encode_few(
                term.rows, term.columns, term.positions, self._several
            )
            shard.having.append(len(rows))
            sizes = b"".join(self._length(row) for row in rows) if self._ranked else b""
        else:
            lists = _Lists(term)
            stored = encode_list(lists.rows, lists.times, self._count)
            places = encode_places(lists.times, lists.columns, lists.positions, self._several)
            shard.having.append(len(lists.rows))
            sizes = encode_varints(self._lengths[lists.rows]).tobytes() if self._ranked else b""
        if not few and len(stored) + len(places) > self._sizes.long * self._scale:
            shard.long.append(len(shard.texts) - 1)
            self._add_long(lists, (len(stored), len(places)))
            stored = places = sizes = b""
        shard.lists.append(stored)
        shard.places.append(places)
        shard.sizes.append(sizes)
        shard.bytes += len(stored) + len(term.text) + 4
        self._last = term.text

    def _length(self, row: int) -> bytes:
        return number_bytes(int(self._lengths[row]))

    def _add_long(self, lists: _Lists, sizes: tuple[int, int]) -> None:
        """Write the list of a term in pieces of as many rows as the shard says, a power of two."""
        bits = [
            self._bits(size, most * self._scale)
            for size, most in zip(sizes, (self._sizes.rows, self._sizes.places), strict=True)
        ]
        rows, times = lists.rows, lists.times
        self._shard.row_bits.append(bits[0])
        self._shard.place_bits.append(bits[1])
        pieces = self._shard.pieces
        for first, some in _pieces(rows, bits[0], self._count):
            span = min(1 << bits[0], self._count - first)
            data = encode_list(rows[some] - first, times[some], span) if len(rows[some]) else b""
            pieces.append(self._piece(ROWS, data))
        if self._ranked:
            lengths = self._lengths[rows]
            for _, some in _pieces(rows, bits[0], self._count):
                pieces.append(self._piece(SIZES, encode_varints(lengths[some]).tobytes()))
            pieces.append(self._head(rows, times, lengths))
        ends = np.append(lists.starts, len(lists.positions))
        for _, some in _pieces(rows, bits[1], self._count):
            within = slice(int(ends[some.start]), int(ends[some.stop]))
            data = encode_places(
                times[some], lists.columns[within], lists.positions[within], self._several
            )
            pieces.append(self._piece(LONG_PLACES, data))

    def _bits(self, size: int, most: int) -> int:
        """The logarithm of the rows per piece with which an average piece has at most `most` bytes."""
        bits = max(0, math.ceil(math.log2(self._count)))
        while size > most and bits > _LEAST_BITS:
            size //= 2
            bits -= 1
        return bits

    def _head(self, rows: NDArray[Any], times: NDArray[Any], lengths: NDArray[Any]) -> FileEntry:
        """Write the best rows of a list by their part of bm25, ties by row."""
        mean = self._tokens / self._count
        best = np.sort(np.argsort(-gains(times, lengths, mean), kind="stable")[: self._sizes.head])
        stored = encode_list(rows[best], times[best], self._count)
        arrays = {
            "list": np.frombuffer(stored, dtype=np.uint8),
            "sizes": encode_varints(lengths[best]),
        }
        entry = self._files.put_container(HEAD, "postings", {}, arrays, compress=True)
        self._lists["postings"].add(entry)
        return entry

    def _piece(self, kind: str, data: bytes) -> FileEntry | None:
        """Write a piece; None if it has nothing."""
        if not data:
            return None
        arrays = {"list": np.frombuffer(data, dtype=np.uint8)}
        entry = self._files.put_container(kind, "postings", {}, arrays, compress=True)
        self._lists["postings"].add(entry)
        return entry

    def _end_shard(self, next_term: bytes | None) -> None:
        """Write the shard; the next one, if there is one, begins with the term."""
        shard = self._shard
        if not self._first_terms:
            self._first_terms.append(b"")
        arrays: dict[str, NDArray[Any]] = {
            "text": _text(shard.texts),
            "having": encode_varints(np.array(shard.having, dtype=np.int64)),
            **_records("lists", shard.lists),
        }
        if self._ranked:
            arrays |= _records("sizes", shard.sizes)
        if shard.long:
            entries = [
                FileEntry("", 0, 0, "00" * 32) if one is None else one for one in shard.pieces
            ]
            arrays |= {
                "long": np.array(shard.long, dtype=np.uint32),
                "row_bits": np.array(shard.row_bits, dtype=np.uint8),
                "place_bits": np.array(shard.place_bits, dtype=np.uint8),
                "sha256": np.frombuffer(
                    b"".join(bytes.fromhex(one.sha256) for one in entries), np.uint8
                ),
                "bytes": np.array([one.size for one in entries], dtype=np.uint32),
                "raw_bytes": np.array([one.raw_size for one in entries], dtype=np.uint32),
            }
        header = {"count": len(shard.texts)}
        self._lists["terms"].add(
            self._files.put_container(TERMS, "terms", header, arrays, compress=True)
        )
        places = _records("places", shard.places)
        self._lists["places"].add(
            self._files.put_container(PLACES, "places", header, places, compress=True)
        )
        if next_term is not None:
            self._first_terms.append(_between(self._last, next_term))
        self._shard = _Shard()

    def _write_lengths(self) -> dict[str, Any]:
        listed = ListWriter(self._files, "lengths", self._settings.fanout)
        block = self._sizes.lengths
        for first in range(0, max(1, self._count), block):
            some = self._lengths[first : first + block]
            header = {"first": first, "count": len(some)}
            arrays = {"tokens": encode_varints(some)}
            listed.add(self._files.put_container(LENGTHS, "lengths", header, arrays, compress=True))
        return {"block": block, "files": listed.finish()}


def write_postings(
    files: SiteFiles, table: TermTable, settings: SiteSettings, sizes: PostingsSizes | None = None
) -> dict[str, Any]:
    """Write the terms of a table; gives the manifest's `catalog`."""
    return PostingsWriter(files, table, settings, sizes or PostingsSizes()).write()


def _pieces(rows: NDArray[Any], bits: int, count: int) -> list[tuple[int, slice]]:
    """The first row of each piece of 2^`bits` rows, and which of the rising `rows` lie in it."""
    firsts = range(0, count, 1 << bits)
    ends = np.searchsorted(rows, [*firsts, count]).tolist()
    return [(first, slice(ends[at], ends[at + 1])) for at, first in enumerate(firsts)]


def _records(name: str, records: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    """The section of some records, one after the other, and the section with the bytes of each."""
    sizes = np.array([len(one) for one in records], dtype=np.int64)
    return {
        f"{name}_bytes": encode_varints(sizes),
        name: np.frombuffer(b"".join(records), dtype=np.uint8),
    }


def _text(texts: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"\n".join(texts), dtype=np.uint8)


def _between(before: bytes, after: bytes) -> bytes:
    """The shortest text, at most `after`, that sorts behind `before`: whole characters of `after`."""
    text = after.decode()
    for size in range(1, len(text) + 1):
        part = text[:size].encode()
        if part > before:
            return part
    return after
