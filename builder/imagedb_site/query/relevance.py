"""Which results are likely matches, and which of them show the same picture (docs/QUERY.md, "Relevance").

A similarity is only meaningful relative to how similar the same query is to unrelated images. The first
quartile estimates that background, which is right until three quarters of the collection match. In a very
uniform or very mixed collection the spread means little; so the limit stays within a range in logits.

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
SPREADS = 4.0
"""How many standard deviations above the first quartile a likely match begins."""
LEAST_LOGITS, MOST_LOGITS = 6.0, 9.5
"""The same distance is kept between these two, in logits. docs/benchmarks.md has the measurement."""
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


def scale_of(background: Floats, temperature: float, *, texts: bool = False) -> Scale:
    """The scale of the similarities of a query.

    `background`: the similarities f32[n] of a sample of at most SAMPLE rows (`Index.background`). `texts`:
    the query is made of texts, and so are the rows.
    """
    sample = np.sort(background.astype(np.float64))
    quartile = float(sample[(len(sample) - 1) // 4])
    if texts:
        return Scale(quartile, max(TEXT_SHARE * (1 - quartile), LEAST_STEP))
    spread = SPREADS * float(sample.std())
    least, most = LEAST_LOGITS * temperature, MOST_LOGITS * temperature
    return Scale(quartile, min(max(spread, least), most))


def likely_from(background: Floats, temperature: float) -> float:
    """The similarity from which a row with a picture is a likely match."""
    return scale_of(background, temperature).limit


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
