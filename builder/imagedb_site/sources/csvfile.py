"""CSV files as spreadsheet programs, exiftool and scripts write them, row by row.

A row is never the end of the file: what is wrong with one is reported, and the next row is read.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TextIO

from imagedb_site.errors import SourceError
from imagedb_site.sources.columns import KEY_COLUMNS, MAX_COLUMNS, field_name, headers, letters
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.textfile import (
    MOST_CHARACTERS,
    Damaged,
    find_encoding,
    lines,
    mended,
    open_text,
)

_HEAD = 1 << 16
_SAMPLE = 20
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(
    r"\ufeff?\"?sep=(?P<separator>[^\w\s\"]|\t)\"?[,;\t|]*[\r\n]*", re.IGNORECASE
)
_MOST_LINES = 20_000
_MOST_AGAIN = 1_000_000
"""How many lines may be read a second time because of quotes that are never closed."""
_MARK = "\ue000end of the row\n"


class CsvTable:
    """The CSV file at `path`; `separator` stands between its cells.

    `packing` and `damaged` are those of `textfile.open_text`.
    """

    def __init__(
        self,
        path: Path,
        *,
        packing: str,
        tabs: bool,
        faults: Faults,
        damaged: Damaged | None = None,
    ) -> None:
        """Reads the beginning, which shows the separator; with `tabs`, a tab is the most likely one.

        Raises `SourceError` if the file cannot be read or is not text.
        """
        self._path = path
        self._packing = packing
        self._damaged = damaged
        self._faults = faults
        self._encoding = find_encoding(path, packing=packing, spreadsheet=True, damaged=damaged)
        with self._open() as text:
            head = mended(text.read(_HEAD)).replace("\0", "")
        named = _SEPARATOR_LINE.match(head)
        self._named = named is not None
        self.separator = named["separator"] if named else _separator(head, tabs=tabs)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yields the number of each row, as spreadsheet programs count, and its cells by column."""
        if csv.field_size_limit() < MOST_CHARACTERS:
            csv.field_size_limit(MOST_CHARACTERS)
        with self._open() as text:
            given = lines(text, self._faults)
            if self._encoding.mixed:
                given = map(self._mended, given)
            if self._named:
                # Excel does not show this line and does not count it.
                next(given, None)
            yield from self._with_names(_Records(given, self.separator, self._faults))

    def _open(self) -> AbstractContextManager[TextIO]:
        return open_text(
            self._path,
            self._encoding,
            packing=self._packing,
            newline="",
            damaged=self._damaged,
        )

    def _mended(self, line: str) -> str:
        plain = mended(line)
        if plain is not line:
            kind = "lines with bytes that are not UTF-8"
            self._faults.once(kind, "has bytes that are not UTF-8; they were read as Windows-1252")
        return plain

    def _with_names(self, records: _Records) -> Iterator[tuple[int, dict[str, str]]]:
        header: list[str] = []
        lost = _LostCells(self._faults)
        for number, cells in records:
            if not any(cell and not cell.isspace() for cell in cells):
                continue
            if not header:
                header = self._header(cells)
                records.width = len(header)
                lost.header([cell.strip() for cell in cells])
                continue
            if len(cells) > len(header) or lost.watched:
                lost.look(number, cells)
            yield (
                number,
                {
                    name: cell
                    for name, cell in zip(header, cells, strict=False)
                    if name and cell and not cell.isspace()
                },
            )

    def _header(self, cells: Sequence[str]) -> list[str]:
        names = list(headers(cells))
        plain = [" ".join(cell.split()) for cell in cells]
        for at, (name, cell) in enumerate(zip(names, plain, strict=True)):
            if name.lstrip("\ufeff") != cell.lstrip("\ufeff"):
                self._faults.note(
                    f'{self._path.name} has several columns named "{cell}"; '
                    f'column {letters(at)} is called "{name}".'
                )
        named = [at for at, name in enumerate(names) if name]
        if len(named) > MAX_COLUMNS:
            first = named[MAX_COLUMNS]
            self._faults.add(
                "columns",
                f"has more than {MAX_COLUMNS} columns; the first left out is {names[first][:80]}",
            )
            names[first:] = [""] * (len(names) - first)
        return names


def _separator(head: str, *, tabs: bool) -> str:
    """Returns what most likely stands between the cells of the text that starts with `head`.

    That is the separator with which a column has a known name, most rows are as long as the header, and the
    header is long.
    """
    whole, newline, _ = head.rpartition("\n") if len(head) == _HEAD else (head, "", "")
    sample = (whole + newline or head).splitlines(keepends=True)[: 10 * _SAMPLE]

    def score(separator: str) -> tuple[bool, bool, bool, int]:
        try:
            rows = list(islice(csv.reader(sample, delimiter=separator), _SAMPLE))
        except csv.Error:
            rows = []
        rows = [row for row in rows if any(row)] or [[]]
        width = len(rows[0])
        names = {field_name(cell, 0) for cell in rows[0][:MAX_COLUMNS]}
        known = not names.isdisjoint(
            {*KEY_COLUMNS, "meta_file", "meta_path", "meta_id", "meta_key"}
        )
        even = sum(len(row) == width for row in rows) * 5 >= len(rows) * 4
        return width > 1 and known, width > 1 and even, tabs and separator == "\t", width

    return max(_DELIMITERS, key=score)


