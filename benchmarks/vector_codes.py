"""Codes of embeddings at a number of bytes a row, as what a float query is multiplied with.

Each function gives rows float32 [n, dim] that stand for the codes of `rows`: the similarity that an index
with that code computes for a query is the inner product with them. Nothing is fitted to measured queries.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from vector_fit import Floats, Rows, unit

_SAMPLE = 50_000
# The best step, in standard deviations, and the squared error of a uniform quantizer of normal values.
STEPS = {1: 1.596, 2: 0.996, 3: 0.586, 4: 0.335, 5: 0.188, 6: 0.104, 7: 0.0569, 8: 0.0308}
_ERRORS = (1.0, 0.3634, 0.1188, 0.03744, 0.01154, 0.00349, 0.00104, 3.04e-4, 8.77e-5)
# Lloyd and Max: the best levels for normal values, and the limits half-way between them.
_LEVELS: dict[int, tuple[float, ...]] = {
    1: (0.7979,),
    2: (0.4528, 1.510),
    3: (0.2451, 0.7560, 1.344, 2.152),
    4: (0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733),
}


@dataclass(frozen=True)
class Cells:
    """k-means cells: `means` float32 [cells, dim], and the cell of each row, int64 [n]."""

    means: Floats
    of: Rows


def random_rotation(dim: int, seed: int = 1) -> Floats:
    drawn = np.random.default_rng(seed).standard_normal((dim, dim))
    return np.asarray(np.linalg.qr(drawn)[0], dtype=np.float32)


def make_cells(rows: Floats, count: int, rounds: int = 8) -> Cells:
    """Cells by spherical k-means on a sample; the means are those of all rows."""
    rng = np.random.default_rng(2)
    sample = rows[rng.choice(len(rows), min(len(rows), _SAMPLE), replace=False)]
    means = sample[rng.choice(len(sample), count, replace=False)].copy()
    for _ in range(rounds):
        own = _assigned(sample, means)
        means = _means(sample, own, means)
        means = unit(means)
    own = _assigned(rows, means)
    return Cells(_means(rows, own, means), own)


def _assigned(rows: Floats, means: Floats) -> Rows:
    parts = [
        (rows[first : first + 20_000] @ means.T).argmax(1) for first in range(0, len(rows), 20_000)
    ]
    return np.concatenate(parts)


def _means(rows: Floats, own: Rows, old: Floats) -> Floats:
    order = np.argsort(own, kind="stable")
    counts = np.bincount(own, minlength=len(old))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    full = counts > 0
    found = old.copy()
    found[full] = np.add.reduceat(rows[order], starts[full], axis=0) / counts[full][:, None]
    return found


def int8(rows: Floats) -> Floats:
    """256 B at 256 dimensions: centred, a scale for each dimension."""
    mean = rows.mean(axis=0)
    scale = np.abs(rows - mean).max(axis=0) / 127
    return np.asarray(np.rint((rows - mean) / scale) * scale + mean, dtype=np.float32)


def signs(rows: Floats, rotation: Floats, *, corrected: bool) -> Floats:
    """One bit a dimension. `corrected`: RaBitQ's length and factor of each row, 4 B more."""
    return rabitq(rows, rotation, 1, corrected=corrected)


def rabitq(rows: Floats, rotation: Floats, bits: int, *, corrected: bool = True) -> Floats:
    """RaBitQ with its extension: `bits` a dimension and 4 B a row.

    Of each row's grids of several widths the one with the largest cosine counts. The estimate of <q, o> is
    <q, code> / <code, o>, which has no bias over random rotations.
    """
    mean = rows.mean(axis=0)
    turned = (rows - mean) @ rotation
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    turned /= np.maximum(length, 1e-9)
    root = np.float32(np.sqrt(rows.shape[1]))
    if bits == 1:
        code = np.where(turned >= 0, 1 / root, -1 / root).astype(np.float32)
    else:
        code = np.zeros_like(turned)
        best = np.full(len(rows), -1, dtype=np.float32)
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        for width in STEPS[bits] * np.array([0.8, 0.9, 1.0, 1.1, 1.25]):
            grid = np.clip(np.floor(turned * np.float32(root / width)), low, high) + np.float32(0.5)
            grid /= np.linalg.norm(grid, axis=1, keepdims=True)
            cosine = (grid * turned).sum(axis=1)
            better = cosine > best
            code[better], best[better] = grid[better], cosine[better]
    if corrected:
        code *= length / (code * turned).sum(axis=1, keepdims=True)
    else:
        code *= np.median(length)
    return np.asarray(code @ rotation.T + mean, dtype=np.float32)


def itq(rows: Floats, rounds: int = 20) -> Floats:
    """A learned rotation for signs: iterative quantization (Gong and Lazebnik)."""
    rng = np.random.default_rng(3)
    sample = rows[rng.choice(len(rows), min(len(rows), 20_000), replace=False)]
    sample = sample - rows.mean(axis=0)
    turn = random_rotation(rows.shape[1], 4)
    for _ in range(rounds):
        code = np.sign(sample @ turn)
        left, _, right = np.linalg.svd(sample.T @ code)
        turn = np.asarray(left @ right, dtype=np.float32)
    return turn


