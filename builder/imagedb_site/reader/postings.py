"""Full text of a published site: only the files that a query needs are read (docs/FORMAT.md 2.8)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.postings import LONG_PLACES, ROWS, SIZES, decode_list, decode_places
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.naming import naming
from imagedb_site.reader.recent import Recent
from imagedb_site.reader.shape import (
    ListEntry,
    as_bool,
    as_count,
    as_entry,
    as_file_list,
    as_object,
)
from imagedb_site.reader.term_files import (
    Pieces,
    TermFile,
    decode_first_terms,
    decode_head,
    decode_lengths,
    decode_piece,
    decode_places_file,
    numbers,
)
from imagedb_site.terms import Integers, Occurrences

Read = Callable[[FileEntry], bytes]

_KEPT_FILES = 64
_KEPT_LISTS = 16
_MOST_TOKENS = 1 << 53


@dataclass(frozen=True)
class PostingsEntry:
    """What the manifest says about full text: see docs/FORMAT.md 2.8."""

    count: int
    bytes: int
    columns: int
    tokens: int
    ranked: bool
    terms: int
    first: FileEntry
    files: ListEntry
    places: ListEntry
    pieces: ListEntry | None
    block: int
    lengths: ListEntry


def parse_postings(catalog: dict[str, Any], count: int, columns: int) -> PostingsEntry:
    """Check the manifest's `catalog` of a collection of `count` rows; raises FormatError."""
    terms = as_object(catalog.get("terms"), "catalog.terms")
    files = as_file_list(terms.get("files"), "catalog.terms.files")
    places = as_file_list(
        as_object(catalog.get("places"), "catalog.places").get("files"), "catalog.places.files"
    )
    if places.count != files.count:
        raise FormatError("catalog.places does not have as many files as catalog.terms.")
    pieces = catalog.get("pieces")
    lengths = as_object(catalog.get("lengths"), "catalog.lengths")
    block = as_count(lengths.get("block"), "catalog.lengths.block", 1 << 31)
    listed = as_file_list(lengths.get("files"), "catalog.lengths.files")
    if not block or listed.count != max(1, -(-count // block)):
        raise FormatError("catalog.lengths has another number of files than it should.")
    return PostingsEntry(
        count,
        as_count(catalog.get("bytes"), "catalog.bytes", _MOST_TOKENS),
        columns,
        as_count(catalog.get("tokens"), "catalog.tokens", _MOST_TOKENS),
        as_bool(catalog.get("ranked"), "catalog.ranked"),
        as_count(terms.get("count"), "catalog.terms.count", _MOST_TOKENS),
        as_entry(terms.get("first"), "catalog.terms.first"),
        files,
        places,
        None
        if pieces is None
        else as_file_list(as_object(pieces, "catalog.pieces").get("files"), "catalog.pieces.files"),
        block,
        listed,
    )


@dataclass(frozen=True)
class _Found:
    """A term of a file of terms."""

    number: int
    file: TermFile
    place: int

    @property
    def having(self) -> int:
        return int(self.file.having[self.place])


class SiteTerms:
    """`Terms` over the files of a site. Every method raises FormatError for damage, with the file's name."""

    def __init__(self, entry: PostingsEntry, read: Read) -> None:
        self._entry = entry
        self._read = read
        self._term_files = FileList(entry.files, read)
        self._place_files = FileList(entry.places, read)
        self._length_files = FileList(entry.lengths, read)
        self._opened: Recent[int, TermFile] = Recent(_KEPT_FILES)
        self._lists: Recent[str, tuple[Integers, Integers]] = Recent(_KEPT_LISTS)
        self._lengths: Recent[int, Integers] = Recent(1 << 10)

    @property
    def count(self) -> int:
        return self._entry.count

    @property
    def tokens(self) -> int:
        return self._entry.tokens

    def rows(self, term: str) -> Integers:
        return self._list(term)[0]

    def times(self, term: str) -> Integers:
        return self._list(term)[1]

    def having(self, term: str) -> int:
        found = self._find(term)
        return 0 if found is None else found.having

    def lengths(self, rows: Integers) -> Integers:
        block = self._entry.block
        found = np.zeros(len(rows), dtype=np.int64)
        numbers_of = rows // block
        for number in np.unique(numbers_of).tolist():
            of_block = numbers_of == number
            found[of_block] = self._length_block(number)[rows[of_block] - number * block]
        return found

    def with_prefix(self, prefix: str) -> Sequence[str]:
        start = prefix.encode()
        found: list[str] = []
        for number in range(self._file_of(start), self._term_files.count):
            terms = self._open(number).terms
            first = bisect_left(terms, start)
            last = first
            while last < len(terms) and terms[last].startswith(start):
                last += 1
            found += (_decoded(term) for term in terms[first:last])
            if last < len(terms):
                break
        return found

    def occurrences(self, term: str, within: Integers | None) -> Occurrences:
        found = self._find(term)
        if found is None:
            nothing = np.zeros(0, dtype=np.int64)
            return Occurrences(nothing, np.zeros(1, dtype=np.int64), nothing, nothing)
        rows, times = self._list(term)
        pieces = found.file.long.get(found.place)
        if pieces is None:
            entry = self._place_files.entry(found.number)
            with naming(entry):
                data = decode_places_file(self._read(entry), len(found.file.terms))[found.place]
                return self._occurrences(rows, times, [(times, data)])
        taken: list[np.ndarray[Any, Any]] = []
        parts: list[tuple[Any, memoryview]] = []
        numbers_of = rows >> pieces.place_bits
        wanted = np.unique((rows if within is None else within) >> pieces.place_bits)
        for number in wanted.tolist():
            of_piece = np.flatnonzero(numbers_of == number)
            if len(of_piece):
                parts.append((times[of_piece], self._piece(pieces.places[number], LONG_PLACES)))
                taken.append(of_piece)
        some = np.concatenate(taken) if taken else np.zeros(0, dtype=np.int64)
        return self._occurrences(rows[some], times[some], parts)

    def sizes(self, term: str) -> Integers:
        """The tokens of each row of `rows(term)`, if the site keeps them beside the term; else `lengths`."""
        found = self._find(term)
        if found is None or not self._entry.ranked:
            return self.lengths(self.rows(term))
        pieces = found.file.long.get(found.place)
        if pieces is None:
            return found.file.sizes(found.place).astype(np.int64)
        parts = [self._piece(entry, SIZES) for entry in pieces.sizes if entry is not None]
        return numbers(memoryview(b"".join(parts)), found.having).astype(np.int64)

    def head(self, term: str) -> tuple[Integers, Integers, Integers] | None:
        """The best rows of a long list, how often they have the term, and their tokens; else None."""
        found = self._find(term)
        pieces = None if found is None else found.file.long.get(found.place)
        if pieces is None or pieces.head is None:
            return None
        with naming(pieces.head):
            stored, sizes = decode_head(self._read(pieces.head))
            rows, times = decode_list(stored, self.count, None)
            tokens = numbers(sizes, len(rows))
        return rows.astype(np.int64), times.astype(np.int64), tokens.astype(np.int64)

    @cached_property
    def _first_terms(self) -> list[bytes]:
        with naming(self._entry.first):
            return decode_first_terms(self._read(self._entry.first), self._term_files.count)

    def _file_of(self, term: bytes) -> int:
        return bisect_right(self._first_terms, term) - 1

    def _open(self, number: int) -> TermFile:
        file = self._opened.get(number)
        if file is None:
            entry = self._term_files.entry(number)
            with naming(entry):
                file = TermFile(self._read(entry), self.count, self._entry.ranked)
                _ = file.long
            self._opened.put(number, file)
        return file

    def _find(self, term: str) -> _Found | None:
        text = term.encode()
        number = self._file_of(text)
        file = self._open(number)
        place = bisect_left(file.terms, text)
        if place == len(file.terms) or file.terms[place] != text:
            return None
        return _Found(number, file, place)

    def _list(self, term: str) -> tuple[Integers, Integers]:
        found = self._find(term)
        if found is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        kept = self._lists.get(term)
        if kept is None:
            pieces = found.file.long.get(found.place)
            if pieces is None:
                with naming(self._term_files.entry(found.number)):
                    rows, times = decode_list(
                        found.file.record(found.place), self.count, found.having
                    )
                kept = rows.astype(np.int64), times.astype(np.int64)
            else:
                kept = self._long_list(pieces, found.having)
            self._lists.put(term, kept)
        return kept

    def _long_list(self, pieces: Pieces, having: int) -> tuple[Integers, Integers]:
        parts: list[tuple[Integers, Integers]] = []
        for number, entry in enumerate(pieces.rows):
            if entry is None:
                continue
            first = number << pieces.row_bits
            with naming(entry):
                span = min(1 << pieces.row_bits, self.count - first)
                rows, times = decode_list(decode_piece(self._read(entry), ROWS), span, None)
            parts.append((rows.astype(np.int64) + first, times.astype(np.int64)))
        rows_of, times_of = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
        if len(rows_of) != having:
            raise FormatError("A long list of full text has other rows than were announced.")
        return rows_of, times_of

    def _occurrences(
        self, rows: Integers, times: Integers, parts: Sequence[tuple[Any, memoryview]]
    ) -> Occurrences:
        """Put the parts of a list together; each has the times of its rows and the stored places."""
        decoded = [decode_places(data, some, self._entry.columns) for some, data in parts]
        positions = np.concatenate([np.zeros(0, dtype=np.uint32), *(found for _, found in decoded)])
        columns = np.zeros(len(positions), dtype=np.int64)
        if self._entry.columns > 1 and decoded:
            columns[:] = np.concatenate([some for some, _ in decoded if some is not None])
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(times, out=starts[1:])
        return Occurrences(rows, starts, columns, positions.astype(np.int64))

    def _piece(self, entry: FileEntry | None, kind: str) -> memoryview:
        if entry is None:
            raise FormatError("A piece of a long list of full text is missing.")
        with naming(entry):
            return decode_piece(self._read(entry), kind)

    def _length_block(self, number: int) -> Integers:
        kept = self._lengths.get(number)
        if kept is None:
            first = number * self._entry.block
            entry = self._length_files.entry(number)
            with naming(entry):
                kept = decode_lengths(
                    self._read(entry), first, min(self._entry.block, self.count - first)
                ).astype(np.int64)
            self._lengths.put(number, kept)
        return kept


def _decoded(term: bytes) -> str:
    try:
        return term.decode()
    except UnicodeDecodeError as error:
        raise FormatError("A term of full text is not UTF-8.") from error
