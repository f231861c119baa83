"""What the writers of columns and vectors encode, the readers decode."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from site_samples import FIELDS

from imagedb_site.container import (
    read_container,
    write_container,
)
from imagedb_site.reader.columns import decode_column
from imagedb_site.reader.vectors import decode_shard
from imagedb_site.site.column_blocks import encode_column
from imagedb_site.site.flat_vectors import interleave
from imagedb_site.site.quantizer import encode, fit_quantizer, survey
from imagedb_site.site.types import ArrayEmbeddings


@given(
    values=st.lists(
        st.none()
        | st.integers(-(2**40), 2**40)
        | st.floats(allow_nan=False, allow_infinity=False, width=64),
        min_size=1,
        max_size=50,
    )
)
@settings(max_examples=200, deadline=None)
def test_numbers_come_back_exactly(values: list) -> None:
    from imagedb_site.records import FieldSpec

    spec = FieldSpec("size", "Size", "number")
    rows = [{} if value is None else {"size": value} for value in values]
    header, arrays = encode_column(spec, rows)
    data = write_container("column", header, arrays)
    assert decode_column(data, "number", len(values)).part(0, len(values)) == values


@given(
    rows=st.lists(
        st.lists(st.text(max_size=6), max_size=5).map(lambda tags: list(dict.fromkeys(tags))),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=100, deadline=None)
def test_tags_and_categories_come_back(rows: list[list[str]]) -> None:
    tags, category = FIELDS[1], FIELDS[0]
    header, arrays = encode_column(tags, [{"tags": row} for row in rows])
    data = write_container("column", header, arrays)
    assert decode_column(data, "tags", len(rows)).part(0, len(rows)) == rows
    firsts = [row[0] if row else None for row in rows]
    header, arrays = encode_column(category, [{"name": f} if f is not None else {} for f in firsts])
    data = write_container("column", header, arrays)
    assert decode_column(data, "category", len(rows)).part(0, len(rows)) == firsts
    counts = [firsts.count(value) for value in header["values"]]
    assert counts == sorted(counts, reverse=True)


@given(count=st.integers(1, 40), dim=st.integers(1, 50), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_vectors_come_back_within_half_a_step(count: int, dim: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    quantizer = fit_quantizer(survey(ArrayEmbeddings(values), count))
    codes = encode(values, quantizer)
    header = {"codec": "int8", "first": 0, "count": count, "dim": dim}
    header["padded_dim"] = padded = -(-dim // 16) * 16
    data = write_container("vectors", header, {"codes": interleave(codes)})
    decoded = decode_shard(data, 0, count, dim)
    assert (decoded == codes).all()
    inside = np.abs(codes) < 127
    wrong = np.abs(quantizer.mean + quantizer.scale * decoded - values)[inside]
    assert (wrong <= np.broadcast_to(quantizer.scale * 0.51 + 1e-6, values.shape)[inside]).all()
    flat = read_container(data, "vectors")[1]["codes"]
    row, d = count - 1, dim - 1
    at = row // 4 * 4 * padded + d // 16 * 64 + row % 4 * 16 + d % 16
    assert flat[at] == codes[row, d]
