"""What searches of the tier `cells` gave single rows; that of the last queries stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.reader.cell_index import Rows
from imagedb_site.reader.cell_sums import Doubles
from imagedb_site.reader.recent import Recent

_KEPT_QUERIES = 4

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """Rows int64 [n] with positions int64 [n], −1 if their cell was not read, and similarities float64 [n].

    `bases` float64 [n]: the similarity of what each is coded against.
    """

    rows: Rows
    positions: Rows
    bases: Doubles
    values: Doubles

    @classmethod
    def joined(cls, parts: list[Scored]) -> Scored:
        columns = zip(*(part._columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def at(self, places: Rows | Mask) -> Scored:
        """The rows at these places."""
        rows, positions, bases, values = self._columns()
        return Scored(rows[places], positions[places], bases[places], values[places])

    def find(self, rows: Rows) -> tuple[Rows, Mask]:
        """The place of each of `rows` among the rows here, which rise, and whether it is there."""
        if not len(self.rows):
            return np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        return at, self.rows[at] == rows

    def _columns(self) -> tuple[Rows, Rows, Doubles, Doubles]:
        return self.rows, self.positions, self.bases, self.values


class SeenRows:
    """The rows that the searches for the last queries scored."""

    def __init__(self) -> None:
        self._of: Recent[bytes, Scored] = Recent(_KEPT_QUERIES)

    def add(self, query: NDArray[np.float32], scored: Scored) -> None:
        """Rows of earlier searches for the same query stay; a row in both has what the last one gave it."""
        seen = self._of.get(query.tobytes())
        if seen is not None:
            other = ~np.isin(seen.rows, scored.rows)
            scored = Scored.joined([scored, seen.at(other)])
        self._of.put(query.tobytes(), scored.at(np.argsort(scored.rows, kind="stable")))

    def similarities(self, query: NDArray[np.float32], rows: Rows, unknown: float) -> Doubles:
        """The similarities float64 [n] to this query; `unknown` for rows that no search scored."""
        out = np.full(len(rows), unknown)
        seen = self._of.get(query.tobytes())
        if seen is not None:
            at, has = seen.find(rows)
            out[has] = seen.values[at[has]]
        return out

    def positions(self, rows: Rows) -> Rows:
        """The positions int64 [n] of rows that any of these searches read; −1 for others."""
        out = np.full(len(rows), -1)
        for seen in self._of.values():
            at, has = seen.find(rows)
            out[has] = np.maximum(out[has], seen.positions[at[has]])
        return out
