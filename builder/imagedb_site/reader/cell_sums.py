"""Similarities by coarse and by int8 codes, summed in float64 in one stated order.

Terms are added one after the other, as a loop does: numpy's own sums group them, and would give other last
bits than a page does. Each step of the loop handles all rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.errors import UsageError
from imagedb_site.reader.coarse import Scheme
from imagedb_site.reader.vectors import Quantizer

Doubles = NDArray[np.float64]


class Query:
    """A query vector, float32 [dim], and what sums over codes need of it.

    `base`: its product with the quantizer's mean. `along` float64 [dims]: its products with the directions
    of the coarse codes. `norm`: its length.
    """

    def __init__(self, vector: NDArray[Any], quantizer: Quantizer, scheme: Scheme) -> None:
        """Raises UsageError for a vector of another shape or with a number that is not finite."""
        if vector.shape != (scheme.dim,):
            raise UsageError(f"The query has the shape {vector.shape}, not ({scheme.dim},).")
        self.vector = vector.astype(np.float64)
        if not np.isfinite(self.vector).all():
            raise UsageError("The query holds a number that is not finite.")
        self._mean = quantizer.mean.astype(np.float64)
        self._scale = quantizer.scale.astype(np.float64)
        self._weights = self.vector * self._scale
        self.base = ordered(self.vector * self._mean)
        self.norm = float(np.sqrt(ordered(self.vector * self.vector)))
        sums = np.zeros(len(scheme.bits))
        for k, value in enumerate(self.vector.tolist()):
            sums += scheme.matrix[:, k] * value
        self.along = scheme.scale.astype(np.float64) * sums

    def centre(self, code: NDArray[np.int8]) -> float:
        """The similarity of a centre with the code int8 [dim]."""
        return ordered(self.vector * (self._mean + self._scale * code))

    def exact(self, codes: NDArray[np.int8]) -> Doubles:
        """The similarities float64 [n] of int8 codes [n, dim]."""
        sums = np.zeros(len(codes))
        for k, weight in enumerate(self._weights.tolist()):
            sums += weight * codes[:, k]
        return self.base + sums

    def coarse(
        self,
        base: Doubles,
        codes: NDArray[np.uint8],
        bits: NDArray[np.uint8],
        steps: NDArray[np.float32],
    ) -> Doubles:
        """`base` float64 [n], plus the products with packed codes uint8 [n, bytes]."""
        weights = (self.along * steps).tolist()
        sums = np.zeros(len(codes))
        columns = np.zeros((codes.shape[1] + 1, len(codes)), dtype=np.uint16)
        columns[:-1] = codes.T
        at = 0
        for width, weight in zip(bits.tolist(), weights, strict=True):
            if width:
                # A code has at most 7 bits, so it lies in two bytes.
                pair = columns[at >> 3] | (columns[(at >> 3) + 1] << 8)
                code = (pair >> (at & 7)) & ((1 << width) - 1)
                sums += weight * (2.0 * code - ((1 << width) - 1))
                at += width
        return base + sums


def ordered(terms: Doubles) -> float:
    """The sum of float64 [n], term after term."""
    return float(np.cumsum(terms)[-1]) if len(terms) else 0.0
