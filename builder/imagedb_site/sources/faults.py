"""What is wrong with a table, named row by row: a few of each kind, then their number."""

from __future__ import annotations

from imagedb_site.records import Problem

NAMED = 20
"""How many faults of one kind are named; the others are counted."""

_SHOWN = 60


class Faults:
    """The faults of the table called `table`. Memory is bounded: `NAMED` sentences for each kind.

    `notes` are sentences for the report about decisions that lost nothing.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        self.notes: list[str] = []
        self._named: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, kind: str, reason: str, count: int = 1) -> None:
        """Adds `count` faults, and names them by `reason`; `kind` says in the plural what they are."""
        named = self._named.setdefault(kind, [])
        self._counts[kind] = self._counts.get(kind, 0) + count
        if len(named) < NAMED:
            named.append(reason)
            self._counts[kind] -= 1

    def once(self, kind: str, reason: str) -> None:
        """Adds a fault unless there is one of its kind."""
        if kind not in self._counts:
            self.add(kind, reason)

    def count(self, kind: str, count: int) -> None:
        """Counts `count` more faults without naming them."""
        self._named.setdefault(kind, [])
        self._counts[kind] = self._counts.get(kind, 0) + count

    def row(self, kind: str, number: int, reason: str) -> None:
        """Adds a fault of row `number`, as spreadsheet programs number it; `reason` is what the row does."""
        self.add(kind, f"row {number} {reason}")

    def note(self, sentence: str) -> None:
        """Adds a note, once."""
        if sentence not in self.notes and len(self.notes) < NAMED:
            self.notes.append(sentence)

    def first(self) -> str | None:
        """Returns the first fault, or None if there is none."""
        return next((reason for named in self._named.values() for reason in named), None)

    def problems(self) -> list[Problem]:
        """Returns all faults, those of one kind together."""
        found = []
        for kind, named in self._named.items():
            found += [Problem(self.table, reason) for reason in named]
            if self._counts[kind]:
                found.append(Problem(self.table, f"{self._counts[kind]:,} more {kind}"))
        return found


def quoted(text: str) -> str:
    """Returns `text` in quotation marks on one line, cut if it is long."""
    flat = " ".join(text[: 4 * _SHOWN].split())
    return f'"{flat[:_SHOWN]}…"' if len(flat) > _SHOWN else f'"{flat}"'
