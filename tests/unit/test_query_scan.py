"""Exact answers from rounded similarities in blocks: the same as those of a plain sort."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.query.index import Floats, Rows
from imagedb_site.query.scan import Block, above, nearest, sample_rows

STEP = np.float32(1 / 16)
"""Similarities are multiples of it, so that there are many ties."""


class Scan:
    """Similarities in blocks of any sizes, each off by up to `margin`."""

    def __init__(self, exact: Floats, sizes: list[int], margin: float, seed: int) -> None:
        self.similarities = exact
        self.sizes = sizes
        self.margin = margin
        self.asked = 0
        self._random = np.random.default_rng(seed)
        self._span = (0, 0)

    def blocks(self) -> Iterator[Block]:
        first, at = 0, 0
        while first < len(self.similarities):
            end = min(first + self.sizes[at % len(self.sizes)], len(self.similarities))
            self._span = (first, end)
            # The extremes are the hard case: a row too low by the margin, its neighbour too high.
            error = self._random.choice([-1.0, 0.0, 1.0], end - first) * self.margin
            yield first, (self.similarities[first:end] + error).astype(np.float32)
            first, at = end, at + 1

    def exact(self, rows: Rows) -> Floats:
        assert len(rows) and self._span[0] <= rows.min() and rows.max() < self._span[1]
        self.asked += len(rows)
        return self.similarities[rows]


def sorted_rows(exact: Floats, allowed: np.ndarray) -> Rows:
    """Allowed rows by falling similarity, ties in row order."""
    rows = np.flatnonzero(allowed)
    return rows[np.argsort(-exact[rows], kind="stable")]


VALUES = st.lists(st.integers(-16, 16), max_size=120).map(
    lambda steps: np.array(steps, dtype=np.float32) * STEP
)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)
MARGINS = st.sampled_from([0.0, 1 / 1024, 1 / 32, 1 / 8, 3.0])


@settings(deadline=None)
@given(
    exact=VALUES,
    sizes=SIZES,
    k=st.integers(-1, 140),
    margin=MARGINS,
    seed=st.integers(0, 99),
    share=st.sampled_from([None, 0.0, 0.1, 0.5, 1.0]),
)
def test_the_nearest_are_those_of_a_plain_sort(
    exact: Floats, sizes: list[int], k: int, margin: float, seed: int, share: float | None
) -> None:
    allowed = np.random.default_rng(seed).random(len(exact)) < (1 if share is None else share)
    scan = Scan(exact, sizes, margin, seed)
    # Rounding to float32 adds to the error that was added.
    near = nearest(scan.blocks(), scan.exact, k, None if share is None else allowed, margin * 1.001)
    wanted = sorted_rows(exact, allowed)[: max(k, 0)]
    assert near.rows.tolist() == wanted.tolist()
    assert near.similarities.tolist() == exact[wanted].tolist()


@settings(deadline=None)
@given(
    exact=VALUES, sizes=SIZES, limit=st.integers(-17, 17), margin=MARGINS, seed=st.integers(0, 9)
)
def test_the_rows_above_a_limit(
    exact: Floats, sizes: list[int], limit: int, margin: float, seed: int
) -> None:
    scan = Scan(exact, sizes, margin, seed)
    least = float(np.float32(limit) * STEP)
    found = above(scan.blocks(), scan.exact, least, margin * 1.001)
    assert found.tolist() == np.flatnonzero(exact >= np.float32(least)).tolist()


def test_few_rows_are_computed_exactly() -> None:
    exact = np.random.default_rng(1).random(20_000).astype(np.float32)
    scan = Scan(exact, [1000], 1e-5, 1)
    near = nearest(scan.blocks(), scan.exact, 10, None, 1.001e-5)
    assert near.rows.tolist() == sorted_rows(exact, np.ones(20_000, dtype=bool))[:10].tolist()
    assert 10 <= scan.asked < 200


@pytest.mark.parametrize(("count", "size", "taken"), [(0, 5, 0), (3, 5, 3), (5, 5, 5), (99, 5, 5)])
def test_a_sample_is_spread_over_the_collection(count: int, size: int, taken: int) -> None:
    rows = sample_rows(count, size)
    assert len(rows) == taken
    assert rows.tolist() == sorted(set(rows.tolist()))
    if taken:
        assert rows[0] == 0 and rows[-1] >= count - -(-count // taken)
        assert rows.max() < count
