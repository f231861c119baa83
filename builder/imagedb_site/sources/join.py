"""Which row of a table belongs to which picture.

A row belongs to the picture whose path it names; else to the one picture whose path ends in the same parts
(the path in the table may be longer or shorter); else to the one picture of that name without its suffix. A
name that fits several pictures equally well fits none.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from imagedb_site.records import Problem, Value
from imagedb_site.sources.names import endings, normal_name, short_names
from imagedb_site.sources.scratch import Scratch, Stored, pack, unpack

_NONE = -1
_NAMED_ROWS = 20


class Names:
    """The file names in one column of a table, each known by the number of the first row that has it.

    They are relative to `folder`, "" for the collection.
    """

    def __init__(self, scratch: Scratch, column: int, folder: str = "") -> None:
        self.scratch = scratch
        self._column = column
        self._folder = folder
        scratch.define("normal", self._stored_name)
        scratch.change("CREATE TABLE names (name, row, PRIMARY KEY (name, row)) WITHOUT ROWID")
        # Sorted rows are appended to the tree; in another order each one would touch a page of its own.
        cell = f"c{column}"
        scratch.change(
            f"INSERT INTO names SELECT normal({cell}), row FROM cells WHERE {cell} NOT NULL ORDER BY 1, 2"  # noqa: S608
        )
        scratch.change("DELETE FROM names WHERE name = ''")
        self._uses = bytearray(scratch.rows)
        for row, count in scratch.ask("SELECT min(row), count(*) FROM names GROUP BY name"):
            self._uses[row] = min(count, 2)

    def nameless(self) -> str | None:
        """Returns a sentence about the rows that name no file, or None if there are none."""
        [(named,)] = self.scratch.ask("SELECT count(*) FROM names")
        count = self.scratch.rows - named
        if not count:
            return None
        cell = f"c{self._column}"
        first = self.scratch.ask(
            f"SELECT number FROM cells WHERE {cell} IS NULL OR normal({cell}) = '' ORDER BY row LIMIT ?",  # noqa: S608
            (_NAMED_ROWS,),
        )
        numbers = ", ".join(str(number) for (number,) in first)
        if count == 1:
            return f"row {numbers} has no file name"
        more = f" and {count - _NAMED_ROWS:,} more" if count > _NAMED_ROWS else ""
        return f"{count:,} rows have no file name: {numbers}{more}"

    def rows(self) -> Iterator[int]:
        """Yields the first row of each name, in table order."""
        return (row for row, uses in enumerate(self._uses) if uses)

    def name(self, row: int) -> str:
        """Returns the name in a row."""
        return str(unpack(self._stored_name(self.scratch.row(row)[self._column])))

    def all_rows(self, row: int) -> Sequence[int]:
        """Returns all rows that have the name of the first row `row`, in table order."""
        if self._uses[row] == 1:
            return (row,)
        found = self.scratch.ask(
            "SELECT row FROM names WHERE name = ? ORDER BY row", (pack(self.name(row)),)
        )
        return [other for (other,) in found]

    def _stored_name(self, stored: Stored) -> Stored:
        """Returns the name in a cell in the form that is compared; empty if the cell has none."""
        cell = unpack(stored)
        name = "" if isinstance(cell, list) else normal_name(str(cell))
        return pack(f"{self._folder}/{name}" if self._folder and name else name)


class Joined:
    """The rows of a table for the pictures `keys`; `values` turns the numbers of rows into values.

    Memory: at most 16 bytes per picture and 6 bytes per row. `problems` are the rows without a name
    and the names that fit several pictures.
    """

    def __init__(
        self,
        names: Names,
        keys: Sequence[str],
        table: str,
        values: Callable[[Sequence[int]], dict[str, Value]],
    ) -> None:
        nameless = names.nameless()
        self.problems = [Problem(table, nameless)] if nameless else []
        self._names = names
        self._values = values
        self._rows = array("q")
        self._used = bytearray(names.scratch.rows)
        self._match(keys)
        if _NONE in self._rows and not all(self._used[row] for row in names.rows()):
            self._guess(keys, table)

    def __contains__(self, at: int) -> bool:
        """Returns whether picture number `at` has a row."""
        return self._rows[at] != _NONE

    def values(self, at: int) -> dict[str, Value]:
        """Returns the values of picture number `at` by field; empty if the table has none."""
        row = self._rows[at]
        return {} if row == _NONE else self._values(self._names.all_rows(row))

    def unmatched(self) -> Iterator[str]:
        """Yields the names in the table that fit no picture, in table order."""
        return (self._names.name(row) for row in self._names.rows() if not self._used[row])

    def unmatched_count(self) -> int:
        """Returns the number of names in the table that fit no picture."""
        return sum(not self._used[row] for row in self._names.rows())

    def _match(self, keys: Sequence[str]) -> None:
        """Finds the rows that name a picture exactly."""

        def asked() -> Iterator[tuple[int, Stored]]:
            for at, key in enumerate(keys):
                self._rows.append(_NONE)
                yield at, pack(normal_name(key))

        first = "SELECT ?1, row FROM names WHERE name = ?2 ORDER BY row LIMIT 1"
        for at, row in self._names.scratch.ask_each(first, asked()):
            self._rows[at] = row
            self._used[row] = True

    def _guess(self, keys: Sequence[str], table: str) -> None:
        """Finds rows for the other pictures among the names that are left."""
        ends = _Ends(self._names, self._used)
        claims = array("I", [0]) * len(self._used)
        guessed = array("q")
        for at, key in enumerate(keys):
            if self._rows[at] == _NONE:
                row = ends.best(normal_name(key))
                if row is not None:
                    self._rows[at] = row
                    claims[row] += 1
                    guessed.append(at)
        for at in guessed:
            row = self._rows[at]
            if claims[row] > 1:
                self._rows[at] = _NONE
                if not self._used[row]:
                    reason = f"fits {claims[row]} pictures, the first is {keys[at]}"
                    name = self._names.name(row)
                    self.problems.append(Problem(name, f"a name in {table} that {reason}"))
            self._used[row] = True


class _Ends:
    """The unused names of a table, sorted by their last parts."""

    def __init__(self, names: Names, used: bytearray) -> None:
        self._scratch = names.scratch

        def ending(number: int) -> Callable[[Stored, int], Stored]:
            def function(name: Stored, row: int) -> Stored:
                if used[row] or not isinstance(name, str):
                    return None
                return next(islice(endings(name), number, None), None)

            return function

        scratch = self._scratch
        scratch.define("whole_ending", ending(0))
        scratch.define("stem_ending", ending(1))
        scratch.change("DROP TABLE IF EXISTS ends")
        scratch.change("CREATE TABLE ends (ending, row, PRIMARY KEY (ending, row)) WITHOUT ROWID")
        scratch.change(
            "WITH first AS (SELECT name, min(row) AS row FROM names GROUP BY name) "
            "INSERT INTO ends SELECT ending, row FROM ("
            "SELECT whole_ending(name, row) AS ending, row FROM first UNION ALL "
            "SELECT stem_ending(name, row), row FROM first) "
            "WHERE ending IS NOT NULL ORDER BY 1, 2"
        )

    def best(self, key: str) -> int | None:
        """Returns the row whose name has the most last parts in common with `key`; None if two have."""
        folders = key.split("/")[:-1]
        folders.reverse()
        for short in short_names(key):
            if not self._starting([short]):
                continue
            for depth in range(len(folders), -1, -1):
                rows = self._starting([short, *folders[:depth]])
                if rows:
                    return rows[0] if len(rows) == 1 else None
        return None

    def _starting(self, parts: Sequence[str]) -> list[int]:
        """Returns the rows, at most two, with an ending that starts with `parts`."""
        start = "/".join(parts)
        # "0" is the character after "/".
        found = self._scratch.ask(
            "SELECT row FROM ends WHERE ending >= ? AND ending < ? LIMIT 2",
            (f"{start}/", f"{start}0"),
        )
        return [row for (row,) in found]
