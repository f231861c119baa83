"""Sets of rows: the golden file that both languages read, and what must be refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.errors import FormatError
from imagedb_site.rowsets import decode_rows, encode_rows
from imagedb_site.varints import decode_varints, encode_varints

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "row-sets.json").read_text(encoding="utf-8")
)


def named(cases: list[dict[str, object]]) -> list[object]:
    return [pytest.param(case, id=str(case["name"])) for case in cases]


@pytest.mark.parametrize("case", named(GOLDEN["sets"]))
def test_golden_sets(case: dict[str, object]) -> None:
    rows, count, data = case["rows"], case["count"], base64.b64decode(str(case["bytes"]))
    assert decode_rows(data, count, len(rows)).tolist() == rows
    if count < 1_000_000:
        assert encode_rows(np.array(rows, dtype=np.uint32), count) == data


@pytest.mark.parametrize("case", named(GOLDEN["refused"]))
def test_damaged_sets_are_refused(case: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        decode_rows(base64.b64decode(str(case["bytes"])), case["count"], case["size"])


@settings(deadline=None)
@given(st.sets(st.integers(0, 499)), st.integers(500, 600))
def test_any_set_comes_back(rows: set[int], count: int) -> None:
    given_rows = np.array(sorted(rows), dtype=np.uint32)
    data = encode_rows(given_rows, count)
    assert len(data) <= 1 + (count + 7) // 8
    assert decode_rows(data, count, len(rows)).tolist() == sorted(rows)


@settings(deadline=None)
@given(st.lists(st.integers(0, 0xFFFFFFFF)))
def test_any_number_comes_back(numbers: list[int]) -> None:
    assert decode_varints(encode_varints(np.array(numbers, dtype=np.uint32))).tolist() == numbers


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 200), st.integers(0, 200))
def test_any_bytes_are_a_set_or_refused(data: bytes, count: int, size: int) -> None:
    try:
        rows = decode_rows(data, count, size)
    except FormatError:
        return
    assert len(rows) == size
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert not size or int(rows[-1]) < count