def turboquant(rows: Floats, rotation: Floats, bits: int, *, residual: bool) -> Floats:
    """TurboQuant: a random rotation, the best levels for normal values, and 2 B for the length of a row.

    `residual`: one bit less for levels, and one sign a dimension of the error under a random Gaussian matrix
    (QJL), which takes away the bias; 2 B more for the length of the error.
    """
    dim = rows.shape[1]
    mean = rows.mean(axis=0)
    turned = (rows - mean) @ rotation
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    turned /= np.maximum(length, 1e-9)
    half = np.array(_LEVELS[bits - residual]) / np.sqrt(dim)
    levels = np.concatenate([-half[::-1], half]).astype(np.float32)
    code = levels[np.searchsorted((levels[1:] + levels[:-1]) / 2, turned)]
    if residual:
        error = turned - code
        matrix = np.random.default_rng(5).standard_normal((dim, dim)).astype(np.float32)
        size = np.linalg.norm(error, axis=1, keepdims=True)
        back = np.sign(error @ matrix.T) @ matrix
        code = code + np.float32(np.sqrt(np.pi / 2) / dim) * size * back
    return np.asarray((code * length) @ rotation.T + mean, dtype=np.float32)


def allotted(spread: Floats, total: int, most: int = 8) -> NDArray[np.int64]:
    """How many of `total` bits each dimension gets: always the one whose squared error falls most."""
    bits = np.zeros(len(spread), dtype=np.int64)
    waiting = [(-(float(s) ** 2) * (_ERRORS[0] - _ERRORS[1]), j) for j, s in enumerate(spread)]
    heapq.heapify(waiting)
    for _ in range(total):
        _, j = heapq.heappop(waiting)
        bits[j] += 1
        if bits[j] < most:
            gain = float(spread[j]) ** 2 * (_ERRORS[bits[j]] - _ERRORS[bits[j] + 1])
            heapq.heappush(waiting, (-gain, j))
    return bits


def water_filled(rows: Floats, learn: Floats, size: int, cells: Cells | None = None) -> Floats:
    """`size` bytes: uniform levels with 0 to 8 bits a dimension, after a rotation that knows queries.

    The axes are the principal components of the rows (of residuals to the means of their cells) under the
    covariance of half rows and half texts; bits follow the spread on them.
    """
    base = rows.mean(axis=0) if cells is None else cells.means[cells.of]
    left = rows - base
    rng = np.random.default_rng(6)
    some = rng.choice(len(rows), min(len(rows), _SAMPLE), replace=False)
    sample = left[some]

    def cov(values: Floats) -> NDArray[np.float64]:
        found = np.cov(values.T)
        return np.asarray(found / np.trace(found))

    dim = rows.shape[1]
    metric = 0.5 * cov(learn) + 0.5 * cov(rows[some]) + 1e-4 * np.eye(dim) / dim
    values, vectors = np.linalg.eigh(metric)
    forth = (vectors * np.sqrt(values)) @ vectors.T
    back = (vectors / np.sqrt(values)) @ vectors.T
    axes = np.linalg.eigh(np.cov((sample @ forth).T))[1][:, ::-1]
    into, out = (forth @ axes).astype(np.float32), (back @ axes).astype(np.float32)
    turned = left @ into
    spread = turned[some].std(axis=0)
    code = np.zeros_like(turned)
    for j, bits in enumerate(allotted(spread, 8 * size)):
        if bits:
            step = spread[j] * np.float32(STEPS[int(bits)])
            limit = 1 << (int(bits) - 1)
            code[:, j] = (np.clip(np.floor(turned[:, j] / step), -limit, limit - 1) + 0.5) * step
    return np.asarray(code @ out.T + base, dtype=np.float32)


def product_quantized(rows: Floats, size: int, rounds: int = 8) -> Floats:
    """`size` bytes: product quantization, one of 256 centres for each part of the dimensions."""
    rng = np.random.default_rng(7)
    mean = rows.mean(axis=0)
    parts = np.split(rows - mean, size, axis=1)
    found = []
    for part in parts:
        sample = part[rng.choice(len(part), min(len(part), 10_000), replace=False)]
        centres = sample[rng.choice(len(sample), 256, replace=False)]
        for _ in range(rounds):
            centres = _means(sample, _closest(sample, centres), centres)
        found.append(centres[_closest(part, centres)])
    return np.asarray(np.concatenate(found, axis=1) + mean, dtype=np.float32)


def _closest(rows: Floats, centres: Floats) -> Rows:
    half = (centres**2).sum(axis=1) / 2
    return np.concatenate(
        [
            (rows[first : first + 20_000] @ centres.T - half).argmax(1)
            for first in range(0, len(rows), 20_000)
        ]
    )
