"""Cells, the codes of rows in them, and the order in which rows lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagedb_site.site.cell_fit import (
    cell_count,
    centre_bytes,
    fit_residuals,
    fit_scheme,
    residual_bytes,
    share_bits,
)
from imagedb_site.site.cell_rows import encode_residuals, order_in_cell
from imagedb_site.site.clusters import assign, fit_cells
from imagedb_site.site.coarse import pack_bits, unpack_bits
from imagedb_site.site.scheme import Quantizer


def test_cells_are_the_clusters_of_the_rows() -> None:
    random = np.random.default_rng(3)
    centres = random.normal(size=(16, 30)).astype(np.float32)
    cluster = random.integers(0, 16, 4000)
    rows = centres[cluster] + 0.05 * random.normal(size=(4000, 30)).astype(np.float32)
    found = fit_cells(rows, 64)
    assert 32 < len(found) <= 64
    nearest = assign(rows, found)
    # Rows of a cell are of one cluster, and nearly all cells of a cluster are neighbours.
    shared = [len(set(cluster[nearest == cell])) for cell in range(len(found))]
    assert np.mean(np.array(shared) == 1) > 0.95
    owner = [np.bincount(cluster[nearest == cell]).argmax() for cell in set(nearest.tolist())]
    assert np.count_nonzero(np.diff(owner)) < 20
    assert (fit_cells(rows.copy(), 64) == found).all()


def test_assign_is_the_nearest() -> None:
    random = np.random.default_rng(4)
    rows = random.normal(size=(20_000, 6)).astype(np.float32)
    centres = random.normal(size=(50, 6)).astype(np.float32)
    found = assign(rows, centres)
    some = rows[::97, None].astype(np.float64) - centres
    assert (found[::97] == np.square(some).sum(axis=2).argmin(axis=1)).all()


@given(count=st.integers(1, 60), cells=st.integers(1, 80), kinds=st.integers(1, 5))
def test_never_more_cells_than_asked_for(count: int, cells: int, kinds: int) -> None:
    rows = np.eye(kinds, 5, dtype=np.float32)[np.arange(count) % kinds]
    found = fit_cells(rows, cells)
    assert 1 <= len(found) <= min(cells, count) and np.isfinite(found).all()


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 120))
def test_bits_are_shared_where_they_help(squares: list[float], total: int) -> None:
    bits = share_bits(np.array(squares), total)
    assert bits.sum() == min(total, 7 * len(squares)) and bits.max() <= 7
    order = np.argsort(squares, kind="stable")
    spread = np.array(squares)[order]
    rising = bits[order].astype(int)
    # A direction with more spread never has fewer bits.
    assert all(
        a <= b for a, b, s, t in zip(rising, rising[1:], spread, spread[1:], strict=False) if s < t
    )


def test_directions_undo_what_residuals_are_multiplied_with() -> None:
    random = np.random.default_rng(5)
    residuals = (random.normal(size=(5000, 12)) * np.linspace(2, 0.5, 12)).astype(np.float32)
    mixed = random.normal(size=(12, 12))
    metric = mixed @ mixed.T / 12 + np.eye(12)
    coarse, into = fit_residuals(residuals, metric, 10)
    assert coarse.row_bytes == 10 and len(coarse.bits) == 12
    assert np.abs(into @ coarse.directions.T - np.eye(12)).max() < 0.02
    # Along its axes residuals are not correlated.
    turned = residuals @ into.T
    covariance = np.cov(turned.T)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    assert np.abs(correlation - np.eye(12)).max() < 0.03


@pytest.mark.parametrize(
    ("dim", "row", "centre"), [(1, 1, 1), (8, 7, 7), (256, 55, 40), (512, 63, 48), (1152, 83, 68)]
)
def test_bytes_of_codes(dim: int, row: int, centre: int) -> None:
    assert (residual_bytes(dim), centre_bytes(dim)) == (row, centre)


def test_how_many_cells() -> None:
    assert [cell_count(rows) for rows in (1, 3, 150_000, 1_000_000)] == [1, 3, 1549, 4000]
    assert cell_count(1 << 40) == 0xFFFE


@given(st.lists(st.integers(0, 7), min_size=1, max_size=20), st.integers(0, 99))
def test_bits_are_packed_and_unpacked(bits: list[int], seed: int) -> None:
    widths = np.array(bits, dtype=np.uint8)
    codes = np.random.default_rng(seed).integers(0, 128, (5, len(bits))) % (1 << widths.astype(int))
    packed = pack_bits(codes.astype(np.uint8), widths)
    assert packed.shape == (5, -(-sum(bits) // 8))
    assert (unpack_bits(packed, widths) == codes).all()


def test_rows_lie_along_their_main_direction() -> None:
    random = np.random.default_rng(6)
    along = random.permutation(100)
    codes = np.clip(along[:, None] - 50 + random.integers(-3, 4, (100, 5)), -127, 127)
    order = order_in_cell(codes.astype(np.int8), np.full(100, 32, np.uint8), np.ones(5, np.float32))
    sorted_along = along[order]
    assert sorted(order.tolist()) == list(range(100))
    assert (
        min(np.abs(sorted_along - line).max() for line in (np.arange(100), 99 - np.arange(100))) < 6
    )


def test_equal_rows_keep_their_order() -> None:
    scales, row_scale = np.full(4, 9, np.uint8), np.ones(3, np.float32)
    assert order_in_cell(np.ones((4, 3), np.int8), scales, row_scale).tolist() == [0, 1, 2, 3]
    pairs = np.array([[5, 0, 0], [-5, 0, 0], [5, 0, 0], [-5, 0, 0]], np.int8)
    assert order_in_cell(pairs, scales, row_scale).tolist() in ([0, 2, 1, 3], [1, 3, 0, 2])
    assert order_in_cell(pairs[:0], scales[:0], row_scale).tolist() == []


@pytest.mark.parametrize("length", [0.0, 0.3, 1.0, 1.8, 1e6])
def test_factors_make_up_for_the_length_of_a_row(length: float) -> None:
    random = np.random.default_rng(7)
    values = random.normal(size=(300, 16)).astype(np.float32) / 4
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    scheme = fit_scheme(
        values, 300, 300, Quantizer(np.zeros(16, np.float32), np.ones(16, np.float32)), 1
    )
    assert scheme.count == 1 and not scheme.centres.any()
    codes = encode_residuals(values * np.float32(length), scheme)
    levels = unpack_bits(codes.coarse, scheme.coarse.bits).astype(np.int32)
    most = (1 << scheme.coarse.bits.astype(np.int32)) - 1
    stands = ((2 * levels - most) * scheme.coarse.steps) @ scheme.coarse.directions
    assert codes.factors.min() >= 1 and codes.scales.min() >= 1
    if length == 1e6:
        assert (codes.factors == 255).all() and (codes.scales == 255).all()
        return
    errors = [
        np.linalg.norm(factor * stands - length * values, axis=1).mean()
        for factor in (codes.factors[:, None] / 128, 1)
    ]
    assert errors[0] <= errors[1] + 1e-6
    assert errors[0] < 0.25 * max(length, 0.3)
    steps = (codes.scales / 32)[:, None] * scheme.row_scale
    assert np.abs(codes.vectors * steps - length * values).max() <= steps.max() * 0.51
