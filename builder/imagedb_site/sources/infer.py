"""The type of a column, decided by all its cells, and the stored form of each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from imagedb_site import display
from imagedb_site.records import FieldSpec, Value
from imagedb_site.sources import columns
from imagedb_site.sources.candidates import (
    NAMED_MISFITS,
    Candidate,
    Dates,
    Misfits,
    Numbers,
    booleans,
    urls,
)
from imagedb_site.sources.cells import (
    DASHES,
    LONGEST_MARK,
    MARKS,
    MAX_TEXT,
    UNKNOWN,
    Cell,
    as_text,
    clean,
    no_date,
)
from imagedb_site.sources.faults import Faults, quoted
from imagedb_site.sources.tags import TagTally

_DIGITS = frozenset("123456789")
_NO_DATE = frozenset("0:")
_MAX_CATEGORY = 64
_MAX_LABEL = 100
_MAX_CATEGORIES = 1_000
_ARTICLE = {"number": "a number", "date": "a date", "boolean": "true or false", "url": "an address"}

Store = Callable[[Cell], Value | None]
"""Returns the stored form of a cell."""


@dataclass(frozen=True)
class Conventions:
    """How the table writes what a single column leaves open.

    `comma`: decimal numbers have a comma, and a point groups thousands. `day_first`: "3/4/2019" is 3 April.
    """

    comma: bool = False
    points: bool = False
    semicolons: bool = False
    day_first: bool = False


class Tally:
    """The facts about a column that decide its type, counted cell by cell; no cells are kept.

    `name` is the column's field name. Memory is bounded: a few thousand short values per column.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        """The number of cells that have a value."""
        self._numbers = Numbers()
        self._dates = Dates()
        self._candidates: list[Candidate] = [booleans(), self._numbers, self._dates, urls()]
        if name in columns.CODE_COLUMNS:
            self._candidates.remove(self._numbers)
        if name in columns.DATE_COLUMNS:
            self._candidates.remove(self._dates)
            self._candidates.insert(0, self._dates)
        self._alive = self._candidates
        self._unknown = Misfits()
        self._marks = 0
        self._dashes = 0
        self._long = Misfits()
        self._tags = TagTally(name)
        self._distinct: set[str] | None = set()

    def add(self, cell: Cell, row: int = 0) -> None:
        """Counts one cell of the column; `row` is the number of its row in messages."""
        if isinstance(cell, str):
            if len(cell) > LONGEST_MARK:
                if len(cell) > MAX_TEXT:
                    self._long.add(row, f"{len(cell):,}")
            # No mark starts with one of these digits; most cells that are short do.
            elif cell[:1] not in _DIGITS and self._is_mark(cell, row):
                return
        self.count += 1
        dead = False
        for candidate in self._alive:
            candidate.add(cell, row)
            dead = dead or not candidate.alive
        if dead:
            self._alive = [candidate for candidate in self._alive if candidate.alive]
        self._tags.add(cell)
        if self._distinct is not None:
            self._count_distinct(cell)

    def _is_mark(self, cell: str, row: int) -> bool:
        """Counts a cell that stands for no value, and returns True; False for other cells.

        It is a value only if the column turns out to be text.
        """
        mark = cell.strip().lower()
        if mark in DASHES:
            self._dashes += 1
            return True
        if mark in UNKNOWN:
            self._unknown.add(row, cell)
        elif mark not in MARKS and not (mark[:1] in _NO_DATE and no_date(mark)):
            return False
        self._marks += 1
        self._tags.add(cell)
        self._count_distinct(cell)
        return True

    @property
    def cells(self) -> int:
        """The number of cells, with those that stand for no value."""
        return self.count + self._marks + self._dashes

    def _count_distinct(self, cell: Cell) -> None:
        if self._distinct is None:
            return
        text = "\n" if isinstance(cell, list) else str(cell)
        if len(text) > _MAX_CATEGORY or "\n" in text:
            self._distinct = None
            return
        self._distinct.add(text)
        if len(self._distinct) > _MAX_CATEGORIES:
            self._distinct = None

    def column(self, label: str, table: Conventions, faults: Faults) -> tuple[FieldSpec, Store]:
        """Returns the field for the column called `label`, and the function that stores one of its cells.

        What was left out is added to `faults`. Text takes everything; the rules for the other types are in
        docs/guide/site-owner.md, "Tables".
        """
        shown = _shown(clean(label, 100) or self.name)
        chosen = self._chosen(label, table, faults)
        if chosen is not None:
            self._report(label, chosen, faults)
            filters = chosen.kind != "url"
            spec = FieldSpec(
                self.name, shown, chosen.kind, facet=filters, column=filters, unit=chosen.unit
            )
            return spec, chosen.parse()
        total = self.count + self._marks
        # A few values that keep coming back are categories even if they contain ";", as licences do.
        often = not self._tags.named and self._is_category(50)
        store = None if often else self._tags.store(total)
        if store is not None:
            path = columns.PATH_TAGS.get(self.name)
            return FieldSpec(
                self.name, shown, "tags", fts=True, facet=True, column=True, separator=path
            ), store
        self._report_long(label, faults)
        if not columns.has_sentences(self.name) and self._is_category():
            return FieldSpec(
                self.name, shown, "category", fts=True, facet=True, column=True
            ), as_text
        return FieldSpec(self.name, shown, "text", fts=True), as_text

    def _chosen(self, label: str, table: Conventions, faults: Faults) -> Candidate | None:
        """Returns the type with the fewest misfits among those that fit, the first if there are several."""
        if not self.count:
            return None
        self._numbers.decide(self._comma(table))
        self._dates.day_first = self._day_first(label, table, faults)
        fitting = [
            candidate
            for candidate in self._alive
            if candidate.fits(self.count)
            # "yes", "no" and "unknown" are three values.
            and not (candidate.kind == "boolean" and self._unknown.count)
            # One page that is called "cover" makes the others labels, too.
            and not (columns.names_pages(self.name) and candidate.misfits.count)
        ]
        return min(fitting, key=lambda candidate: candidate.misfits.count, default=None)

    def _comma(self, table: Conventions) -> bool:
        shown = self._numbers.shown_comma
        if shown is not None:
            return shown
        if self._numbers.shows_commas:
            # 1,234 is one thousand, unless the table separates its cells or decimals otherwise.
            return (table.comma or table.semicolons) and not table.points
        return table.comma and not table.points

    def _day_first(self, label: str, table: Conventions, faults: Faults) -> bool:
        order = self._dates.order
        if order.note is None:
            return order.day_first
        if self._dates.alive and self._dates.fits(self.count):
            note = order.note
            if table.day_first:
                note = note.replace("month/day/year", "day/month/year")
            faults.note(f'The column "{clean(label, 100)}" of {faults.table}: {note}')
        return table.day_first

    def _report(self, label: str, chosen: Candidate, faults: Faults) -> None:
        what = _ARTICLE[chosen.kind]
        found = sorted([*chosen.misfits.first, *self._unknown.first])[:NAMED_MISFITS]
        kind = f'cells of the column "{clean(label, 100)}" that are not {what}'
        for row, text in found:
            faults.add(
                kind,
                f'row {row}, column "{clean(label, 100)}": {quoted(text)} is not {what}; '
                "the cell is left empty",
            )
        faults.count(kind, chosen.misfits.count + self._unknown.count - len(found))

    def _report_long(self, label: str, faults: Faults) -> None:
        kind = "texts that are too long and were cut"
        for row, length in self._long.first:
            faults.add(
                kind,
                f'row {row}, column "{clean(label, 100)}": the text has {length} characters; '
                f"the first {MAX_TEXT:,} are kept",
            )
        faults.count(kind, self._long.count - len(self._long.first))

    def _is_category(self, uses: int = 2) -> bool:
        """Returns whether the values are short and come back often, `uses` times on average."""
        total = self.count + self._marks
        return self._distinct is not None and len(self._distinct) * uses <= total

    @property
    def comma(self) -> bool | None:
        """Whether the numbers of this column have decimal commas; None if it does not show."""
        fits = self._numbers in self._alive and self._numbers.fits(self.count)
        return self._numbers.shown_comma if fits else None

    @property
    def day_first(self) -> bool:
        """Whether the dates of this column show that the day is first."""
        fits = self._dates in self._alive and self._dates.fits(self.count)
        return fits and self._dates.order.day_first


def conventions(tallies: Iterable[Tally], separator: str | None) -> Conventions:
    """Returns what the columns of a table show together; `separator` stands between its cells."""
    tallies = list(tallies)
    shown: Sequence[bool | None] = [tally.comma for tally in tallies]
    comma = True in shown
    day_first = any(tally.day_first for tally in tallies)
    points, semicolons = False in shown, separator == ";"
    return Conventions(comma, points, semicolons, day_first or comma or (semicolons and not points))


def _shown(label: str) -> str:
    """Returns a label for people: `image_size` → `Image size`; a label with capitals stays as it is.

    It is safe to show: nothing in it drives a terminal or turns the direction of text.
    """
    if label == label.lower():
        label = " ".join(label.replace("_", " ").split()).capitalize() or label
    return display.shown(label)[:_MAX_LABEL]
