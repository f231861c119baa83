"""Similarities and embeddings by coarse and by int8 codes, summed in float64 in one stated order.

Terms are added one after the other, as a loop does: numpy's own sums group them, and would give other last
bits than a page does. Each step of the loop handles all rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import UsageError
from imagedb_site.reader.cell_files import VectorFile
from imagedb_site.reader.cell_index import CellIndex, Packed
from imagedb_site.reader.coarse import Scheme
from imagedb_site.reader.vectors import Quantizer

Doubles = NDArray[np.float64]

_FACTOR = 128.0
"""A factor f of a coarse code stands for f / 128."""
_SCALE = 32.0
"""A scale s of a row stands for s / 32."""


class Sums:
    """What the codes of a site stand for."""

    def __init__(self, quantizer: Quantizer, scheme: Scheme, index: CellIndex) -> None:
        self.dim = scheme.dim
        self.scheme = scheme
        self.index = index
        self.mean = quantizer.mean.astype(np.float64)
        self.scale = quantizer.scale.astype(np.float64)
        self.row_scale = index.row_scale.astype(np.float64)

    def centres(self, codes: NDArray[np.int8]) -> Doubles:
        """The centres float64 [n, dim] with codes int8 [n, dim]."""
        return self.mean + self.scale * codes

    def rough_centres(self, cells: NDArray[np.int64]) -> Doubles:
        """The centres float64 [n, dim] of cells as the index codes them."""
        scheme, index = self.scheme, self.index
        weights = scheme.scale.astype(np.float64) * index.steps.astype(np.float64)
        sums = np.zeros((len(cells), self.dim))
        for d, values in _values(index.codes[cells], index.bits):
            sums += (weights[d] * values)[:, None] * scheme.matrix[d]
        return self.mean + sums

    def embeddings(self, centres: Doubles, rows: VectorFile) -> NDArray[np.float32]:
        """The embeddings float32 [n, dim] of rows at centres [n, dim]; their length is 1 only nearly."""
        steps = (rows.scales / _SCALE)[:, None] * self.row_scale
        return np.asarray(centres + steps * rows.codes, dtype=np.float32)


class Query:
    """A query vector, float32 [dim], and what sums over codes need of it.

    `base`: its product with the quantizer's mean. `along` float64 [dims]: its products with the directions
    of the coarse codes. `norm`: its length.
    """

    def __init__(self, vector: NDArray[Any], sums: Sums) -> None:
        """Raises UsageError for a vector of another shape or with a number that is not finite."""
        if vector.shape != (sums.dim,):
            raise UsageError(f"The query has the shape {vector.shape}, not ({sums.dim},).")
        self.vector = vector.astype(np.float64)
        if not np.isfinite(self.vector).all():
            raise UsageError("The query holds a number that is not finite.")
        self._sums = sums
        self.base = ordered(self.vector * sums.mean)
        self.norm = float(np.sqrt(ordered(self.vector * self.vector)))
        along = np.zeros(len(sums.scheme.bits))
        for k, value in enumerate(self.vector.tolist()):
            along += sums.scheme.matrix[:, k] * value
        self.along = sums.scheme.scale.astype(np.float64) * along

    def centre(self, code: NDArray[np.int8]) -> float:
        """The similarity of a centre with the code int8 [dim]."""
        return ordered(self.vector * self._sums.centres(code))

    def cells(self) -> Doubles:
        """The similarity of each centre by the index, float64 [cells]."""
        index = self._sums.index
        return self.base + self._coarse(index.codes, index.bits, index.steps)

    def rough(self, bases: Doubles, factors: NDArray[np.uint8], codes: Packed) -> Doubles:
        """The similarities float64 [n] of rows by coarse codes: bases [n] plus what they add."""
        scheme = self._sums.scheme
        return bases + (factors / _FACTOR) * self._coarse(codes, scheme.bits, scheme.steps)

    def refined(self, bases: Doubles, rows: VectorFile) -> Doubles:
        """The similarities float64 [n] of rows by int8 codes: bases [n] plus what they add."""
        added = self._products(self._sums.row_scale, rows.codes)
        return bases + (rows.scales / _SCALE) * added

    def by_quantizer(self, codes: NDArray[np.int8]) -> Doubles:
        """The similarities float64 [n] of int8 codes [n, dim] of the quantizer."""
        return self.base + self._products(self._sums.scale, codes)

    def _products(self, scale: Doubles, codes: NDArray[np.int8]) -> Doubles:
        sums = np.zeros(len(codes))
        for k, weight in enumerate((self.vector * scale).tolist()):
            sums += weight * codes[:, k]
        return sums

    def _coarse(
        self, codes: Packed, bits: NDArray[np.uint8], steps: NDArray[np.float32]
    ) -> Doubles:
        """The products float64 [n] with packed codes uint8 [n, bytes]."""
        weights = (self.along * steps).tolist()
        sums = np.zeros(len(codes))
        for d, values in _values(codes, bits):
            sums += weights[d] * values
        return sums


def _values(codes: Packed, bits: NDArray[np.uint8]) -> Iterator[tuple[int, Doubles]]:
    """Each direction that has bits, and the values float64 [n] of packed codes uint8 [n, bytes] in it."""
    columns = np.zeros((codes.shape[1] + 1, len(codes)), dtype=np.uint16)
    columns[:-1] = codes.T
    at = 0
    for d, width in enumerate(bits.tolist()):
        if width:
            # A code has at most 7 bits, so it lies in two bytes.
            pair = columns[at >> 3] | (columns[(at >> 3) + 1] << 8)
            code = (pair >> (at & 7)) & ((1 << width) - 1)
            yield d, 2.0 * code - ((1 << width) - 1)
            at += width


def ordered(terms: Doubles) -> float:
    """The sum of float64 [n], term after term."""
    return float(np.cumsum(terms)[-1]) if len(terms) else 0.0
