"""The files of the tier `cells` (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.site.cell_rows import RowCodes
from imagedb_site.site.cell_scheme import CellScheme
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.rows import DrawnRows
from imagedb_site.site.storage import Arrays, SiteFiles
from imagedb_site.site.types import CellSettings

ROW_CELLS = 1 << 14
"""Rows in a file of `row_cells`."""
_VECTOR_BYTES = 1 << 14

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """The rows of each cell, one cell after the other. With a `tail`, it is the last cell.

    `order` int64 [known]: the row at each position; `sizes` int64 [cells]; `row_cells` uint16 [rows] as
    published; `near` uint16 [rows of the tail]: the cells that these are coded against.
    """

    order: Rows
    sizes: Rows
    row_cells: NDArray[np.uint16]
    tail: bool
    near: NDArray[np.uint16]

    @property
    def starts(self) -> Rows:
        """The first position of each cell, and the number of all; int64 [cells + 1]."""
        return np.concatenate([[0], np.cumsum(self.sizes)])


def rows_per_file(dim: int, settings: CellSettings) -> int:
    """Returns how many vectors lie in a file at most: about 16 kB."""
    return settings.rows_per_file or max(1, _VECTOR_BYTES // dim)


def runs_of(sizes: Rows, row_bytes: int, dim: int, settings: CellSettings) -> NDArray[np.uint32]:
    """Returns how many neighbouring cells lie in each group file, uint32 [groups]. Cells are not cut.

    `sizes`: int64 [cells]; `row_bytes`: those of a coarse code.
    """
    runs: list[int] = []
    held = settings.group_bytes
    for size in sizes.tolist():
        weight = size * (row_bytes + 5) + dim
        if held + weight > settings.group_bytes:
            runs.append(0)
            held = 0
        runs[-1] += 1
        held += weight
    return np.array(runs, dtype=np.uint32)


def write_cells(
    files: SiteFiles,
    scheme: CellScheme,
    placed: Placed,
    codes: RowCodes,
    settings: CellSettings,
    fanout: int | None,
    drawn: DrawnRows | None,
) -> dict[str, Any]:
    """Write all files of cells and their rows; returns their part of the manifest.

    `codes`: those of all rows, in row order. `drawn`: what lies beside the vector of each row, if anything.
    """
    dim = scheme.centres.shape[1]
    data = scheme.coarse.to_bytes()
    coarse = files.put_entry("data", "coarse", "bin", data, compress=False)
    per_file = rows_per_file(dim, settings)
    return {
        "coarse": {"file": coarse.to_json()},
        "cells": {
            "count": scheme.count,
            "least": settings.least,
            "most": settings.most,
            "rows_per_file": per_file,
            **({} if drawn is None else {"drawn": True}),
            "file": _write_index(files, scheme),
            "sizes": _write_sizes(files, scheme, placed),
        },
        "groups": _write_groups(files, scheme, placed, codes, settings.group_fanout),
        "files": _write_vectors(files, placed, codes, drawn, per_file, settings.vector_fanout),
        "row_cells": {"block": ROW_CELLS, "files": _write_row_cells(files, placed, fanout)},
    }


def _write_index(files: SiteFiles, scheme: CellScheme) -> dict[str, Any]:
    header = {
        "cells": scheme.count,
        "dim": scheme.centres.shape[1],
        "dims": len(scheme.bits),
        "code_bytes": scheme.codes.shape[1],
        "reach_step": scheme.reach_step,
    }
    arrays: Arrays = {
        "steps": scheme.steps,
        "row_scale": scheme.row_scale,
        "bits": scheme.bits,
        "reach": scheme.reach,
        "codes": scheme.codes,
    }
    return files.put_container("cells", "cells", header, arrays, compress=True).to_json()


def _write_sizes(files: SiteFiles, scheme: CellScheme, placed: Placed) -> dict[str, Any]:
    groups = _groups(scheme, placed)
    header = {"cells": scheme.count, "tail": int(placed.tail), "groups": len(groups)}
    arrays: Arrays = {
        "sizes": placed.sizes.astype(np.uint32),
        "group_cells": np.array(groups, dtype=np.uint32),
    }
    return files.put_container("cell-sizes", "cell-sizes", header, arrays, compress=True).to_json()


def _groups(scheme: CellScheme, placed: Placed) -> list[int]:
    return [*scheme.runs.tolist(), *[1][: placed.tail]]


def _write_groups(
    files: SiteFiles, scheme: CellScheme, placed: Placed, codes: RowCodes, fanout: int
) -> dict[str, Any]:
    """Write the coarse codes of runs of cells; the tail has a file of its own."""
    starts = placed.starts
    groups = ListWriter(files, "cell-codes", fanout)
    first = 0
    for cells in _groups(scheme, placed):
        inside = placed.order[starts[first] : starts[first + cells]]
        header = {
            "first": first,
            "cells": cells,
            "count": len(inside),
            "row_bytes": codes.coarse.shape[1],
            "dim": scheme.centres.shape[1],
        }
        own: Arrays = {"centres": scheme.centres[first : first + cells]}
        if first == scheme.count:
            own = {"near": placed.near}
        arrays: Arrays = {
            "rows": inside.astype(np.uint32),
            **own,
            "factors": codes.factors[inside],
            "codes": codes.coarse[inside],
        }
        groups.add(files.put_container("cell-codes", "cell-codes", header, arrays, compress=False))
        first += cells
    return groups.finish()


def _write_vectors(
    files: SiteFiles,
    placed: Placed,
    codes: RowCodes,
    drawn: DrawnRows | None,
    per_file: int,
    fanout: int,
) -> dict[str, Any]:
    """Write the int8 codes of each cell in files of equal length. A cell without rows has none.

    Codes alone hardly become shorter by compression.
    """
    vectors = ListWriter(files, "cell-vectors", fanout)
    starts = placed.starts
    for cell, size in enumerate(placed.sizes.tolist()):
        rows = placed.order[starts[cell] : starts[cell + 1]]
        for first, end in parts_of(size, per_file):
            inside = rows[first:end]
            header = {
                "cell": cell,
                "first": first,
                "count": len(inside),
                "dim": codes.vectors.shape[1],
            }
            arrays: Arrays = {"scales": codes.scales[inside], "codes": codes.vectors[inside]}
            if drawn is not None:
                arrays = {**arrays, **drawn.sections(inside)}
            entry = files.put_container(
                "cell-vectors", "cell-vectors", header, arrays, compress=drawn is not None
            )
            vectors.add(entry)
    return vectors.finish()


def parts_of(size: int, per_file: int) -> Sequence[tuple[int, int]]:
    """Returns where the files of a cell of `size` rows begin and end in it."""
    count = -(-size // per_file)
    return [(at * size // count, (at + 1) * size // count) for at in range(count)]


def _write_row_cells(files: SiteFiles, placed: Placed, fanout: int | None) -> dict[str, Any]:
    blocks = ListWriter(files, "row-cells", fanout)
    for first in range(0, len(placed.row_cells), ROW_CELLS):
        part = placed.row_cells[first : first + ROW_CELLS]
        header = {"first": first, "count": len(part)}
        entry = files.put_container(
            "row-cells", "row-cells", header, {"cells": part}, compress=True
        )
        blocks.add(entry)
    return blocks.finish()
