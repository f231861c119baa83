"""Rows of data files as a source: read once to learn what they have, and again for the records.

Nothing but 17 bytes per row stays in memory, and nothing is written to the disk. The files must therefore
stay as they are until the last record has been read; a change is noticed and refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from imagedb_site.errors import SourceError
from imagedb_site.records import FieldSpec, PictureRef, Problem, Progress, Record, Value
from imagedb_site.sources.cells import Cell, clean
from imagedb_site.sources.faults import NAMED, Faults
from imagedb_site.sources.rowkeys import RowKeys

MAX_KEY = 1_000
"""The longest key of a row, in characters."""

_PROGRESS_EVERY = 4_096
_MOST_PROBLEMS = 10_000


@dataclass(frozen=True)
class Row:
    """A row of a data file. `where` says for people which one it is: "row 7 of a.csv"."""

    key: str
    where: str
    fields: Mapping[str, Value]
    picture: PictureRef | None = None


class Log:
    """What was left out while files were read. It is kept for one reading only."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._more = 0

    def add(self, faults: Faults) -> None:
        """Takes the faults and notes of a file that has been read."""
        room = _MOST_PROBLEMS - len(self.problems)
        found = faults.problems()
        self.problems += found[:room]
        self._more += max(0, len(found) - room)
        self.notes += [note for note in faults.notes if note not in self.notes]

    def finish(self, name: str) -> list[Problem]:
        """Returns the problems; `name` is that of the source."""
        more = [Problem(name, f"{self._more:,} more problems")] if self._more else []
        return [*self.problems, *more]


Read = Callable[[Log], Iterator[Row]]
"""Yields the rows of the files, the same ones at each call."""


@dataclass
class Gathered:
    """What the first reading found: whether each row repeats an earlier key, and which fields occur."""

    repeated: bytearray
    used: set[str] = field(default_factory=set)


class RowSource:
    """Rows of data files as a `Source`. Rows whose key an earlier row has are left out, and reported."""

    def __init__(
        self,
        name: str,
        read: Read,
        files: Sequence[Path],
        specs: Sequence[FieldSpec],
        *,
        gathered: Gathered,
        problems: Iterable[Problem] = (),
        notes: Iterable[str] = (),
        private: frozenset[str] = frozenset(),
        tags: Iterable[tuple[int, str, str, int]] | None = None,
    ) -> None:
        """`name` is the kind of the source; `files` must not change until the records were read.

        Raises `SourceError` if there is no row.
        """
        self.name = name
        self._read = read
        self._repeated = gathered.repeated
        self._count = len(gathered.repeated) - sum(gathered.repeated)
        self._stamps = {path: _stamp(path) for path in files}
        self.fields = [spec for spec in specs if spec.name in gathered.used]
        self.private = frozenset(private & gathered.used)
        self.notes = list(notes)
        self.tags = tags
        """The tags that have numbers, as (number, name, field, number of records)."""
        self.problems = [*problems, *self._repeats()]
        if not self._count:
            first = self.problems[0] if self.problems else None
            reason = f" {first.key}: {first.reason}." if first else ""
            raise SourceError(f"There is no row that can be used.{reason}")

    def __len__(self) -> int:
        return self._count

    def records(self) -> Iterator[Record]:
        """Yields the records in the order of the rows.

        Raises `SourceError` if a file has changed since the source was opened.
        """
        self._check()
        given = 0
        for at, row in enumerate(islice(self._read(Log()), len(self._repeated))):
            if not self._repeated[at]:
                given += 1
                yield Record(row.key, row.fields, row.picture)
        self._check()
        if given != self._count:
            raise _changed(next(iter(self._stamps), Path(self.name)))

    def _check(self) -> None:
        for path, stamp in self._stamps.items():
            if _stamp(path) != stamp:
                raise _changed(path)

    def _repeats(self) -> Iterator[Problem]:
        """Names the first rows that were left out because of their key, and counts the others."""
        total = sum(self._repeated)
        if not total:
            return
        named = 0
        for at, row in enumerate(self._read(Log())):
            if self._repeated[at]:
                yield Problem(row.key[:200], f"{row.where} has the key of an earlier row")
                named += 1
                if named in (NAMED, total):
                    break
        if total > named:
            yield Problem(
                self.name, f"{total - named:,} more rows that have the key of another row"
            )


def gather_rows(
    read: Read, log: Log, *, limit: int | None = None, progress: Progress | None = None
) -> Gathered:
    """Reads all rows once, at most `limit`, and returns what they have."""
    keys, used = RowKeys(), set[str]()
    for number, row in enumerate(islice(read(log), limit), 1):
        keys.add(row.key)
        used.update(row.fields)
        if progress and number % _PROGRESS_EVERY == 0:
            progress("gather", number, None)
    if progress:
        progress("gather", len(keys), len(keys))
    return Gathered(keys.repeated(), used)


def key_of_cell(cell: Cell | None) -> str | None:
    """Returns a cell as the key of a row: one line without control characters. None if it cannot be one."""
    if cell is None or isinstance(cell, (list, bool)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell)
    if len(text) > MAX_KEY:
        return None
    return " ".join(clean(text).split()) or None


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    return status.st_size, status.st_mtime_ns


def _changed(path: Path) -> SourceError:
    return SourceError(f"{path} was changed while it was read.", "Build again when it is complete.")
