"""Parts of a text core's weights: 8-bit codes, stored in 8 or 4 bits (docs/FORMAT.md 3.8).

An encoder needs the 8-bit codes. With 4 bits the file is half as large, and the codes are made while it is
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container, write_container
from imagedb_site.errors import FormatError

GROUP = 16
"""So many inputs share a factor in 4 bits."""
ZERO = 128
"""The code that means 0."""
_LIMIT = 1 << 31


@dataclass(frozen=True)
class Nibbles:
    """A matrix in 4 bits: `values` int8 [inputs / 16, 16, outputs], −8 … 7; `factors` uint8 [inputs / 16,
    outputs]."""

    values: NDArray[np.int8]
    factors: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[0] * GROUP, self.values.shape[2]

    def codes(self) -> NDArray[np.uint8]:
        """The 8-bit codes, uint8 [inputs, outputs]."""
        return _widened(self.values, self.factors).reshape(self.shape)


def write_weights(matrices: Sequence[NDArray[np.uint8] | Nibbles]) -> bytes:
    """A container of kind `weights` with matrices [inputs, outputs]: all of them 8-bit codes, or all in 4
    bits."""
    shapes = [list(map(int, matrix.shape)) for matrix in matrices]
    if not any(isinstance(matrix, Nibbles) for matrix in matrices):
        flat = [matrix.reshape(-1) for matrix in matrices if not isinstance(matrix, Nibbles)]
        header = {"precision": "int8", "shapes": shapes}
        return write_container("weights", header, {"codes": np.concatenate(flat)})
    small = [matrix for matrix in matrices if isinstance(matrix, Nibbles)]
    values = np.concatenate([matrix.values.reshape(-1) for matrix in small]) + np.int8(8)
    pairs = values.astype(np.uint8).reshape(-1, 2)
    sections = {
        "codes": pairs[:, 0] | (pairs[:, 1] << 4),
        "factors": np.concatenate([matrix.factors.reshape(-1) for matrix in small]),
    }
    return write_container("weights", {"precision": "int4", "shapes": shapes}, sections)


def read_weights(data: bytes) -> NDArray[np.uint8]:
    """The 8-bit codes of all matrices of a part, one after the other. Raises FormatError."""
    header, arrays = read_container(data, "weights")
    shapes, precision = header.get("shapes"), header.get("precision")
    if not isinstance(shapes, list) or not all(map(_is_shape, shapes)):
        raise FormatError("The shapes of the weights are not pairs of numbers.")
    count = sum(inputs * outputs for inputs, outputs in shapes)
    codes, factors = arrays.get("codes"), arrays.get("factors")
    if precision == "int8":
        if not _is_bytes(codes, count):
            raise FormatError("The weights have another number of codes than their shapes say.")
        return np.asarray(codes)
    if precision != "int4" or any(inputs % GROUP or outputs % 2 for inputs, outputs in shapes):
        raise FormatError("The precision of the weights is unknown, or does not fit their shapes.")
    if not _is_bytes(codes, count // 2) or not _is_bytes(factors, count // GROUP):
        raise FormatError("The weights have another number of codes than their shapes say.")
    assert codes is not None and factors is not None
    result = np.empty(count, dtype=np.uint8)
    at = 0
    for inputs, outputs in shapes:
        size = inputs * outputs
        pairs = codes[at // 2 : (at + size) // 2]
        values = np.stack([pairs & 15, pairs >> 4], axis=1).astype(np.int16).reshape(-1) - 8
        grouped = factors[at // GROUP : (at + size) // GROUP].reshape(-1, outputs)
        wide = _widened(values.reshape(-1, GROUP, outputs), grouped)
        result[at : at + size] = wide.reshape(-1)
        at += size
    return result


def _widened(
    values: NDArray[np.int8] | NDArray[np.int16], factors: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    product = values.astype(np.int16) * factors[:, None, :].astype(np.int16)
    return (((product + 8) >> 4) + ZERO).astype(np.uint8)


def _is_shape(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(side) is int and 0 < side < 1 << 20 for side in value)
        and value[0] * value[1] < _LIMIT
    )


def _is_bytes(value: NDArray[np.generic] | None, count: int) -> bool:
    return value is not None and value.dtype == np.uint8 and value.shape == (count,)
