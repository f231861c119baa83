"""SQLite's bm25 with equal weights, operation by operation, so that equal scores stay equal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75


def rarity(rows: int, having: int) -> float:
    """The weight of a phrase that `having` of `rows` rows have."""
    value = math.log((rows - having + 0.5) / (having + 0.5))
    return 1e-6 if value <= 0 else value


def gains(times: NDArray[Any], sizes: NDArray[Any], mean: float) -> NDArray[np.float64]:
    """What a phrase of weight 1 adds to the score of each row.

    `times`: how often each row has it; `sizes`: the tokens of each row; `mean`: of all rows on average.
    """
    often = times.astype(np.float64)
    size = sizes.astype(np.float64)
    found: NDArray[np.float64] = (often * (K1 + 1.0)) / (often + K1 * (1 - B + (B * size) / mean))
    return found
