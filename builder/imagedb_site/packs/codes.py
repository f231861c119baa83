"""Rows of float32 numbers as 8-bit or 4-bit codes with one scale per row, as packs store them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Precision = Literal["int8", "int4"]


def quantize_rows(
    rows: NDArray[np.float32], precision: Precision
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Scale float32 [n] and codes of rows float32 [n, width], as a token shard stores them.

    int8 codes are int8 [n, width]; int4 codes are uint8 [n, width/2], low nibble first. The 4-bit
    scale of a row is the one of 24 candidates with the least squared error, since a few outliers
    should not cost all other values their resolution.
    """
    peak = np.abs(rows).max(axis=1).astype(np.float32)
    if precision == "int8":
        scale = np.where(peak > 0, peak / np.float32(127), np.float32(1)).astype(np.float32)
        return scale, np.clip(np.rint(rows / scale[:, None]), -127, 127).astype(np.int8)
    best_scale = np.where(peak > 0, peak / np.float32(7.5), np.float32(1)).astype(np.float32)
    best_error = np.full(len(rows), np.inf, dtype=np.float32)
    for ratio in np.linspace(0.45, 1.06, 24, dtype=np.float32):
        scale = np.where(peak > 0, peak * (ratio / np.float32(7.5)), np.float32(1))
        codes = np.clip(np.rint(rows / scale[:, None]), -8, 7)
        error = np.square(codes * scale[:, None] - rows).sum(axis=1)
        better = error < best_error
        best_error = np.where(better, error, best_error)
        best_scale = np.where(better, scale, best_scale).astype(np.float32)
    nibbles = np.clip(np.rint(rows / best_scale[:, None]), -8, 7).astype(np.int8) + 8
    packed = (nibbles[:, 0::2] | (nibbles[:, 1::2] << 4)).astype(np.uint8)
    return best_scale, packed


def dequantize_rows(
    scale: NDArray[np.float32], codes: NDArray[Any], width: int, precision: Precision
) -> NDArray[np.float32]:
    """The inverse of `quantize_rows`: float32 [n, width] from a shard's flat sections."""
    if precision == "int8":
        values = codes.reshape(len(scale), width).astype(np.float32)
    else:
        packed = codes.reshape(len(scale), width // 2)
        values = np.empty((len(scale), width), dtype=np.float32)
        values[:, 0::2] = (packed & 15).astype(np.float32) - 8
        values[:, 1::2] = (packed >> 4).astype(np.float32) - 8
    return np.asarray(values * scale[:, None], dtype=np.float32)
