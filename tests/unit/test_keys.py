"""Keys of any file name, and text that is safe to show."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.display import json_line, shown
from imagedb_site.keys import key_of, path_of, split_suffix

SHOWN = json.loads((Path(__file__).parents[1] / "golden" / "shown.json").read_text("utf-8"))
UGLY = st.sampled_from(
    [b"\xff", b"\xef\xbf\xbd", b"FF", b"80", b"\xc3", b"\xa9", b"/", b"E9", b"%"]
)


@settings(deadline=None)
@given(st.lists(UGLY | st.binary(max_size=3), max_size=8).map(b"".join))
def test_every_path_is_found_from_its_key(name: bytes) -> None:
    path = os.fsdecode(name)
    key = key_of(path)
    key.encode("utf-8")
    assert path_of(key) == path
    assert os.fsencode(path_of(key)) == name


def test_different_names_have_different_keys() -> None:
    parts = [b"\xff", b"\xef\xbf\xbd", b"F", b"\xbf", b"\xbd", b"B", b"D"]
    names = {a + b + c + d for a in parts for b in parts for c in parts for d in parts}
    assert len({key_of(os.fsdecode(name)) for name in names}) == len(names)


@pytest.mark.parametrize(
    "text", ["a.jpg", "é\u202f.png", "\ufffd.gif", "x\ufffdG1\ufffd12.jpg", "\ue000"]
)
def test_names_that_are_text_are_their_own_keys(text: str) -> None:
    assert (key_of(text), path_of(text)) == (text, text)


def test_half_of_a_surrogate_pair_as_windows_allows_it() -> None:
    assert key_of("\ud83d.jpg") == "\ufffdED\ufffdA0\ufffdBD.jpg"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.JPG", ("a", ".jpg")),
        ("a.b.jpeg ", ("a.b", ".jpeg")),
        ("a.png\u200e\u202c", ("a", ".png")),
        ("a.png...", ("a", ".png")),
        ("a", ("a", "")),
        (".hidden", (".hidden", "")),
        ("...", ("", "")),
    ],
)
def test_suffixes(name: str, parts: tuple[str, str]) -> None:
    assert split_suffix(name) == parts


@pytest.mark.parametrize(("text", "expected"), SHOWN)
def test_what_is_shown(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(expected) == expected


def test_bytes_that_are_not_text_are_shown_like_keys() -> None:
    assert shown(os.fsdecode(b"caf\xe9.jpg")) == key_of(os.fsdecode(b"caf\xe9.jpg"))
    assert shown("\ud83d") == "\\u{D83D}"


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "C", "Z", "S"])))
def test_json_is_safe_and_reads_back_the_same(text: str) -> None:
    line = json_line({"path": text})
    assert json.loads(line) == {"path": text}
    assert shown(line) == line
    line.encode("utf-8")
