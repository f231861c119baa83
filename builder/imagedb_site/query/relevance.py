"""Which results are likely matches, and which of them show the same picture (docs/QUERY.md, "Relevance").

A similarity is only meaningful relative to how similar the same query is to unrelated images. The first
quartile estimates that background, which is right until three quarters of the collection match. In a very
uniform or very mixed collection the spread means little; so the limit stays within a range in logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .index import Floats

SAMPLE = 4096
"""How many rows, evenly over the collection, are the background of a query."""
SPREADS = 4.0
"""How many standard deviations above the first quartile a likely match begins."""
LEAST_LOGITS, MOST_LOGITS = 6.0, 9.5
"""The same distance is kept between these two, in logits. docs/benchmarks.md has the measurement."""
DUPLICATE = 0.93
"""Cosine similarity from which two images show the same picture."""


def likely_from(background: Floats, temperature: float) -> float:
    """The similarity from which a row is a likely match.

    `background`: the similarities f32[n] of a sample of at most SAMPLE rows (`Index.background`).
    """
    sample = np.sort(background.astype(np.float64))
    quartile = float(sample[(len(sample) - 1) // 4])
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
