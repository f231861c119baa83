"""The types that a column may have, each tried with every cell until too many do not fit."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable

from imagedb_site.dates import MAX_LENGTH, DateOrder
from imagedb_site.records import FieldType, Value
from imagedb_site.sources.cells import (
    Cell,
    date_of,
    is_code,
    parse_boolean,
    parse_number,
    parse_url,
    split_unit,
)

NAMED_MISFITS = 5
_MOST_MISFITS = 1_000
_MOST_UNITS = 1

Parse = Callable[[Cell], Value | None]


class Misfits:
    """The cells that do not fit a type: their number, and the first few with their rows."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, str]] = []

    def add(self, row: int, cell: object) -> None:
        """Counts the cell of a row."""
        self.count += 1
        if len(self.first) < NAMED_MISFITS:
            self.first.append((row, str(cell)[:200]))

    def few(self, of: int) -> bool:
        """Whether a column of `of` values keeps its type in spite of them.

        At least 95 % of the values must fit, or all but one of at least five; never more than 1,000 misfits.
        """
        if self.count > _MOST_MISFITS:
            return False
        return self.count * 20 <= of or (self.count == 1 and of >= 5)


class Candidate(ABC):
    """A type that the column may have; `alive` is False once it is certain that it does not.

    What is decided never depends on the order of the cells.
    """

    kind: FieldType
    unit: str | None = None
    alive = True

    def __init__(self) -> None:
        self.misfits = Misfits()

    @abstractmethod
    def add(self, cell: Cell, row: int) -> None:
        """Tries a cell."""

    def refuse(self, row: int, cell: object) -> None:
        """Counts a misfit."""
        self.misfits.add(row, cell)
        self.alive = self.alive and self.misfits.count <= _MOST_MISFITS

    def fits(self, of: int) -> bool:
        """Whether a column with `of` values has this type."""
        return self.alive and self.misfits.few(of)

    @abstractmethod
    def parse(self) -> Parse:
        """Returns the function that reads a cell."""


class Strict(Candidate):
    """A type that every value must fit: truth values and web addresses."""

    def __init__(self, kind: FieldType, parse: Parse) -> None:
        super().__init__()
        self.kind = kind
        self._parse = parse

    def add(self, cell: Cell, row: int) -> None:
        if self._parse(cell) is None:
            self.alive = False

    def parse(self) -> Parse:
        return self._parse


def booleans() -> Candidate:
    """Returns the candidate for truth values."""
    return Strict("boolean", parse_boolean)


def urls() -> Candidate:
    """Returns the candidate for web addresses."""
    return Strict("url", parse_url)


class Numbers(Candidate):
    """Numbers, with a decimal point or a decimal comma, and with one unit or none.

    A value that looks like a code, such as 007 or 12a, shows that the column has names, not amounts.
    """

    kind: FieldType = "number"

    def __init__(self) -> None:
        super().__init__()
        self.comma = False
        self.points = Misfits()
        """What cannot be read with a decimal point."""
        self.commas = Misfits()
        """What cannot be read with a decimal comma."""
        self.shows_commas = False
        self._units: set[str] = set()

    def add(self, cell: Cell, row: int) -> None:
        if isinstance(cell, str):
            self._add_text(cell.strip(), row)
        else:
            self._units.add("")
            self.alive = self.alive and parse_number(cell) is not None
        if len(self._units) > _MOST_UNITS:
            self.alive = False

    def _add_text(self, text: str, row: int) -> None:
        if text.isdecimal() and parse_number(text) is not None:
            self._units.add("")
            return
        if _FRACTION.fullmatch(text):
            # The usual case of programs, in a fraction of the time: a point that groups no thousands.
            self._units.add("")
            self.commas.add(row, text)
            return
        text, unit = split_unit(text)
        point, comma = parse_number(text), parse_number(text, comma=True)
        if point is None and comma is None:
            self.refuse(row, text)
            self.alive = self.alive and not is_code(text)
            return
        self._units.add(unit)
        self.shows_commas = self.shows_commas or "," in text
        if point is None:
            self.points.add(row, text)
        elif comma is None:
            self.commas.add(row, text)

    @property
    def shown_comma(self) -> bool | None:
        """Whether the values show that the decimal sign is a comma; None if they leave it open."""
        if self.points.count == self.commas.count:
            return None
        return self.points.count > self.commas.count

    def decide(self, comma: bool) -> None:
        """Fixes the decimal sign."""
        self.comma = comma
        style = self.commas if comma else self.points
        self.unit = next(iter(self._units), None) or None
        for row, text in style.first:
            self.misfits.add(row, text)
        self.misfits.count += style.count - len(style.first)
        self.misfits.first.sort()

    def parse(self) -> Parse:
        comma = self.comma
        if not comma and self.unit is None:
            return parse_number

        def read(cell: Cell) -> Value | None:
            if isinstance(cell, str):
                cell = split_unit(cell.strip())[0]
            return parse_number(cell, comma)

        return read


class Dates(Candidate):
    """Dates of any form, and whole numbers that may be years."""

    kind: FieldType = "date"

    def __init__(self) -> None:
        super().__init__()
        self.order = DateOrder()
        self.day_first = False

    def add(self, cell: Cell, row: int) -> None:
        text = _date_text(cell)
        if text is None or date_of(text) is None:
            self.refuse(row, cell)
            self.alive = self.alive and not isinstance(cell, (bool, list))
        elif _SHORT.match(text):
            self.order.add(text)

    def parse(self) -> Parse:
        day_first = self.day_first

        def read(cell: Cell) -> Value | None:
            text = _date_text(cell)
            return None if text is None else date_of(text, day_first)

        return read


def _date_text(cell: Cell) -> str | None:
    """Returns a cell that may be a date as text: one with a digit, or a whole number that may be a year."""
    if isinstance(cell, str):
        text = cell.strip()
        if len(text) > MAX_LENGTH or not _DIGIT.search(text):
            return None
        return text[:4] if _FLOAT_YEAR.fullmatch(text) else text
    if isinstance(cell, (bool, list)):
        return None
    return f"{cell:.0f}" if 1000 <= cell <= 2999 and cell == int(cell) else None


_FRACTION = re.compile(r"-?(?:0\.\d{1,40}|[1-9]\d{0,9}\.(?:\d{1,2}|\d{4,40}))")
_DIGIT = re.compile(r"\d")
_FLOAT_YEAR = re.compile(r"[12]\d{3}\.0")
"""How pandas writes a year if another row has none."""
_SHORT = re.compile(r"\s*\d{1,2}[-/]")
