"""int8 codes keep the order of results, even if some values are far from the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagedb_site.errors import FormatError
from imagedb_site.site import ArrayEmbeddings, Coarse, Quantizer
from imagedb_site.site.coarse import coarse_bytes, encode_coarse, fit_coarse, pack_bits
from imagedb_site.site.flat_vectors import interleave, shard_rows
from imagedb_site.site.look_alike import Projection, look_alike_order
from imagedb_site.site.quantizer import encode, fit_quantizer, in_blocks, survey

GOLDEN = Path(__file__).parents[1] / "golden"


def heavy_tailed(count: int = 3000, dim: int = 96) -> np.ndarray:
    """Clusters, rare large values, and one dimension with a large mean, as CLIP's embeddings have."""
    random = np.random.default_rng(5)
    centres = random.normal(size=(60, dim)) * random.gamma(1, 1, size=dim)
    values = centres[random.integers(0, 60, count)] + 0.7 * random.standard_t(4, size=(count, dim))
    values[:, 7] += 15
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def fitted(values: np.ndarray) -> Quantizer:
    return fit_quantizer(survey(ArrayEmbeddings(values), len(values)))


def approximated(values: np.ndarray) -> np.ndarray:
    """What the codes of the values stand for."""
    quantizer = fitted(values)
    return quantizer.mean + quantizer.scale * encode(values, quantizer)


def recall(queries: np.ndarray, exact: np.ndarray, approximate: np.ndarray, k: int = 10) -> float:
    true = np.argsort(-(queries @ exact.T), axis=1, kind="stable")[:, :k]
    found = np.argsort(-(queries @ approximate.T), axis=1, kind="stable")[:, :k]
    pairs = zip(true, found, strict=True)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in pairs]))


def test_recall() -> None:
    values = heavy_tailed()
    found = recall(values[:150], values, approximated(values))
    step = np.abs(values).max() / 127
    one_scale = recall(values[:150], values, np.rint(values / step) * step)
    assert found > 0.95
    assert found > one_scale + 0.02


def test_the_nearest_rows_are_among_the_first_by_coarse_codes() -> None:
    values = heavy_tailed()
    mean = values.mean(axis=0)
    coarse = fit_coarse(values - mean, 24)
    assert coarse.row_bytes == 24 and ((coarse.bits >= 1) & (coarse.bits <= 7)).all()
    rows = (
        mean
        + values_of(encode_coarse(values - mean, coarse), coarse.bits, coarse.steps)
        @ coarse.directions
    )
    true = np.argsort(-(values[:150] @ values.T), axis=1)[:, :10]
    found = np.argsort(-(values[:150] @ rows.T), axis=1)[:, :60]
    assert np.mean([np.isin(a, b).mean() for a, b in zip(true, found, strict=True)]) > 0.95
    again = Coarse.from_bytes(coarse.to_bytes())
    assert again.to_bytes() == coarse.to_bytes()


def values_of(packed: np.ndarray, widths: np.ndarray, steps: np.ndarray) -> np.ndarray:
    bits = np.unpackbits(packed, axis=1, bitorder="little")
    widths = widths.astype(np.int64)
    ends = np.cumsum(widths)
    columns = []
    for first, end, step in zip(ends - widths, ends, steps, strict=True):
        code = bits[:, first:end] @ (1 << np.arange(end - first))
        columns.append(step * (2 * code - (1 << (end - first)) + 1))
    assert not bits[:, ends[-1] :].any()
    return np.stack(columns, axis=1)


def test_codes_are_packed_as_pages_unpack_them() -> None:
    cases = json.loads((GOLDEN / "packed.json").read_text(encoding="utf-8"))
    assert len(cases) > 20
    for case in cases:
        bits = np.array(case["bits"], dtype=np.uint8)
        values = np.array(case["values"])
        codes = (values + (1 << bits.astype(np.int64)) - 1) // 2
        packed = pack_bits(codes.astype(np.uint8), bits)
        assert packed.tobytes().hex() == case["packed"]
        assert np.array_equal(values_of(packed, bits, np.ones(len(bits))), values)


