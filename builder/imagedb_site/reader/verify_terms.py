"""Reads all of full text once and checks that its files fit each other.

A collection of two million rows has hundreds of thousands of terms, and most of them are in a few rows. Their
lists are decoded together, a file at a time: one by one takes ten times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.postings import decode_list, decode_places
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.naming import naming
from imagedb_site.reader.postings import PostingsEntry, Read, SiteTerms
from imagedb_site.reader.term_files import TermFile, decode_first_terms, decode_places_file
from imagedb_site.terms import Integers
from imagedb_site.varints import decode_varints

Bytes = NDArray[np.uint8]


def verify_terms(entry: PostingsEntry, read: Read) -> None:
    """Read every file and check that all of them fit each other; raises FormatError."""
    _Check(entry, read).run()


@dataclass
class _Lists:
    """Lists of several terms, one after the other: `having` rows of each, and their times."""

    having: Integers
    rows: Integers
    times: Integers


class _Check:
    """All files, one after the other."""

    def __init__(self, entry: PostingsEntry, read: Read) -> None:
        self._entry = entry
        self._read = read
        self._terms = SiteTerms(entry, read)
        self._files = FileList(entry.files, read)
        self._places = FileList(entry.places, read)
        self._lengths = self._terms.lengths(np.arange(entry.count))
        self._totals = np.zeros(entry.count, dtype=np.int64)

    def run(self) -> None:
        entry, totals = self._entry, self._totals
        with naming(entry.first):
            first = decode_first_terms(self._read(entry.first), self._files.count)
        found = 0
        for number in range(self._files.count):
            after = first[number + 1] if number + 1 < len(first) else None
            found += self._file(number, first[number], after)
        if found != entry.terms:
            raise FormatError(f"Full text has {found:,} terms, not {entry.terms:,}.")
        if (totals != self._lengths).any() or totals.sum() != entry.tokens:
            raise FormatError("Full text does not have as many words as it says.")

    def _file(self, number: int, first: bytes, after: bytes | None) -> int:
        """Check a file of terms, whose terms are from `first` to before `after`, and its places."""
        count, columns = self._entry.count, self._entry.columns
        listed = self._files.entry(number), self._places.entry(number)
        with naming(listed[0]):
            file = TermFile(self._read(listed[0]), count, self._entry.ranked)
            few, others = _split(file)
            of = file.terms
            if of and not first <= of[0] <= of[-1] < (after or of[-1] + b"\0"):
                raise FormatError("It has terms of another file.")
            for term in of:
                _text(term)
        with naming(listed[1]):
            places = decode_places_file(self._read(listed[1]), len(of))
        if len(few):
            with naming(listed[0]):
                lists = _decoded_few(file, few, count)
                self._count(file, few, lists.rows, lists.times)
            with naming(listed[1]):
                _check_places(lists, [places[place] for place in few.tolist()], columns)
        for place in others:
            if place in file.long:
                self._long(_text(of[place]))
                continue
            with naming(listed[0]):
                rows, times = decode_list(file.record(place), count, int(file.having[place]))
                self._count(file, np.array([place]), rows.astype(np.int64), times)
            with naming(listed[1]):
                decode_places(places[place], times, columns)
        return len(of)

    def _long(self, term: str) -> None:
        terms = self._terms
        rows, times = terms.rows(term), terms.times(term)
        terms.occurrences(term, None)
        if self._entry.ranked:
            self._compare(term, rows, terms.sizes(term))
        terms.head(term)
        np.add.at(self._totals, rows, times)

    def _count(self, file: TermFile, places: Integers, rows: Integers, times: Any) -> None:
        """Add how often the rows have the terms at some places, and compare the lengths beside them."""
        if self._entry.ranked:
            stored = [file.size_bytes(place) for place in places.tolist()]
            self._compare(_text(file.terms[places[0]]), rows, _numbers(stored, file.having[places]))
        np.add.at(self._totals, rows, times)

    def _compare(self, term: str, rows: Integers, sizes: Integers) -> None:
        if (sizes != self._lengths[rows]).any():
            raise FormatError(
                f"The lengths of the rows with the term “{term[:40]}” or a later one are wrong."
            )


def _split(file: TermFile) -> tuple[Integers, list[int]]:
    """The places of the terms whose rows are gaps of less than 128 bytes in all, and those of the others."""
    few: list[int] = []
    others: list[int] = []
    for place in range(len(file.terms)):
        if place in file.long:
            others.append(place)
            continue
        record = file.record(place)
        short = len(record) > 1 and 0 < record[0] < 0x80 and record[1] == 0
        (few if short and record[0] < len(record) else others).append(place)
    return np.array(few, dtype=np.int64), others


def _decoded_few(file: TermFile, few: Integers, count: int) -> _Lists:
    having = file.having[few].astype(np.int64)
    records = [file.record(place) for place in few.tolist()]
    gaps = _numbers([record[2 : 1 + record[0]] for record in records], having)
    rows = _sums(gaps + 1, having) - 1
    if int(rows.max()) >= count:
        raise FormatError("A list of rows has one that the collection does not have.")
    stored = [record[1 + record[0] :] for record in records]
    often, ends = _several(stored)
    pairs = np.diff(ends, prepend=0)
    if (pairs % 2).any():
        raise FormatError("A list of times has other rows than there are.")
    times = np.ones(len(rows), dtype=np.int64)
    if len(often):
        within = _sums(often[::2] + 1, pairs // 2) - 1
        of = np.repeat(np.arange(len(few)), pairs // 2)
        if (within >= having[of]).any():
            raise FormatError("A list of times has other rows than there are.")
        times[(np.cumsum(having) - having)[of] + within] = often[1::2] + 2
    return _Lists(having, rows, times)


def _check_places(lists: _Lists, stored: list[memoryview], columns: int) -> None:
    """Raise FormatError unless each place has a position, and a column of the catalog."""
    starts = np.cumsum(lists.having) - lists.having
    totals = np.add.reduceat(lists.times, starts)
    if columns == 1:
        steps = _numbers(stored, totals)
    else:
        tails = totals.tolist()
        pairs = list(zip(stored, tails, strict=True))
        if any(len(data) < tail for data, tail in pairs):
            raise FormatError("A list of places has other places than there are.")
        steps = _numbers([data[: len(data) - tail] for data, tail in pairs], totals)
        of = b"".join(data[len(data) - tail :] for data, tail in pairs)
        if max(of, default=0) >= columns:
            raise FormatError("A list of places has a column that the catalog does not have.")
    # No position of a term is beyond the sum of its steps.
    if len(steps) and int(np.add.reduceat(steps + 1, np.cumsum(totals) - totals).max()) > 1 << 32:
        raise FormatError("A list of places has a position that is too large.")


def _numbers(parts: list[memoryview], counts: Any) -> Integers:
    """The numbers of all parts. Raises FormatError unless each part has its count of them."""
    found, ends = _several(parts)
    if (ends != np.cumsum(counts, dtype=np.int64)).any():
        raise FormatError("A list of numbers has other numbers than were announced.")
    return found


def _several(parts: list[memoryview]) -> tuple[Integers, Integers]:
    """The numbers of all parts, and how many there are up to the end of each. Raises FormatError."""
    data = np.frombuffer(b"".join(parts), dtype=np.uint8)
    ends = np.cumsum([len(part) for part in parts])
    filled = ends[ends > 0]
    if len(filled) and (data[filled - 1] >= 0x80).any():
        raise FormatError("A list of numbers is cut short.")
    before = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum(data < 0x80, out=before[1:])
    return decode_varints(data).astype(np.int64), before[ends]


def _sums(steps: Integers, counts: Integers) -> Integers:
    """The sums of the steps from the beginning of each list on; `counts`: how many steps each has."""
    sums = np.cumsum(steps)
    starts = np.cumsum(counts) - counts
    before = np.where(starts > 0, sums[starts - 1], 0)
    return np.asarray(sums - np.repeat(before, counts))


def _text(term: bytes) -> str:
    try:
        return term.decode()
    except UnicodeDecodeError as error:
        raise FormatError("A term of full text is not UTF-8.") from error
