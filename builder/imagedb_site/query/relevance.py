"""Which results are likely matches, and which of them show the same picture (docs/QUERY.md, "Relevance").

Similarities mean something only against those of the same query to what it is not about. The first quartile
stays background even where half the collection matches; the limits in logits stand in where a collection is
too uniform, or too mixed, for its spread to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .index import Floats

SAMPLE = 4096
"""How many rows, evenly over the collection, are taken for the background."""
SPREADS = 4.0
"""How many standard deviations above the first quartile a likely match begins …"""
LEAST_LOGITS, MOST_LOGITS = 6.0, 9.5
"""… but at least and at most so many logits above it. docs/benchmarks.md has the measurement."""
DUPLICATE = 0.93
"""Cosine similarity from which two images show the same picture."""


def likely_from(similarities: Floats, temperature: float) -> float:
    """The similarity from which a row is a likely match, from the similarities f32[count] of all rows."""
    count = len(similarities)
    size = min(count, SAMPLE)
    sample = np.sort(similarities[np.arange(size) * count // size].astype(np.float64))
    quartile = float(sample[(size - 1) // 4])
    spread = SPREADS * float(sample.std())
    least, most = LEAST_LOGITS * temperature, MOST_LOGITS * temperature
    return quartile + min(max(spread, least), most)


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