@pytest.mark.parametrize(("dim", "row_bytes"), [(2, 1), (8, 7), (256, 40), (512, 56), (1152, 96)])
def test_coarse_codes_fit_any_dimension(dim: int, row_bytes: int) -> None:
    assert coarse_bytes(dim) == row_bytes
    values = np.random.default_rng(dim).normal(size=(50, dim)).astype(np.float32)
    for rows in (values, np.zeros_like(values)):
        coarse = fit_coarse(rows, row_bytes)
        assert coarse.row_bytes <= row_bytes and np.isfinite(coarse.steps).all()
        assert encode_coarse(rows, coarse).shape == (50, coarse.row_bytes)


def test_no_larger_error_than_the_plain_scale() -> None:
    values = heavy_tailed()
    centred = values - values.mean(axis=0)
    step = np.abs(centred).max(axis=0) / 127
    plain = np.square(np.rint(centred / step) * step - centred).sum()
    ours = np.square(approximated(values) - values, dtype=np.float64).sum()
    assert ours <= plain * 1.001


@pytest.mark.parametrize(
    "values",
    [
        np.full((3, 5), 0.5, np.float32),
        np.full((4, 2), 0.25, np.float32),
        np.ones((1, 16), np.float32) / 4,
        np.array([[1e-30, 0], [-1e-30, 0]], np.float32),
    ],
)
def test_values_without_spread(values: np.ndarray) -> None:
    quantizer = fitted(values)
    assert (quantizer.scale > 0).all() and np.isfinite(quantizer.scale).all()
    codes = encode(values, quantizer)
    assert codes.shape == values.shape and codes.min() >= -127
    assert np.abs(approximated(values) - values).max() < 1e-6


def test_interleaving_by_the_formula_of_the_format() -> None:
    count, dim = 7, 37
    codes = np.random.default_rng(1).integers(-127, 128, size=(count, dim)).astype(np.int8)
    flat, padded = interleave(codes), 48
    assert flat.shape == (4 * padded * 2,)
    expected = np.zeros_like(flat)
    for row in range(count):
        for d in range(dim):
            group, r, chunk, byte = row // 4, row % 4, d // 16, d % 16
            expected[group * 4 * padded + chunk * 64 + r * 16 + byte] = codes[row, d]
    assert (flat == expected).all()


@pytest.mark.parametrize("rows", [1, 7, 1000, 8192])
def test_the_blocks_of_the_source_do_not_matter(rows: int) -> None:
    class InBlocks:
        dim = 24

        def blocks(self) -> Iterator[np.ndarray]:
            for first in range(0, len(values), rows):
                yield values[first : first + rows]

    values = heavy_tailed(9001, 24)
    one, other = survey(InBlocks(), 9001), survey(ArrayEmbeddings(values), 9001)
    assert len(one.sample) == 4501
    for name in ("mean", "low", "high", "sample"):
        assert (getattr(one, name) == getattr(other, name)).all()
    found = list(in_blocks(InBlocks(), 9001, 4096))
    assert [len(block) for block in found] == [4096, 4096, 809]
    assert (np.concatenate(found) == values).all()


def test_embeddings_that_do_not_fit_are_refused() -> None:
    values = heavy_tailed(10, 24)
    for count in (9, 11):
        with pytest.raises(FormatError, match="do not fit"):
            survey(ArrayEmbeddings(values), count)


@pytest.mark.parametrize(
    ("dim", "rows"), [(256, 4096), (250, 4096), (384, 2728), (512, 2048), (5, 65536), (1 << 20, 4)]
)
def test_a_shard_has_at_most_a_mebibyte_of_codes(dim: int, rows: int) -> None:
    assert shard_rows(dim) == rows


@given(count=st.integers(1, 200), dim=st.integers(1, 40), seed=st.integers(0, 99))
def test_look_alikes_are_a_permutation(count: int, dim: int, seed: int) -> None:
    points = np.random.default_rng(seed).integers(-2, 3, (count, dim)).astype(np.float32)
    order = look_alike_order(points)
    assert sorted(order.tolist()) == list(range(count))
    assert (order == look_alike_order(points.copy())).all()


def test_look_alikes_lie_together_in_fewer_dimensions() -> None:
    random = np.random.default_rng(3)
    cluster = np.arange(6000) % 12
    points = random.normal(size=(12, 256))[cluster] + 0.1 * random.normal(size=(6000, 256))
    projection = Projection(points[::10].astype(np.float32))
    reduced = projection(points.astype(np.float32))
    assert reduced.shape == (6000, 32)
    changes = np.count_nonzero(np.diff(cluster[look_alike_order(reduced)]))
    assert changes < 60
