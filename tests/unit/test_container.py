"""The container codec refuses everything that docs/FORMAT.md 1.3 forbids, and keeps all valid data."""

from __future__ import annotations

import contextlib
import gzip
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imagedb_site.container import (
    DTYPES,
    canonical_json,
    gunzip_if,
    gzip_bytes,
    read_container,
    write_container,
)
from imagedb_site.errors import FormatError

arrays = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda name: hnp.arrays(DTYPES[name], st.integers(0, 40))
)


@given(st.dictionaries(st.text(max_size=12), arrays, max_size=5), st.text(max_size=8))
def test_what_is_written_is_read(sections, kind):
    header, found = read_container(write_container(kind, {"count": 3}, sections), kind)
    assert header["count"] == 3 and header["kind"] == kind
    assert set(found) == set(sections)
    for name, array in sections.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()


@given(st.dictionaries(st.text(max_size=12), arrays, max_size=5))
def test_sections_are_aligned_and_bytes_are_deterministic(sections):
    data = write_container("x", {}, sections)
    assert data == write_container("x", {}, sections)
    header, _ = read_container(data, "x")
    (length,) = struct.unpack("<I", data[4:8])
    assert (8 + length) % 16 == 0
    assert set(header["sections"]) == set(sections)
    assert all(entry["offset"] % 16 == 0 for entry in header["sections"].values())


def test_arrays_are_views_that_cannot_be_written():
    data = write_container("x", {}, {"a": np.arange(8, dtype=np.float32)})
    _, found = read_container(data, "x")
    assert found["a"].base is not None
    with pytest.raises(ValueError, match="read-only"):
        found["a"][0] = 1


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_container_or_a_format_error(data):
    for candidate in (data, b"IDB1" + data):
        try:
            read_container(candidate, "x")
        except FormatError:
            continue


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_container_never_raises_anything_else(draw):
    data = bytearray(write_container("x", {"n": 1}, {"a": np.arange(9.0), "b": np.zeros(3)}))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    data = data[: draw.draw(st.integers(0, len(data)))]
    with contextlib.suppress(FormatError):
        read_container(bytes(data), "x")


def container(sections: object, payload: bytes = b"\0" * 64, kind: str = "x") -> bytes:
    text = json.dumps({"kind": kind, "sections": sections}).encode()
    text += b" " * (-(8 + len(text)) % 16)
    return b"IDB1" + struct.pack("<I", len(text)) + text + payload


SECTION = {"dtype": "u8", "offset": 0, "length": 4}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"IDB2" + container({})[4:], "magic"),
        (b"IDB1\xff\xff\xff\xff", "outside the file"),
        (b"IDB1" + struct.pack("<I", 5) + b"{}   ", "multiple of 16"),
        (b"IDB1" + struct.pack("<I", 8) + b"[1,2]   ", "not an object"),
        (b"IDB1" + struct.pack("<I", 8) + b"nonsense", "not JSON"),
        (container([]), "not an object with sections"),
        (container({}, kind="rows"), "its kind is “rows”"),
        (container({"a": 1}), "not an object"),
        (container({"a": {**SECTION, "dtype": "u64"}}), "unknown dtype"),
        (container({"a": {**SECTION, "dtype": ["u8"]}}), "unknown dtype"),
        (container({"a": {**SECTION, "offset": 8}}), "does not start on"),
        (container({"a": {**SECTION, "offset": -16}}), "no valid offset"),
        (container({"a": {**SECTION, "length": True}}), "no valid length"),
        (container({"a": {**SECTION, "length": 4.0}}), "no valid length"),
        (container({"a": {**SECTION, "length": 65}}), "ends outside"),
        (container({"a": {**SECTION, "offset": 1 << 80}}), "ends outside"),
        (container({"a": {**SECTION, "length": 20}, "b": {**SECTION, "offset": 16}}), "overlap"),
    ],
)
def test_every_rule_is_checked(data, message):
    with pytest.raises(FormatError, match=message):
        read_container(data, "x")


def test_the_writer_refuses_what_the_format_cannot_hold():
    with pytest.raises(FormatError, match="int64"):
        write_container("x", {}, {"a": np.zeros(1, dtype=np.uint64).view(np.int64)})
    with pytest.raises(FormatError, match="kind"):
        write_container("x", {"kind": "y"}, {})


def test_json_is_canonical():
    assert canonical_json({"b": "é", "a": [1, 2.5]}) == '{"a":[1,2.5],"b":"é"}'.encode()
    with pytest.raises(ValueError):
        canonical_json({"a": float("nan")})


@given(st.binary(max_size=2000))
def test_gzip_round_trip_without_name_and_time(data):
    packed = gzip_bytes(data)
    assert packed[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    assert gzip.decompress(packed) == data
    assert gunzip_if(packed, len(data)) == data
    if data[:2] != b"\x1f\x8b":
        assert gunzip_if(data, len(data)) == data


def test_a_gzip_bomb_and_damaged_gzip_are_refused():
    bomb = gzip_bytes(b"\0" * 10_000_000)
    with pytest.raises(FormatError, match="more than the 1,000"):
        gunzip_if(bomb, 1000)
    with pytest.raises(FormatError, match="cut short"):
        gunzip_if(bomb[:-4], 10_000_000)
    with pytest.raises(FormatError, match="damaged"):
        gunzip_if(bomb[:-8] + b"\0" * 8, 10_000_000)
    with pytest.raises(FormatError, match="after its end"):
        gunzip_if(bomb + b"x", 10_000_000)
    with pytest.raises(FormatError, match="more than"):
        gunzip_if(b"plain", 4)
