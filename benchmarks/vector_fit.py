"""Many embeddings like a few real ones: rows drawn between neighbours of real rows, and how like they are.

A row is drawn near a real one: a random mixture of it, of one of its neighbours and of a neighbour of that
one, plus noise along the differences to 16 neighbours and a little in all directions. Mixtures lie nearer to
each other than real rows do and noise takes them apart. The amount of noise is the one at which as many drawn
rows as there are real ones have the same median similarity of nearest neighbours. Last, each axis of the
principal components of the real rows gets the real mean and spread, so that the spectrum and the gap to texts
are the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

NEIGHBOURS = 16
_MIXED = 8
_BLOCK = 10_000
_TRIED = 20_000
DECILES = (0.1, 0.3, 0.5, 0.7, 0.9)


def unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def nearest(queries: Floats, rows: Floats, k: int, own: Rows | None = None) -> tuple[Rows, Floats]:
    """The k nearest of `rows` [n, dim], float16 or float32: their numbers int64 [q, k] and similarities.

    Inner products in float32, in blocks. `own[i]` is a row that does not count for query i.
    """
    best = np.full((len(queries), k), -2, dtype=np.float32)
    numbers = np.zeros((len(queries), k), dtype=np.int64)
    for first in range(0, len(rows), 50_000):
        block = np.asarray(rows[first : first + 50_000], dtype=np.float32)
        similar = queries @ block.T
        if own is not None:
            inside = np.flatnonzero((own >= first) & (own < first + len(block)))
            similar[inside, own[inside] - first] = -2
        some = min(k, len(block))
        top = np.argpartition(-similar, some - 1, axis=1)[:, :some]
        both = np.concatenate([best, np.take_along_axis(similar, top, 1)], axis=1)
        names = np.concatenate([numbers, top + first], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(both, order, 1)
        numbers = np.take_along_axis(names, order, 1)
    return numbers, best


@dataclass(frozen=True)
class Model:
    """Draws rows like `real` [n, dim]. `noise` is in units of the differences between neighbours."""

    real: Floats
    near: Rows
    axes: Floats
    centre: Floats
    noise: float
    everywhere: float
    gain: Floats
    shift: Floats

    def _raw(self, count: int, rng: np.random.Generator) -> Floats:
        real, near = self.real, self.near
        first = rng.integers(0, len(real), count)
        second = near[first, rng.integers(0, _MIXED, count)]
        third = near[second, rng.integers(0, _MIXED, count)]
        part = rng.dirichlet((1, 1, 1), count).astype(np.float32)
        drawn = part[:, :1] * real[first] + part[:, 1:2] * real[second] + part[:, 2:] * real[third]
        amount = rng.standard_normal((count, NEIGHBOURS)).astype(np.float32)
        amount *= np.float32(self.noise / np.sqrt(NEIGHBOURS))
        drawn += np.einsum("nk,nkd->nd", amount, real[near[first]], optimize=True)
        drawn -= amount.sum(axis=1, keepdims=True) * real[first]
        drawn += np.float32(self.everywhere) * rng.standard_normal(drawn.shape).astype(np.float32)
        return np.asarray(drawn, dtype=np.float32)

    def _coloured(self, drawn: Floats) -> Floats:
        return unit(
            ((drawn - self.centre) @ self.axes * self.gain + self.shift) @ self.axes.T + self.centre
        )

    def blocks(self, count: int, seed: int) -> Iterator[Floats]:
        """`count` rows float32 [≤ 10,000, dim] of length 1."""
        rng = np.random.default_rng(seed)
        for first in range(0, count, _BLOCK):
            yield self._coloured(self._raw(min(_BLOCK, count - first), rng))

    def rows(self, count: int, seed: int) -> Floats:
        return np.concatenate(list(self.blocks(count, seed)))


def _levelled(model: Model) -> Model:
    """The model with gain and shift of each axis as the real rows have them."""
    rng = np.random.default_rng(1)
    drawn = np.concatenate([model._raw(_BLOCK, rng) for _ in range(2)])
    wanted = (model.real - model.centre) @ model.axes
    gain = np.ones(len(model.axes), dtype=np.float32)
    shift = np.zeros_like(gain)
    for _ in range(3):  # rows are brought to length 1 afterwards, which changes the spread a little
        made = (replace(model, gain=gain, shift=shift)._coloured(drawn) - model.centre) @ model.axes
        gain = np.asarray(gain * wanted.std(axis=0) / made.std(axis=0), dtype=np.float32)
        shift = np.asarray(shift + wanted.mean(axis=0) - made.mean(axis=0), dtype=np.float32)
    return replace(model, gain=gain, shift=shift)


def neighbour_similarity(rows: Floats, count: int, seed: int = 2) -> Floats:
    """Each of 1,000 rows' similarity to the nearest other of `count` random rows."""
    some = np.random.default_rng(seed).choice(len(rows), count, replace=False)
    part = np.asarray(rows[np.sort(some)], dtype=np.float32)
    asked = np.arange(0, count, max(1, count // 1000))
    return nearest(part[asked], part, 1, asked)[1][:, 0]


def fit(real: Floats, everywhere: float = 0.012) -> Model:
    """The model of `real` [n, dim]."""
    near = nearest(real, real, NEIGHBOURS, np.arange(len(real)))[0]
    centre = real.mean(axis=0)
    axes = np.linalg.eigh(np.cov((real - centre).T))[1][:, ::-1].astype(np.float32)
    flat = np.ones(real.shape[1], dtype=np.float32)
    start = Model(real, near, axes, centre, 0.0, everywhere, flat, np.zeros_like(flat))
    count = min(len(real), _TRIED)
    wanted = float(np.median(neighbour_similarity(real, count)))
    low, high = 0.0, 3.0
    for _ in range(7):
        middle = (low + high) / 2
        model = _levelled(replace(start, noise=middle))
        found = float(np.median(neighbour_similarity(model.rows(count, 3), count)))
        low, high = (middle, high) if found > wanted else (low, middle)
    return model


def likeness(real: Floats, drawn: Floats, texts: Floats, unseen: Floats) -> dict[str, object]:
    """How like `drawn` is to `real`, at equal numbers of rows, and how it goes on beyond them.

    `unseen` are real pictures that are in neither.
    """
    rng = np.random.default_rng(4)
    some = np.sort(rng.choice(len(drawn), len(real), replace=False))
    equal = np.asarray(drawn[some], dtype=np.float32)

    def cosines(values: Floats) -> list[float]:
        return [round(float(v), 3) for v in np.quantile(values, DECILES)]

    def spectrum(rows: Floats) -> list[float]:
        values = np.linalg.eigvalsh(np.cov(rows.T))[::-1]
        return [round(float(values[:n].sum() / values.sum()), 3) for n in (1, 8, 32, 64, 128)]

    sizes = [n for n in (1_000, 4_000, len(real)) if n <= len(real)]
    beyond = [n for n in (50_000, 200_000, 1_000_000) if n <= len(drawn)]
    return {
        "rows": len(real),
        "deciles": list(DECILES),
        "neighbour_cosine_real": {n: cosines(neighbour_similarity(real, n)) for n in sizes},
        "neighbour_cosine_fitted": {
            n: cosines(neighbour_similarity(drawn, n)) for n in (*sizes, *beyond)
        },
        "unseen_picture_to_real": cosines(nearest(unseen, real, 1)[1][:, 0]),
        "unseen_picture_to_fitted": cosines(nearest(unseen, equal, 1)[1][:, 0]),
        "text_top1_real": cosines(nearest(texts, real, 1)[1][:, 0]),
        "text_top1_fitted": cosines(nearest(texts, equal, 1)[1][:, 0]),
        "text_top10_real": cosines(nearest(texts, real, 10)[1][:, 9]),
        "text_top10_fitted": cosines(nearest(texts, equal, 10)[1][:, 9]),
        "text_top1_fitted_all": cosines(nearest(texts, drawn, 1)[1][:, 0]),
        "spectrum_real": spectrum(real),
        "spectrum_fitted": spectrum(equal),
        "mean_cosine_real": round(float((real.mean(0) ** 2).sum()), 3),
        "mean_cosine_fitted": round(float((equal.mean(0) ** 2).sum()), 3),
    }
