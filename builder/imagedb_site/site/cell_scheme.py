"""What the tier `cells` keeps from build to build (docs/FORMAT.md 2.9, 2.12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container, write_container
from imagedb_site.site.scheme import Coarse

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

NO_CELL = 0xFFFF
"""The cell of a row without an embedding."""
NEW_CELL = 0xFFFE
"""The cell of a row that is not assigned to one yet."""
MOST_CELLS = 0xFFFE


@dataclass(frozen=True)
class CellScheme:
    """The cells of a collection and what the codes of its rows stand for.

    `coarse`: what the coarse codes of residuals stand for. `into` float32 [dims, dim]: the inner products of
    a residual with these are what its code approximates; they are not the directions of `coarse`, which
    undo them. `centres` int8 [cells, dim] by the quantizer. `bits` uint8 [dims] in 0 … 7, `steps` float32
    [dims], `codes` uint8 [cells, bytes]: the centres less the quantizer's mean in the directions of
    `coarse`. `reach` uint8 [cells], times `reach_step`: how far above its centre's similarity the best row
    of a cell is expected. `row_scale` float32 [dim]: the steps of the rows' vectors. `runs` uint32 [groups]:
    how many cells lie in each file of coarse codes. `row_cells` uint16 [rows]: the cell of each row,
    NEW_CELL or NO_CELL.
    """

    coarse: Coarse
    into: Floats
    centres: NDArray[np.int8]
    bits: Bytes
    steps: Floats
    codes: Bytes
    reach: Bytes
    reach_step: float
    row_scale: Floats
    runs: NDArray[np.uint32]
    row_cells: NDArray[np.uint16]

    @property
    def count(self) -> int:
        """The number of cells."""
        return len(self.centres)

    def moved(self, source: NDArray[np.int64]) -> CellScheme:
        """Returns this for a collection whose row r was `source[r]` before, or is new if that is −1."""
        row_cells = np.full(len(source), NEW_CELL, dtype=np.uint16)
        stays = source >= 0
        row_cells[stays] = self.row_cells[source[stays]]
        return replace(self, row_cells=row_cells)

    def to_bytes(self) -> bytes:
        """Returns a container, from which `from_bytes` makes this again."""
        cells, dim = self.centres.shape
        header = {"cells": cells, "dim": dim, "reach_step": self.reach_step}
        arrays: dict[str, NDArray[Any]] = {
            "coarse": np.frombuffer(self.coarse.to_bytes(), dtype=np.uint8),
            "into": self.into,
            "centres": self.centres,
            "bits": self.bits,
            "steps": self.steps,
            "codes": self.codes,
            "reach": self.reach,
            "row_scale": self.row_scale,
            "runs": self.runs,
            "row_cells": self.row_cells,
        }
        return write_container("cell-scheme", header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> CellScheme:
        """Raises FormatError if the container is damaged."""
        header, arrays = read_container(data, "cell-scheme")
        cells, dim = int(header["cells"]), int(header["dim"])
        return cls(
            Coarse.from_bytes(arrays["coarse"].tobytes()),
            arrays["into"].reshape(-1, dim),
            arrays["centres"].reshape(cells, dim),
            arrays["bits"],
            arrays["steps"],
            arrays["codes"].reshape(cells, -1),
            arrays["reach"],
            float(header["reach_step"]),
            arrays["row_scale"],
            arrays["runs"],
            arrays["row_cells"],
        )
