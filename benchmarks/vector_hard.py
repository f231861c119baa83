"""Synthetic embeddings that are hard to search: their sources for vector_sets.py, with fixed seeds.

Both have a mean direction as encoders do, 4 % near-duplicates, and texts across a gap from the pictures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from vector_fit import Floats, unit

DIM = 256
_BLOCK = 20_000
_DUPLICATES = 0.04


def _rotation(rng: np.random.Generator) -> Floats:
    return np.linalg.qr(rng.standard_normal((DIM, DIM)))[0].astype(np.float32)


def _zipf(count: int, exponent: float) -> NDArray[np.float64]:
    weights = 1 / np.arange(1, count + 1) ** exponent
    return weights / weights.sum()


def _falling(exponent: float, first: int) -> Floats:
    """Standard deviations of axes, falling as a power; the `first` ones are 0."""
    spread = np.zeros(DIM)
    spread[first:] = 1 / np.arange(1, DIM - first + 1) ** (exponent / 2)
    return np.asarray(spread / np.linalg.norm(spread), dtype=np.float32)


class _Source(ABC):
    seed = 0

    def __init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    @abstractmethod
    def pictures(self, count: int) -> Floats: ...

    @abstractmethod
    def texts(self, count: int) -> Floats: ...

    def normal(self, *shape: int) -> Floats:
        return self.rng.standard_normal(shape).astype(np.float32)

    def blocks(self, count: int) -> Iterator[Floats]:
        """`count` rows in blocks; a few of each block are nearly others of it."""
        for first in range(0, count, _BLOCK):
            rows = self.pictures(min(_BLOCK, count - first))
            some = int(len(rows) * _DUPLICATES)
            picked = self.rng.permutation(len(rows))
            near = rows[picked[:some]] + self.normal(some, DIM) * np.float32(0.12 / np.sqrt(DIM))
            rows[picked[some : 2 * some]] = unit(near)
            yield rows


class Isotropic(_Source):
    """Nearly the same spread in all directions, weak clusters, two outlier dimensions, texts apart."""

    seed = 3

    def __init__(self) -> None:
        super().__init__()
        self.basis = _rotation(self.rng)
        coarse, self.fine = _falling(0.5, 2), _falling(0.35, 2)
        middle = self.normal(200, DIM) * coarse
        parent = self.rng.choice(200, 20_000, p=_zipf(200, 0.8))
        self.centres = middle[parent] + self.normal(20_000, DIM) * coarse
        self.parents = middle[parent]
        self.often = self.rng.permutation(_zipf(20_000, 0.9))
        self.width = np.exp(self.rng.normal(0, 0.25, 20_000)).astype(np.float32)

    def pictures(self, count: int) -> Floats:
        own = self.rng.choice(len(self.centres), count, p=self.often)
        drawn = (
            self.centres[own] + self.normal(count, DIM) * self.fine * 3 * self.width[own][:, None]
        )
        drawn[:, 0] += 3.2
        rows = drawn @ self.basis.T
        rows[:, 92] += 1.6 * np.abs(1 + 0.15 * self.normal(count))
        rows[:, 133] -= 1.2 * np.abs(1 + 0.15 * self.normal(count))
        return unit(rows)

    def texts(self, count: int) -> Floats:
        own = self.rng.choice(len(self.centres), count, p=self.often)
        broad = (self.rng.random(count) < 0.3)[:, None]
        drawn = np.where(broad, self.parents[own], self.centres[own]).astype(np.float32)
        drawn += self.normal(count, DIM) * self.fine * 1.5
        drawn += self.normal(count, DIM) * _falling(0.4, 2)
        drawn[:, 0] += 0.5
        drawn[:, 1] += 3.0
        return unit(drawn @ self.basis.T)


class Smooth(_Source):
    """A 40-dimensional curved surface with heavy tails and without clusters, and noise."""

    seed = 2
    latent = 40

    def __init__(self) -> None:
        super().__init__()
        self.first = self.normal(self.latent, 384) * np.float32(1.3 / np.sqrt(self.latent))
        self.offset = self.normal(384) * np.float32(0.5)
        self.second = self.normal(384, DIM) / np.float32(np.sqrt(384))
        spread = 1 / np.arange(1, self.latent + 1) ** 0.35
        self.spread = (spread * np.sqrt(self.latent / (spread**2).sum())).astype(np.float32)
        self.scale = np.float32(1)
        sample = self._surface(self.normal(20_000, self.latent) * self.spread)
        self.mean = sample.mean(axis=0)
        self.scale = np.float32(1 / np.sqrt(((sample - self.mean) ** 2).sum(axis=1).mean()))
        self.mean = self.mean * self.scale
        self.texts_axes = _rotation(self.rng)
        self.cone = unit(self.normal(1, DIM))
        self.other_cone = unit(0.25 * self.cone + 0.97 * unit(self.normal(1, DIM)))

    def _surface(self, latent: Floats) -> Floats:
        bent = np.tanh(latent @ self.first + self.offset) @ self.second
        return np.asarray(bent * self.scale, dtype=np.float32)

    def _latent(self, count: int) -> Floats:
        drawn = self.normal(count, self.latent) * self.spread
        heavy = np.sqrt(5 / self.rng.chisquare(5, count)).astype(np.float32)
        return np.asarray(drawn * heavy[:, None], dtype=np.float32)

    def pictures(self, count: int) -> Floats:
        drawn = self._surface(self._latent(count)) - self.mean
        return unit(drawn + self.normal(count, DIM) * np.float32(0.2 / np.sqrt(DIM)) + self.cone)

    def texts(self, count: int) -> Floats:
        latent = self._latent(count)
        latent[:, 12:] *= 0.5
        drawn = (self._surface(latent) - self.mean) * np.float32(0.7)
        own = (self.normal(count, DIM) * _falling(0.4, 0)) @ self.texts_axes * np.float32(0.9)
        return unit(drawn + own + 1.5 * self.other_cone)


HARD: dict[str, Callable[[], _Source]] = {"isotropic": Isotropic, "smooth": Smooth}
