"""Fitting the cells of the tier `cells` to a sample of a collection (docs/FORMAT.md 2.9)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagedb_site.site.cell_scheme import MOST_CELLS, NEW_CELL, CellScheme
from imagedb_site.site.clusters import assign, fit_cells
from imagedb_site.site.coarse import MOST_BITS, SPREADS, pack_bits, second_moment, signed, to_codes
from imagedb_site.site.quantizer import encode
from imagedb_site.site.scheme import Coarse, Quantizer

Floats = NDArray[np.float32]

SAMPLE = 160_000
"""How many rows the cells are fitted to."""
_STUDIED = 40_000
"""How many of these the codes are fitted to."""
_PER_ROOT = 4
_LEAST_CELLS = 4
_LEAST_SPREAD = 1e-9
_LEAST_STEP = 1e-12
_STEPS = np.where(SPREADS > 0, SPREADS, 2.0)
"""Steps must be positive. With no bit a step has no effect."""
_ERRORS = np.array([1.0, 0.3634, 0.1188, 0.03744, 0.01154, 0.00349, 0.00104, 3.04e-4])
"""The squared errors that the best steps of b bits leave, of normal values of deviation 1."""
_CHUNK = 1 << 13


def residual_bytes(dim: int) -> int:
    """Returns how many bytes the coarse code of a row takes: 55 at 256 dimensions, 63 at 512.

    Recall@10 of a search that refines 48 rows, a million rows of 256 dimensions, texts / pictures as queries:
    47 bytes .937 / .970, 55 bytes .949 / .973.
    """
    return max(1, min(47 + dim // 32, dim * 7 // 8))


def centre_bytes(dim: int) -> int:
    """Returns how many bytes the code of a centre takes in the index: 40 at 256 dimensions, 48 at 512."""
    return max(1, min(32 + dim // 32, dim * 7 // 8))


def cell_count(rows: int) -> int:
    """Returns how many cells a collection of `rows` embeddings gets: about four times the square root."""
    return int(min(max(_LEAST_CELLS, _PER_ROOT * np.sqrt(rows)), MOST_CELLS, rows))


def fit_scheme(
    sample: Floats, known: int, count: int, quantizer: Quantizer, cells: int | None
) -> CellScheme:
    """Fit cells and codes to a sample of embeddings, float32 [n, dim] with n ≥ 1.

    `known` of the `count` rows have an embedding. `cells`: how many to make, or None to choose. All rows are
    new in the result, and it has no runs.
    """
    centres = encode(fit_cells(sample, cells or cell_count(known)), quantizer)
    exact = exact_centres(centres, quantizer)
    cell = assign(sample, exact)
    some = np.arange(min(_STUDIED, len(sample))) * len(sample) // min(_STUDIED, len(sample))
    residuals = sample[some] - exact[cell[some]]
    coarse, into = fit_residuals(residuals, _metric(sample[some]), residual_bytes(sample.shape[1]))
    bits, steps, codes = _index_codes(exact - quantizer.mean, into)
    reach = _reach(sample, exact, cell, known / len(sample))
    reach_step = max(float(reach.max()) / 255, _LEAST_SPREAD)
    return CellScheme(
        coarse,
        into,
        centres,
        bits,
        steps,
        codes,
        np.rint(reach / reach_step).astype(np.uint8),
        reach_step,
        _row_scale(residuals),
        np.zeros(0, dtype=np.uint32),
        np.full(count, NEW_CELL, dtype=np.uint16),
    )


def exact_centres(centres: NDArray[np.int8], quantizer: Quantizer) -> Floats:
    """Returns what codes of centres stand for, float32 [cells, dim]."""
    return np.asarray(quantizer.mean + quantizer.scale * centres, dtype=np.float32)


def fit_residuals(
    residuals: Floats, metric: NDArray[np.float64], row_bytes: int
) -> tuple[Coarse, Floats]:
    """Fit codes of `row_bytes` to residuals, float32 [n, dim]; returns them and `into` (CellScheme).

    `metric`, float64 [dim, dim], says what an error costs: the second moment of queries, as far as known. The
    axes are the principal ones of `metric^½·residual`, where every direction counts the same.
    """
    values, vectors = np.linalg.eigh(metric)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    squares, axes = np.linalg.eigh(root @ second_moment(residuals) @ root)
    squares = np.maximum(squares[::-1], 0)
    bits = share_bits(squares, 8 * row_bytes)
    used = np.flatnonzero(bits)
    axes = signed(axes[:, ::-1].T[used])
    directions = axes @ inverse
    scale = (np.abs(directions).max(axis=1) / 127).astype(np.float32)
    matrix = np.rint(directions / scale[:, None]).astype(np.int8)
    coarse = Coarse(matrix, scale, bits[used], _steps(squares[used], bits[used]))
    return coarse, (axes @ root).astype(np.float32)


def share_bits(squares: NDArray[np.float64], total: int) -> NDArray[np.uint8]:
    """Returns the bits of each direction, uint8 [n], at most 7 each and `total` together.

    `squares`: the variance in each. A bit goes where the squared error falls most, which for the first bit is
    less than by the rule that each bit quarters it. Recall@10 by codes of 47 bytes alone, as above: this
    .648 / .764, the rule .637 / .736.
    """
    bits = np.zeros(len(squares), dtype=np.uint8)
    falls = -np.diff(_ERRORS, append=_ERRORS[-1:])
    for _ in range(min(total, MOST_BITS * len(squares))):
        bits[int(np.argmax(np.where(bits < MOST_BITS, squares * falls[bits], -1)))] += 1
    return bits


def _steps(squares: NDArray[np.float64], bits: NDArray[np.uint8]) -> Floats:
    """Half the distance of neighbouring levels, float32 [n].

    They are the best for normal values. Steps fitted to the residuals are wider, as some rows are far out;
    but the factor of such a row makes up for it: recall@10 .648 / .764 (as above), fitted .639 / .756.
    """
    return np.maximum(_STEPS[bits] * np.sqrt(squares) / 2, _LEAST_STEP).astype(np.float32)


def _metric(rows: Floats) -> NDArray[np.float64]:
    """Half the covariance of the rows, as queries are like rows in part, and half the same everywhere."""
    dim = rows.shape[1]
    moment = second_moment(rows - rows.mean(axis=0))
    total = float(np.trace(moment))
    even = np.eye(dim) / dim
    return np.asarray(even if total < _LEAST_SPREAD else (moment / total + even) / 2)


def _index_codes(
    centres: Floats, into: Floats
) -> tuple[NDArray[np.uint8], Floats, NDArray[np.uint8]]:
    """Returns bits, steps and codes of centres less the mean in the directions of the coarse codes."""
    turned = centres @ into.T
    squares = np.square(turned, dtype=np.float64).mean(axis=0)
    bits = share_bits(squares, 8 * centre_bytes(centres.shape[1]))
    steps = _steps(squares, bits)
    return bits, steps, pack_bits(to_codes(turned, bits, steps), bits)


def _row_scale(residuals: Floats) -> Floats:
    """The spread of the residuals in each dimension over 127; none is far below the others."""
    squares = np.square(residuals, dtype=np.float64).mean(axis=0)
    least = max(float(np.sqrt(squares.mean())) / 1024, _LEAST_SPREAD)
    return np.asarray(np.maximum(np.sqrt(squares), least) / 127, dtype=np.float32)


def _reach(sample: Floats, exact: Floats, cell: NDArray[np.int64], share: float) -> Floats:
    """How far above the similarity of its centre the best of a cell's rows is expected for a random query.

    The maximum of n normal values of deviation s is about s·√(2 ln n). `share`: rows for each of the sample.
    """
    squares = np.zeros(len(sample))
    for first in range(0, len(sample), _CHUNK):
        part = slice(first, first + _CHUNK)
        squares[part] = np.square(sample[part] - exact[cell[part]]).sum(axis=1)
    sizes = np.bincount(cell, minlength=len(exact))
    variances = np.bincount(cell, squares, len(exact)) / np.maximum(sizes, 1) / sample.shape[1]
    return np.asarray(np.sqrt(variances * 2 * np.log(np.maximum(sizes * share, 2))), np.float32)
