"""What the codes of a collection's vectors stand for. It stays from build to build (docs/FORMAT.md 2.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container, write_container

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Quantizer:
    """What int8 codes stand for: `mean + scale · code`. Both float32 [dim], `scale` positive."""

    mean: Floats
    scale: Floats


@dataclass(frozen=True)
class Coarse:
    """What coarse codes stand for. `matrix` int8 [dims, dim], `scale` float32 [dims]: direction d is
    `scale[d]·matrix[d]`.

    `bits` uint8 [dims] in 1 … 7; `steps` float32 [dims]: code c of direction d stands for
    `steps[d]·(2c − 2^bits[d] + 1)`.
    """

    matrix: NDArray[np.int8]
    scale: Floats
    bits: NDArray[np.uint8]
    steps: Floats

    @property
    def directions(self) -> Floats:
        """Returns float32 [dims, dim]."""
        return np.asarray(self.matrix * self.scale[:, None])

    @property
    def row_bytes(self) -> int:
        """How many bytes the code of a row takes."""
        return -(-int(self.bits.sum()) // 8)

    def to_bytes(self) -> bytes:
        """Returns the container of docs/FORMAT.md 2.9, from which `from_bytes` makes this again."""
        dims, dim = self.matrix.shape
        header = {"dim": dim, "dims": dims, "row_bytes": self.row_bytes}
        arrays: dict[str, NDArray[Any]] = {
            "scale": self.scale,
            "steps": self.steps,
            "bits": self.bits,
            "matrix": self.matrix,
        }
        return write_container("coarse", header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Coarse:
        """Raises FormatError if the container is damaged."""
        header, arrays = read_container(data, "coarse")
        matrix = arrays["matrix"].reshape(int(header["dims"]), int(header["dim"]))
        return cls(matrix, arrays["scale"], arrays["bits"], arrays["steps"])
