"""The tier `cells` of a published site: a search reads the cells whose centres are most similar.

docs/QUERY.md, "Meaning at the tier cells", has the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_files import NO_CELL, Codes
from imagedb_site.reader.cell_index import Rows
from imagedb_site.reader.cell_scores import Scored, SeenRows
from imagedb_site.reader.cell_store import CellRows, CellStore, Places
from imagedb_site.reader.cell_sums import Doubles, Query, Sums, ordered
from imagedb_site.reader.vectors import Quantizer

FEW_ROWS = 2048
"""With at most this many allowed rows, their cells are looked up."""
REFINED = 52
"""How many of the first rows get their similarity by int8 codes."""
SPREADS = 1.1
"""Cells are read if they are at most this many standard deviations less similar than the first one."""
_MORE = 4
"""A search that needs more cells reads at most this many times the number of the first ones."""
_ROWS_PER_READ = 1024

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """Rows int64 [n] by falling similarity float64 [n], ties in row order."""

    rows: Rows
    similarities: Doubles


@dataclass(frozen=True)
class _Routed:
    """A query, the similarity of each cell float64 [cells], the cells in the order in which they are read,
    and how many are."""

    query: Query
    bases: Doubles
    order: Rows
    read: int


class CellVectors:
    """Vectors of which only some cells are read for a query. Answers are not exact."""

    def __init__(
        self, quantizer: Quantizer, store: CellStore, missing: Callable[[], Mask | None]
    ) -> None:
        """`missing` reads which rows have no embedding, bool [count]; None if all have one."""
        self.count = store.count
        self.dim = len(quantizer.mean)
        self.store = store
        self._sums = Sums(quantizer, store.scheme, store.index)
        self._missing = missing
        self._seen = SeenRows()
        self._samples: dict[bool, Codes] = {}

    def search(self, query: Floats, k: int, allowed: Mask | None = None) -> Found:
        """The `k` rows that seem most similar, of those in the mask bool [count] if one is given."""
        asked = Query(query, self._sums)
        if k < 1:
            return Found(np.zeros(0, np.int64), np.zeros(0))
        routed = self._route(asked, k)
        scored = self._candidates(routed, k, allowed)
        rows, values = scored.rows, scored.values
        best = np.lexsort((rows, -values))[:k]
        self._refine(routed, scored, best[:REFINED])
        self._seen.add(query, scored)
        best = best[np.lexsort((rows[best], -values[best]))]
        return Found(rows[best], values[best])

    def above(self, query: Floats, limit: float, allowed: Mask | None = None) -> Rows:
        """The rows, in row order, that a search gives a similarity of at least `limit`: an estimate."""
        size = _ROWS_PER_READ
        while True:
            found = self.search(query, size, allowed)
            done = len(found.rows) < size or found.similarities[-1] < limit
            if done or size >= _MORE * _ROWS_PER_READ:
                break
            size *= 2
        return np.sort(found.rows[found.similarities >= limit])

    def similarities(self, query: Floats, rows: Rows, unknown: float) -> Doubles:
        """What the searches for this query gave each row, float64 [n]; `unknown` for other rows."""
        return self._seen.similarities(query, rows, unknown)

    def background(self, query: Floats, *, texts: bool) -> Doubles:
        """The similarities of the sample of pictures or of texts, float64 [n]."""
        if texts not in self._samples:
            tier = self.store.tier
            self._samples[texts] = self.store.sample(tier.texts if texts else tier.pictures)
        return Query(query, self._sums).by_quantizer(self._samples[texts])

    def embeddings(self, rows: Rows) -> Floats:
        """The embeddings float32 [n, dim] of rows; zeros without one. Their length is 1 only nearly.

        Reads the files that the rows lie in.
        """
        places = self.store.places_of(rows)
        known = places.positions >= 0
        out = np.zeros((len(rows), self.dim), dtype=np.float32)
        out[known] = self._embedded(_only(places, known))
        return out

    def held(self, rows: Rows) -> Floats:
        """The embeddings float32 [n, dim] of rows that a recent search found and whose vectors are in memory;
        zeros for the others."""
        positions = self._seen.positions(rows)
        known = positions >= 0
        known[known] = self.store.vectors.holds(positions[known])
        out = np.zeros((len(rows), self.dim), dtype=np.float32)
        out[known] = self._embedded(self.store.places_at(positions[known]))
        return out

    def blocks(self) -> Iterator[tuple[Rows, Floats]]:
        """Rows int64 [n] and their embeddings float32 [n, dim], until all that have one were there."""
        for number in range(self.store.tier.groups.count):
            rows, places = self.store.rows_of_group(number)
            if len(rows):
                yield rows, self._embedded(places)

    def close(self) -> None:
        self.store.vectors.close()

    def _embedded(self, places: Places) -> Floats:
        """The embeddings of rows that have one, float32 [n, dim]."""
        centres = np.zeros((len(places.positions), self.dim))
        tail = places.in_tail
        if tail.any():
            centres[tail] = self._sums.rough_centres(places.cells[tail])
        for cell in np.unique(places.cells[~tail]).tolist():
            inside = ~tail & (places.cells == cell)
            centres[inside] = self._sums.centres(self.store.centre(cell))
        return self._sums.embeddings(centres, self.store.vectors.at(places.positions))

    def _route(self, asked: Query, k: int) -> _Routed:
        bases = asked.cells()
        tier, count = self.store.tier, self.store.tier.count
        routed = bases + self.store.index.reach * asked.norm
        order = np.lexsort((np.arange(count), -routed)).astype(np.int64)
        mean = ordered(routed) / count
        spread = float(np.sqrt(ordered((routed - mean) ** 2) / count))
        near = int(np.count_nonzero(routed >= routed.max() - SPREADS * spread))
        read = min(max(near, tier.least), tier.most, count)
        if k > _ROWS_PER_READ:
            read = min(count, -(-read * k // _ROWS_PER_READ))
        return _Routed(asked, bases, order, read)

    def _candidates(self, routed: _Routed, k: int, allowed: Mask | None) -> Scored:
        """The rows that the search is about, with similarities by coarse codes."""
        tail = [] if self.store.tail is None else [self.store.tail]
        order, read = routed.order, routed.read
        if allowed is None:
            return self._read(routed, tail + order[:read].tolist(), None)
        missing = self._missing()
        if missing is not None:
            allowed = allowed & ~missing
        if np.count_nonzero(allowed) <= FEW_ROWS:
            return self._few(routed, np.flatnonzero(allowed), allowed)
        parts = [self._read(routed, tail + order[:read].tolist(), allowed)]
        end, found, limit = read, len(parts[0].rows), min(len(order), _MORE * read)
        while found < k and end < limit:
            more = order[end : min(end + read, limit)].tolist()
            parts.append(self._read(routed, more, allowed))
            end += len(more)
            found += len(parts[-1].rows)
        return Scored.joined(parts)

    def _few(self, routed: _Routed, rows: Rows, allowed: Mask) -> Scored:
        """The same of a few allowed rows: those in unread cells have the similarity of their cell."""
        store, cells = self.store, self.store.cells_of(rows)
        if (cells == NO_CELL).any():
            raise FormatError("A row with an embedding has no cell.")
        wanted = routed.order[np.isin(routed.order, cells)][: _MORE * store.tier.most].tolist()
        if store.tail is not None and (cells == store.tail).any():
            wanted.insert(0, store.tail)
        read = self._read(routed, wanted, allowed)
        other = ~np.isin(cells, wanted)
        bases = routed.bases[cells[other]]
        unread = Scored(rows[other], np.full(len(bases), -1), bases, bases)
        return Scored.joined([read, unread])

    def _read(self, routed: _Routed, cells: list[int], allowed: Mask | None) -> Scored:
        """The allowed rows of cells by their coarse codes."""
        parts: list[CellRows] = []
        bases: list[Doubles] = []
        for cell in cells:
            part = self.store.rows_of(cell)
            if allowed is not None:
                part = part.only(allowed[part.rows])
            if len(part.rows):
                parts.append(part)
                bases.append(self._bases(routed, part.cells, cell))
        if not parts:
            return Scored(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
        joined, base = CellRows.joined(parts), np.concatenate(bases)
        values = routed.query.rough(base, joined.factors, joined.codes)
        return Scored(joined.rows, joined.positions, base, values)

    def _bases(self, routed: _Routed, cells: Rows, cell: int) -> Doubles:
        """The similarity of what rows of a cell, or of the tail, are coded against: `cells` int64 [n]."""
        if cell == self.store.tail:
            return routed.bases[cells]
        return np.full(len(cells), routed.query.centre(self.store.centre(cell)))

    def _refine(self, routed: _Routed, scored: Scored, first: Rows) -> None:
        """Give the rows at these places their similarity by int8 codes."""
        unread = first[scored.positions[first] < 0]
        if len(unread):
            places = self.store.places_of(scored.rows[unread])
            scored.positions[unread] = places.positions
            for cell in np.unique(places.cells).tolist():
                at = unread[places.cells == cell]
                scored.bases[at] = self._bases(routed, np.full(len(at), cell), cell)
        vectors = self.store.vectors.at(scored.positions[first])
        scored.values[first] = routed.query.refined(scored.bases[first], vectors)


def _only(places: Places, wanted: Mask) -> Places:
    return Places(places.positions[wanted], places.cells[wanted], places.in_tail[wanted])
