"""Matrices as 8-bit and 4-bit codes, with the scales of least squared error.

If the second moments of a weight's inputs are known, rounding errors are compensated by the
weights still to be rounded (GPTQ, Frantar et al. 2023), which keeps the layer's output instead of
its weights close.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

INT8_RATIOS = np.array([1.0, 0.95, 0.9, 0.8, 0.7], dtype=np.float32)
# 7 by 5, 6, 7 and 8 are among them: weights that are on such a grid already stay what they are.
INT4_RATIOS = np.array(
    [0.66, 0.7, 0.74, 0.78, 0.82, 7 / 8, 0.9, 0.94, 0.97, 1.0, 1.06, 7 / 6, 7 / 5],
    dtype=np.float32,
)
_SMALLEST_HALF = np.float16(6.2e-5)
"""The smallest normal float16 keeps tiny groups from dividing by zero."""
_DAMPING = 0.01
_BLOCK = 128


def int8_codes(matrix: NDArray[Any], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Codes −127 … 127 and the scale that broadcasts against them; one scale an index of `axis`."""
    others = tuple(index for index in range(matrix.ndim) if index != axis)
    peak = np.abs(matrix).max(axis=others, keepdims=True)
    peak = np.where(peak > 0, peak, 127).astype(np.float32)
    best = peak / 127
    least = np.full(peak.shape, np.inf, dtype=np.float32)
    for ratio in INT8_RATIOS:
        scale = peak * (ratio / 127)
        codes = np.clip(np.rint(matrix / scale), -127, 127)
        error = np.square(codes * scale - matrix).sum(axis=others, keepdims=True)
        best = np.where(error < least, scale, best)
        least = np.minimum(error, least)
    scale = np.asarray(best, dtype=np.float32)
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale


def int4_codes(grouped: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Codes −8 … 7 and scales of groups along axis −2 (float32 [..., group, n] → [..., 1, n])."""
    best = int4_scale(grouped)
    codes = np.clip(np.rint(grouped / best.astype(np.float32)), -8, 7)
    return codes.astype(np.int8), best


def int4_scale(grouped: NDArray[Any]) -> NDArray[np.float16]:
    """The scales alone."""
    peak = np.abs(grouped).max(axis=-2, keepdims=True)
    peak = np.where(peak > 0, peak, 1).astype(np.float32)
    best = np.zeros(peak.shape, dtype=np.float16)
    least = np.full(peak.shape, np.inf, dtype=np.float32)
    for ratio in INT4_RATIOS:
        scale = np.maximum((peak * (ratio / 7)).astype(np.float16), _SMALLEST_HALF)
        wide = scale.astype(np.float32)
        codes = np.clip(np.rint(grouped / wide), -8, 7)
        error = np.square(codes * wide - grouped).sum(axis=-2, keepdims=True)
        better = error < least
        best = np.where(better, scale, best)
        least = np.where(better, error, least)
    return best


def compensated_int8(
    matrix: NDArray[Any], moment: NDArray[np.float32]
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`int8_codes` of a matrix [n, outputs] along axis 1; `moment` [n, n] is of its inputs."""
    scale = int8_codes(matrix, 1)[1]
    codes = _compensate(matrix.T, moment, min(_BLOCK, len(matrix)), 127, lambda part: scale[0])
    return np.ascontiguousarray(codes.T), scale


def compensated_int4(
    matrix: NDArray[Any], moment: NDArray[np.float32], group: int
) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """`int4_codes` of a matrix [n, outputs], as [n / group, group, outputs] and its scales."""
    scales: list[NDArray[np.float16]] = []

    def scale_of(part: NDArray[np.float32]) -> NDArray[np.float32]:
        # A group's scale fits its weights as they are when their turn comes.
        scales.append(int4_scale(part.T))
        return np.asarray(scales[-1][0], dtype=np.float32)

    codes = _compensate(matrix.T, moment, group, 7, scale_of)
    grouped = np.ascontiguousarray(codes.T).reshape(-1, group, matrix.shape[1])
    return grouped, np.stack(scales)


def _compensate(
    matrix: NDArray[Any], moment: NDArray[np.float32], block: int, high: int, scale_of: Any
) -> NDArray[np.int8]:
    """Codes [outputs, n]; `scale_of` gives the scales of a block [outputs, block]."""
    count = matrix.shape[1]
    damped = moment.astype(np.float64)
    damped[np.diag_indices(count)] += _DAMPING * np.trace(damped) / count + 1e-9
    # The upper factor of the inverse, by way of the factorisation of the reversed matrix.
    upper = np.linalg.cholesky(damped[::-1, ::-1])[::-1, ::-1].astype(np.float32)
    factor = np.triu(np.linalg.inv(upper))
    left = np.array(matrix, dtype=np.float32)
    codes = np.empty(left.shape, dtype=np.int8)
    low = -127 if high == 127 else -8
    for start in range(0, count, block):
        stop = min(start + block, count)
        # A copy in which a column is contiguous.
        part = np.array(left[:, start:stop].T)
        scale = scale_of(part.T)
        errors = np.empty_like(part)
        for at in range(stop - start):
            column = start + at
            code = np.clip(np.rint(part[at] / scale), low, high)
            codes[:, column] = code
            errors[at] = (part[at] - code * scale) / factor[column, column]
            part[at + 1 :] -= factor[column, column + 1 : stop, None] * errors[at]
        left[:, stop:] -= errors.T @ factor[start:stop, stop:]
    return codes
