"""The codes of rows in cells: short ones with a factor, and int8 ones with a scale (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.site.cell_scheme import CellScheme
from imagedb_site.site.coarse import pack_bits, to_codes

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

FACTOR_ONE = 128
"""A factor of f stands for f/128."""
SCALE_ONE = 32
"""A scale of s stands for s/32."""
_LEAST = np.float32(1e-30)
_POWER_STEPS = 6


@dataclass(frozen=True)
class RowCodes:
    """The codes of n rows: `coarse` uint8 [n, row_bytes], `factors` and `scales` uint8 [n], at least 1, and
    `vectors` int8 [n, dim] in −127 … 127."""

    coarse: Bytes
    factors: Bytes
    scales: Bytes
    vectors: NDArray[np.int8]


def encode_residuals(residuals: Floats, scheme: CellScheme) -> RowCodes:
    """Returns the codes of float32 [n, dim]: rows less what they are coded against."""
    coarse = scheme.coarse
    turned = residuals @ scheme.into.T
    codes = to_codes(turned, coarse.bits, coarse.steps)
    levels = (np.float32(2) * codes - (2.0**coarse.bits - 1).astype(np.float32)) * coarse.steps
    # The factor with the least error along the axes of the codes, where each counts the same (cell_fit.py).
    along = np.einsum("nd,nd->n", turned, levels)
    length = np.maximum(np.einsum("nd,nd->n", levels, levels), _LEAST)
    factors = np.clip(np.rint(FACTOR_ONE * along / length), 1, 255).astype(np.uint8)
    spread = scheme.row_scale * np.float32(127)
    largest = np.abs(residuals / spread).max(axis=1)
    scales = np.clip(np.ceil(SCALE_ONE * largest), 1, 255).astype(np.float32)
    steps = (scales / np.float32(SCALE_ONE))[:, None] * scheme.row_scale
    vectors = np.clip(np.rint(residuals / steps), -127, 127).astype(np.int8)
    return RowCodes(pack_bits(codes, coarse.bits), factors, scales.astype(np.uint8), vectors)


def order_in_cell(vectors: NDArray[np.int8], scales: Bytes, row_scale: Floats) -> NDArray[np.int64]:
    """Returns the order of a cell's rows along their main direction, ties by row, int64 [n].

    Rows that are near a query are then near one another, in few files. The direction is found by a few power
    iterations from the row farthest from the middle, so that nothing is drawn. Coordinates are rounded: the
    last bits of a sum, which depend on the machine, do not decide.
    """
    if not len(vectors):
        return np.zeros(0, dtype=np.int64)
    rows = vectors * ((scales / np.float32(SCALE_ONE))[:, None] * row_scale)
    rows = rows - rows.mean(axis=0)
    lengths = np.einsum("nd,nd->n", rows, rows)
    largest = float(lengths.max())
    if largest <= 0:
        return np.arange(len(rows))
    direction = rows[int(np.argmax((lengths / largest).round(5)))]
    for _ in range(_POWER_STEPS):
        direction = (rows @ direction) @ rows
        direction = direction / max(float(np.linalg.norm(direction)), float(_LEAST))
    along = (rows @ direction / np.sqrt(largest)).round(5)
    return np.argsort(along, kind="stable")
