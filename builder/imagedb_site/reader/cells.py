"""The tier `cells` of a published site: a search reads the cells whose centres are most similar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import FormatError
from imagedb_site.reader.cell_files import NO_CELL, Codes, Rows
from imagedb_site.reader.cell_store import CellRows, CellStore
from imagedb_site.reader.cell_sums import Doubles, Query
from imagedb_site.reader.recent import Recent
from imagedb_site.reader.vectors import Quantizer

FEW_ROWS = 2048
"""Of at most so many allowed rows, the cells are looked up."""
REFINED = 64
"""How many of the first rows get their similarity by int8 codes."""
_MORE = 4
"""A search that must read more cells reads at most so many times `probes`."""
_ROWS_PER_PROBES = 1024
_KEPT_QUERIES = 4

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """Rows int64 [n] by falling similarity float64 [n], ties in row order."""

    rows: Rows
    similarities: Doubles


class CellVectors:
    """Vectors of which only some cells are read for a query. Answers are not exact."""

    def __init__(self, quantizer: Quantizer, store: CellStore, missing: Mask | None) -> None:
        self.quantizer = quantizer
        self.count = store.count
        self.dim = len(quantizer.mean)
        self.store = store
        self._missing = missing
        self._seen: Recent[bytes, Found] = Recent(_KEPT_QUERIES)
        self._samples: dict[bool, Codes] = {}

    def search(self, query: Floats, k: int, allowed: Mask | None = None) -> Found:
        """The `k` rows that seem most similar, of those in the mask bool [count] if one is given."""
        asked = self._query(query)
        if k < 1:
            return Found(np.zeros(0, np.int64), np.zeros(0))
        plain, order = self._route(asked)
        rows, positions, values = self._candidates(asked, plain, order, k, allowed)
        # The best k are wanted in order; the others only have to be remembered.
        best = np.lexsort((rows, -values))
        first = best[: min(k, REFINED)]
        at = positions[first]
        if (at < 0).any():
            at = self.store.positions_of(rows[first])
        values[first] = asked.exact(self.store.codes_at(at))
        self._remember(query, rows, values)
        best = best[:k]
        best = best[np.lexsort((rows[best], -values[best]))]
        return Found(rows[best], values[best])

    def above(self, query: Floats, limit: float) -> Rows:
        """The rows, in row order, that a search gives a similarity of at least `limit`: an estimate."""
        size = _ROWS_PER_PROBES
        while True:
            found = self.search(query, size)
            done = len(found.rows) < size or found.similarities[-1] < limit
            if done or size >= _MORE * _ROWS_PER_PROBES:
                break
            size *= 2
        rows = found.rows[found.similarities >= limit]
        return np.sort(rows)

    def similarities(self, query: Floats, rows: Rows, unknown: float) -> Doubles:
        """What the searches for this query gave each row, float64 [n]; `unknown` for other rows."""
        out = np.full(len(rows), unknown)
        seen = self._seen.get(query.tobytes())
        if seen is not None and len(seen.rows):
            at = np.minimum(np.searchsorted(seen.rows, rows), len(seen.rows) - 1)
            has = seen.rows[at] == rows
            out[has] = seen.similarities[at[has]]
        return out

    def background(self, query: Floats, *, texts: bool) -> Doubles:
        """The similarities of the sample of pictures or of texts, float64 [n]."""
        if texts not in self._samples:
            tier = self.store.tier
            self._samples[texts] = self.store.sample(tier.texts if texts else tier.pictures)
        return self._query(query).exact(self._samples[texts])

    def codes(self, rows: Rows) -> Codes:
        """The int8 codes of rows, int8 [n, dim]; zeros without an embedding. Reads their files."""
        at = self.store.positions_of(rows)
        out = np.zeros((len(rows), self.dim), dtype=np.int8)
        out[at >= 0] = self.store.codes_at(at[at >= 0])
        return out

    def held(self, rows: Rows) -> tuple[Codes, Mask]:
        """The codes of rows whose vectors are in memory, int8 [n, dim], and which rows these are."""
        at = self.store.positions_of(rows)
        known = at >= 0
        known[known] = self.store.holds(at[known])
        out = np.zeros((len(rows), self.dim), dtype=np.int8)
        out[known] = self.store.codes_at(at[known])
        return out, known

    def embeddings(self, codes: Codes) -> Floats:
        """The embeddings that codes [n, dim] stand for, float32 [n, dim]; their length is 1 only nearly."""
        return np.asarray(self.quantizer.mean + self.quantizer.scale * codes, dtype=np.float32)

    def close(self) -> None:
        """Nothing is open."""

    def _query(self, query: Floats) -> Query:
        return Query(query, self.quantizer, self.store.scheme)

    def _route(self, asked: Query) -> tuple[Doubles, Rows]:
        """The similarity of each centre by its code, float64 [cells], and the cells but the tail in the order
        in which they are read."""
        table = self.store.table
        base = np.full(table.count, asked.base)
        plain = asked.coarse(base, table.codes, table.bits, table.steps)
        routed = (plain + table.reach * asked.norm)[: table.count - table.tail]
        return plain, np.lexsort((np.arange(len(routed)), -routed)).astype(np.int64)

    def _candidates(
        self, asked: Query, plain: Doubles, order: Rows, k: int, allowed: Mask | None
    ) -> tuple[Rows, Rows, Doubles]:
        """Rows, their positions (−1 if unread) and similarities."""
        tail = [self.store.table.count - 1] if self.store.table.tail else []
        probes = self.store.tier.probes
        if allowed is None:
            first = max(probes, -(-probes * k // _ROWS_PER_PROBES))
            return self._read(asked, plain, tail + order[:first].tolist(), None)
        if self._missing is not None:
            allowed = allowed & ~self._missing
        if np.count_nonzero(allowed) <= FEW_ROWS:
            return self._few(asked, plain, order, np.flatnonzero(allowed))
        end = max(probes, -(-probes * k // _ROWS_PER_PROBES))
        parts = [self._read(asked, plain, tail + order[:end].tolist(), allowed)]
        found, limit = len(parts[0][0]), min(len(order), _MORE * probes)
        while found < k and end < limit:
            more = order[end : min(end + probes, limit)].tolist()
            parts.append(self._read(asked, plain, more, allowed))
            end += len(more)
            found += len(parts[-1][0])
        rows, positions, values = (np.concatenate(one) for one in zip(*parts, strict=True))
        return rows, positions, values

    def _few(
        self, asked: Query, plain: Doubles, order: Rows, rows: Rows
    ) -> tuple[Rows, Rows, Doubles]:
        """The same of a few allowed rows: those in cells that are not read get that of their centre."""
        table, cells = self.store.table, self.store.cells_of(rows)
        if (cells == NO_CELL).any():
            raise FormatError("A row with an embedding has no cell.")
        wanted = order[np.isin(order, cells)][: _MORE * self.store.tier.probes].tolist()
        if table.tail and (cells == table.count - 1).any():
            wanted.insert(0, table.count - 1)
        allowed = np.zeros(self.count, dtype=np.bool_)
        allowed[rows] = True
        read = self._read(asked, plain, wanted, allowed)
        other = ~np.isin(cells, wanted)
        return (
            np.concatenate([read[0], rows[other]]),
            np.concatenate([read[1], np.full(np.count_nonzero(other), -1)]),
            np.concatenate([read[2], plain[cells[other]]]),
        )

    def _read(
        self, asked: Query, plain: Doubles, cells: list[int], allowed: Mask | None
    ) -> tuple[Rows, Rows, Doubles]:
        """The allowed rows of cells by their coarse codes."""
        table, scheme = self.store.table, self.store.scheme
        parts: list[CellRows] = []
        bases: list[Doubles] = []
        for cell in cells:
            part = self.store.rows_of(cell)
            if allowed is not None:
                keep = allowed[part.rows]
                part = CellRows(
                    part.rows[keep], part.positions[keep], part.codes[keep], part.cells[keep]
                )
            if not len(part.rows):
                continue
            parts.append(part)
            if table.tail and cell == table.count - 1:
                bases.append(plain[part.cells])
            else:
                bases.append(np.full(len(part.rows), asked.centre(self.store.centre(cell))))
        if not parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        codes = np.concatenate([part.codes for part in parts])
        values = asked.coarse(np.concatenate(bases), codes, scheme.bits, scheme.steps)
        rows = np.concatenate([part.rows for part in parts])
        return rows, np.concatenate([part.positions for part in parts]), values

    def _remember(self, query: Floats, rows: Rows, values: Doubles) -> None:
        """Keep what a search gave. Rows of an earlier search for the same query stay, too."""
        key = query.tobytes()
        seen = self._seen.get(key)
        if seen is not None:
            other = ~np.isin(seen.rows, rows)
            rows = np.concatenate([rows, seen.rows[other]])
            values = np.concatenate([values, seen.similarities[other]])
        order = np.argsort(rows, kind="stable")
        self._seen.put(key, Found(rows[order], values[order]))
