"""Rows of any columns as a source: what the columns hold decides the types of the fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from imagedb_site.records import FieldSpec, PictureRef, Progress, Value
from imagedb_site.sources.cells import Cell, as_text
from imagedb_site.sources.columns import MAX_COLUMNS, field_name, free_name
from imagedb_site.sources.faults import Faults
from imagedb_site.sources.infer import Store, Tally, conventions
from imagedb_site.sources.private_columns import private_labels
from imagedb_site.sources.row_source import Log

_PROGRESS_EVERY = 4_096


@dataclass(frozen=True)
class RawRow:
    """A row before the types of its columns are known. `number` is that in messages."""

    number: int
    cells: Mapping[str, Cell]
    key: str | None = None
    where: str = ""
    picture: PictureRef | None = None


ReadRaw = Callable[[Log], Iterator[RawRow]]


class Columns:
    """The columns of rows that are read once; `add` takes each row."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._tallies: dict[str, Tally] = {}
        self._names: set[str] = set()
        self._left_out = False

    def add(self, number: int, cells: Mapping[str, Cell]) -> None:
        """Counts the cells of a row."""
        for label, cell in cells.items():
            tally = self._tallies.get(label)
            if tally is None:
                tally = self._new(label)
                if tally is None:
                    continue
            tally.add(cell, number)

    def _new(self, label: str) -> Tally | None:
        number = len(self._tallies)
        if number >= MAX_COLUMNS:
            if not self._left_out:
                self._left_out = True
                reason = f"has more than {MAX_COLUMNS} columns; the first left out is {label[:80]}"
                self._faults.add("columns", reason)
            return None
        name = free_name(field_name(label, number), self._names)
        self._names.add(name)
        self._tallies[label] = Tally(name)
        return self._tallies[label]

    def types(
        self, separator: str | None = None, given: Mapping[str, FieldSpec] | None = None
    ) -> Types:
        """Returns the field of each column; `separator` stands between the cells of a CSV file.

        Columns in `given` are texts or categories whose fields are known.
        """
        table, known = conventions(self._tallies.values(), separator), given or {}
        return Types(
            {
                label: (known[label], as_text)
                if label in known
                else tally.column(label, table, self._faults)
                for label, tally in self._tallies.items()
            }
        )


class Types:
    """The fields of columns by their labels, with the functions that store their cells."""

    def __init__(self, columns: Mapping[str, tuple[FieldSpec, Store]]) -> None:
        self._columns = columns

    @property
    def fields(self) -> list[FieldSpec]:
        """The fields in the order in which their columns appeared."""
        return [spec for spec, _ in self._columns.values()]

    @property
    def private(self) -> frozenset[str]:
        """The names of the fields that are published only if the owner asks for it."""
        labels = private_labels([*self._columns])
        return frozenset(spec.name for label, (spec, _) in self._columns.items() if label in labels)

    def values(self, cells: Mapping[str, Cell]) -> dict[str, Value]:
        """Returns the stored values of a row by field."""
        values: dict[str, Value] = {}
        for label, cell in cells.items():
            column = self._columns.get(label)
            if column is not None:
                spec, store = column
                value = store(cell)
                if value is not None and value != "" and value != []:
                    values[spec.name] = value
        return values


def read_types(
    read: ReadRaw,
    log: Log,
    faults: Faults,
    *,
    limit: int | None = None,
    separator: Callable[[], str | None] = lambda: None,
    progress: Progress | None = None,
    look: Callable[[RawRow], None] = lambda row: None,
    given: Mapping[str, FieldSpec] | None = None,
) -> Types:
    """Reads at most `limit` rows and decides the types of their columns; `look` is called with each row.

    `separator` and `given` are those of `Columns.types`.
    """
    columns = Columns(faults)
    for count, row in enumerate(islice(read(log), limit), 1):
        columns.add(row.number, row.cells)
        look(row)
        if progress and count % _PROGRESS_EVERY == 0:
            progress("gather", count, None)
    return columns.types(separator(), given)
