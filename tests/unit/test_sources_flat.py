"""Nested values become cells by the stated rule, and nothing makes it fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.sources.flat import flatten


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ({"a": {"b": 1, "c": {"d": "x"}}}, {"a_b": 1, "a_c_d": "x"}),
        ({"a": ["x", 2, True, None, " "]}, {"a": ["x", "2", "True"]}),
        ({"a": [{"id": 1, "name": "cat"}, {"name": "dog"}]}, {"a": ["cat", "dog"]}),
        ({"a": [{"id": 1, "title": "cat"}, {"x": 1, "y": "first text"}]}, {"a": ["cat", "first text"]}),
        ({"a": [{"id": 1}, {"id": 2}]}, {"a": '[{"id":1},{"id":2}]'}),
        ({"a": [[1, 2], [3]]}, {"a": "[[1,2],[3]]"}),
        ({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, {"a_b_c_d_e": '{"f":1}'}),
        ({"a": None, "b": [], "c": {}, "d": "", "e": float("nan"), "f": [None]}, {}),
        ({"a": b"bytes", "b": 1 << 70}, {"b": str(1 << 70)}),
    ],
)  # fmt: skip
def test_nested_values(value, cells):
    assert flatten(value) == cells


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_any_object_gives_cells(value):
    for name, cell in flatten(value).items():
        assert isinstance(name, str)
        assert isinstance(cell, (str, int, float, bool, list))
        assert not isinstance(cell, list) or (cell and all(isinstance(one, str) for one in cell))


def test_an_object_of_any_depth_is_read():
    deep: object = 1
    for _ in range(900):
        deep = {"a": deep}
    [cell] = flatten({"x": deep}).values()
    assert json.loads(str(cell))
