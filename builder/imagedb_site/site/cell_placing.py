"""The cells and the codes of rows: what the tier `cells` does with each block (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.run import Arrays
from imagedb_site.site.cell_fit import exact_centres
from imagedb_site.site.cell_rows import encode_residuals
from imagedb_site.site.cell_scheme import NEW_CELL, CellScheme
from imagedb_site.site.clusters import assign
from imagedb_site.site.coarse import unpack_bits
from imagedb_site.site.scheme import Quantizer

_FAR, _NEARER = 2.0, 0.75
_AT_ONCE = 1 << 11
"""How many rows are compared with all centres at once: many workers may share the memory of a machine."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def shared_arrays(cells: CellScheme, quantizer: Quantizer, *, tail: bool) -> Arrays:
    """Returns what `place_rows` needs for all blocks. `tail`: new rows are not assigned to cells."""
    # Which cells the rows have is part of their blocks.
    scheme = replace(cells, row_cells=cells.row_cells[:0])
    return {
        "scheme": np.frombuffer(scheme.to_bytes(), dtype=np.uint8),
        "exact": exact_centres(cells.centres, quantizer),
        "rough": _rough_centres(cells, quantizer),
        "tail": np.array([tail], dtype=np.uint8),
    }


def place_rows(shared: Arrays, block: Arrays) -> Arrays:
    """Finds the cells and the codes of rows that have an embedding.

    `block`: float32 `rows` [n, dim], and their `cells` uint16 [n] so far, NEW_CELL for new rows. Returns the
    `cells`, the cell `near` each new row of the tail, uint16 [n], and the arrays of `RowCodes`.
    """
    scheme = CellScheme.from_bytes(shared["scheme"].tobytes())
    embeddings: Floats = block["rows"]
    exact: Floats = shared["exact"]
    cells = block["cells"].copy()
    near = np.zeros(len(cells), dtype=np.uint16)
    base = np.empty_like(embeddings)
    new = cells == NEW_CELL
    if shared["tail"][0]:
        near[new] = assign(embeddings[new], shared["rough"], _AT_ONCE)
        base[new] = shared["rough"][near[new]]
    else:
        cells[new] = assign(embeddings[new], exact, _AT_ONCE)
        new = np.zeros(len(cells), dtype=np.bool_)
    base[~new] = exact[cells[~new]]
    far = _FAR * float(np.square(127 * scheme.row_scale, dtype=np.float64).sum())
    _move_far(cells, ~new, embeddings, base, exact, far)
    codes = encode_residuals(embeddings - base, scheme)
    return {
        "cells": cells,
        "near": near,
        "coarse": codes.coarse,
        "factors": codes.factors,
        "scales": codes.scales,
        "vectors": codes.vectors,
    }


def _move_far(
    cells: NDArray[Any],
    assigned: Mask,
    embeddings: Floats,
    base: Floats,
    exact: Floats,
    least: float,
) -> None:
    """Moves rows to a cell that is clearly nearer: their text is another one, and so is its embedding.

    `least`: the squared distance from which a row is far from its cell.
    """
    lengths = np.square(embeddings - base).sum(axis=1)
    far = np.flatnonzero(assigned & (lengths > least))
    near = assign(embeddings[far], exact, _AT_ONCE)
    other = np.square(embeddings[far] - exact[near]).sum(axis=1)
    moving = far[other < _NEARER * lengths[far]]
    cells[moving] = near[other < _NEARER * lengths[far]]
    base[moving] = exact[cells[moving]]


def _rough_centres(scheme: CellScheme, quantizer: Quantizer) -> Floats:
    """What the codes of the centres in the index stand for, float32 [cells, dim]."""
    most = (1 << scheme.bits.astype(np.int32)) - 1
    codes = unpack_bits(scheme.codes, scheme.bits).astype(np.int32)
    values = np.asarray((2 * codes - most) * scheme.steps, dtype=np.float32)
    return np.asarray(quantizer.mean + values @ scheme.coarse.directions, dtype=np.float32)