class _LostCells:
    """Reports the cells that belong to no column."""

    def __init__(self, faults: Faults) -> None:
        self.watched: list[int] = []
        """The columns without a name in which no value was found yet."""
        self._faults = faults
        self._width = 0
        self._rows = 0

    def header(self, names: Sequence[str]) -> None:
        """Takes the names of the columns."""
        self._width = len(names)
        self.watched = [at for at, name in enumerate(names) if not name]

    def look(self, number: int, cells: Sequence[str]) -> None:
        """Looks at a row."""
        for at in self.watched[:]:
            cell = cells[at].strip() if at < len(cells) else ""
            # pandas numbers the rows in a first column without a name.
            if cell and not (at == 0 and cell in (str(self._rows), str(self._rows + 1))):
                self.watched.remove(at)
                self._faults.add(
                    "columns without a name",
                    f"column {letters(at)} has no name in the first row and was left out",
                )
        self._rows += 1
        extra = sum(bool(cell.strip()) for cell in cells[self._width :])
        if extra:
            self._faults.row(
                "rows that have more cells than there are columns",
                number,
                f"has {len(cells)} cells, but there are {self._width} columns; "
                "the cells after the last column were left out",
            )


class _TooLong(Exception):
    """A row has more lines or characters than a row may have."""


class _Records:
    """The rows of cells in the lines `given`, each with its number; a broken row does not end them."""

    def __init__(self, given: Iterator[str], separator: str, faults: Faults) -> None:
        self.width = 0
        """How many cells a row should have, once the header is known."""
        self._given = given
        self._separator = separator
        self._faults = faults
        self._held: list[str] = []
        self._size = 0
        self._waiting: deque[str] = deque()
        self._again = 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        number = 0
        while True:
            try:
                for cells in self._reader(self._feed(), strict=True):
                    number += 1
                    self._held.clear()
                    self._size = 0
                    yield number, cells
                return
            except (csv.Error, _TooLong) as error:
                number += 1
                yield number, self._broken(number, tall=isinstance(error, _TooLong))

    def _reader(self, given: Iterator[str], *, strict: bool) -> Iterator[list[str]]:
        return csv.reader(given, delimiter=self._separator, skipinitialspace=True, strict=strict)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._waiting.popleft() if self._waiting else next(self._given, "")
            if not line:
                return
            if "\0" in line:
                line = line.replace("\0", "") or "\n"
            self._held.append(line)
            self._size += len(line)
            if self._size > MOST_CHARACTERS or len(self._held) > _MOST_LINES:
                raise _TooLong
            yield line

    def _broken(self, number: int, *, tall: bool) -> list[str]:
        """Returns the cells of a row whose quotes are wrong; the lines after it are read again."""
        held, self._held = self._held, []
        self._size = 0
        if not tall and held:
            whole = self._balanced(held)
            if whole is not None:
                return whole
        first, *rest = held or [""]
        self._again += len(rest)
        if self._again > _MOST_AGAIN:
            raise SourceError(
                f"Too many quotes are never closed in {self._faults.table}; the last is in row {number}.",
                "Check what separates the cells, and the quotes.",
            )
        self._waiting.extendleft(reversed(rest))
        self._faults.row(
            "rows with a quote that is never closed",
            number,
            "has a quote that is never closed; it was read up to the end of its line",
        )
        line = first.rstrip("\r\n")
        cells = next(self._reader(iter([line]), strict=False), [])
        apart = line.split(self._separator)
        if len(apart) == self.width or (len(apart) > len(cells) and len(cells) != self.width):
            cells = [cell.strip().strip('"') for cell in apart]
        return cells

    def _balanced(self, held: Sequence[str]) -> list[str] | None:
        """Returns the cells of a row that has quotes inside a quoted cell; None if one is not closed."""
        # A quote after a separator opens a cell, so the one before it was never closed.
        last = held[-1]
        if len(held) > 1:
            if re.match(rf'[^"]*(?:^|{re.escape(self._separator)})\s*"', last):
                return None
        else:
            cells = _cells(last.rstrip("\r\n"), self._separator)
            if cells is not None:
                return cells
        rows = list(islice(self._reader(iter([*held, _MARK]), strict=False), 2))
        return rows[0] if len(rows) == 2 and rows[1] == [_MARK.strip()] else None


def _cells(line: str, separator: str) -> list[str] | None:
    """Returns the cells of a line in which quotes stand inside quotes: "say "hi" now".

    A quoted cell ends with a quote before a separator or the end of the line; None if one has no end.
    """
    cells: list[str] = []
    end = re.compile(rf'" *(?:{re.escape(separator)}|$)')
    at = 0
    while at <= len(line):
        start = len(line) - len(line[at:].lstrip(" "))
        if line[start : start + 1] == '"':
            found = end.search(line, start + 1)
            if found is None:
                return None
            cells.append(line[start + 1 : found.start()].replace('""', '"'))
            at = found.end() if found.group().endswith(separator) else len(line) + 1
        else:
            cell, found_separator, _ = line[at:].partition(separator)
            cells.append(cell)
            at += len(cell) + 1 if found_separator else len(line) + 1
    return cells
