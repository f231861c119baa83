"""Which results are likely matches, and which of them show the same picture (docs/QUERY.md, "Relevance").

A similarity is only meaningful relative to how similar the same query is to unrelated images. The first
quartile estimates that background, which is right until three quarters of the collection match. But in a
collection of one kind of thing, all pictures are a little similar to a query about that kind. So a model may
say from which similarity on a text usually describes a picture, whatever the collection. This level is the
limit, as long as it is not too near to the background of the query, nor too far from it.

Two texts are more similar than a text and a picture, and by how much depends on the model. A query of texts
therefore has a limit of its own for rows that have the embedding of a text: a share of the way from the
background to an equal text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .index import Floats

SAMPLE = 4096
"""How many rows, evenly over the collection, are the background of a query."""
SPREADS, LOGITS, MOST_LOGITS = 4.0, 6.0, 9.5
"""How far above the first quartile a likely match begins, in standard deviations and in logits: the larger of
the two, but at most the third. docs/benchmarks.md has the measurement."""
NEAR_SPREADS, NEAR_LOGITS = 2.0, 4.0
"""The same if the model has a level, and the level is nearer than that."""
TEXT_SHARE = 0.45
"""A likely match of two texts begins at this share of the way from the first quartile to 1."""
LEAST_STEP = 0.01
"""The least distance of a likely match from the first quartile, if the collection is nearly one text."""
DUPLICATE = 0.93
"""Cosine similarity from which two images show the same picture."""


@dataclass(frozen=True)
class Scale:
    """Where the background of a query lies, and how far above it a likely match begins."""

    start: float
    step: float

    @property
    def limit(self) -> float:
        """The similarity from which a row is a likely match."""
        return self.start + self.step


def scale_of(
    background: Floats, temperature: float, level: float | None = None, *, texts: bool = False
) -> Scale:
    """The scale of the similarities of a query.

    `background`: the similarities f32[n] of a sample of at most SAMPLE rows (`Index.background`). `level`:
    that of the model, if it has one and the query is made of texts. `texts`: the query is made of texts,
    and so are the rows.
    """
    sample = np.sort(background.astype(np.float64))
    quartile = float(sample[(len(sample) - 1) // 4])
    if texts:
        return Scale(quartile, max(TEXT_SHARE * (1 - quartile), LEAST_STEP))
    spread = float(sample.std())
    far = min(max(SPREADS * spread, LOGITS * temperature), MOST_LOGITS * temperature)
    if level is None:
        return Scale(quartile, far)
    near = max(NEAR_SPREADS * spread, NEAR_LOGITS * temperature)
    return Scale(quartile, min(max(level - quartile, near), far))


def likely_from(background: Floats, temperature: float, level: float | None = None) -> float:
    """The similarity from which a row with a picture is a likely match."""
    return scale_of(background, temperature, level).limit


def duplicates(
    rows: Sequence[int], embeddings: np.ndarray[Any, np.dtype[np.float32]]
) -> dict[int, int]:
    """For each of `rows` that shows the picture of an earlier one, that earlier row.

    `embeddings` f32[n, dim], of length 1. The first row of a group stands for it: later ones are only
    compared with first ones.
    """
    found: dict[int, int] = {}
    firsts: list[int] = []
    for place, row in enumerate(rows):
        near = embeddings[firsts] @ embeddings[place]
        if len(near) and float(near.max()) >= DUPLICATE:
            found[row] = rows[firsts[int(near.argmax())]]
        else:
            firsts.append(place)
    return found
