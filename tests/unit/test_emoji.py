"""Emoji by their names, and texts that an encoder does not know (tests/golden/emoji.json)."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from imagedb_site.emoji import emoji_in, emoji_name, replace_emoji, spelled_out
from imagedb_site.encoders import Encoder
from imagedb_site.encoders.tokenizer import PackTokenizer
from imagedb_site.packs import load_pack

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "emoji.json").read_text(encoding="utf-8"))
NAMES = Path(sys.modules["imagedb_site.emoji"].__file__ or "").with_name("emoji_names.txt")


@pytest.mark.parametrize(("text", "spelled"), CASES["spelled"])
def test_emoji_are_spelled_out(text: str, spelled: str) -> None:
    assert spelled_out(text) == spelled


def test_every_listed_sequence_is_one_emoji_with_its_name() -> None:
    lines = [line.partition(" ") for line in NAMES.read_text(encoding="utf-8").splitlines()]
    assert len(lines) > 1900
    for sequence, _, name in lines:
        assert emoji_name(sequence) == name
        assert re.fullmatch(r"[ -~\u00c0-\u024f’“”]+", name), name
        # These three are emoji only with a selector behind them.
        found = emoji_in(sequence) or emoji_in(sequence + "\ufe0f")
        assert [one.removesuffix("\ufe0f") for one in found] == [sequence]


def test_emoji_in_a_text_are_found_in_order() -> None:
    assert emoji_in("I ❤️ my 👩🏽\u200d🚀 in 🇩🇪!") == ["❤️", "👩🏽\u200d🚀", "🇩🇪"]
    assert emoji_in("1 + 1 = 2 # no * keys") == []
    assert replace_emoji("🐱 🐶", {"🐶": "dog"}.get) == "🐱 dog"


@pytest.mark.parametrize(("text", "same"), CASES["known"])
def test_unknown_tokens_are_left_out(text: str, same: str | None) -> None:
    data = (GOLDEN / "pack-tiny" / "tokenizer.json.gz").read_bytes()
    tokenizer = PackTokenizer(data, 64)
    assert tokenizer.encode_known(text) == (None if same is None else tokenizer.encode(same))


@pytest.mark.parametrize("name", ["clip", "gemma"])
def test_tokenizers_of_bytes_know_everything(name: str) -> None:
    data = (GOLDEN / "tokenizers" / f"{name}.json.gz").read_bytes()
    tokenizer = PackTokenizer(data, 64)
    for text in ("🐱", "привет мир", "สวัสดี", "★", "🜁", "a red car"):
        assert tokenizer.encode_known(text) == tokenizer.encode(text)
    assert tokenizer.encode_known("") is None


def test_a_query_is_embedded_without_what_the_model_does_not_know() -> None:
    encoder = Encoder(load_pack(GOLDEN / "pack-tiny"))
    red, mixed, nothing, cat = encoder.encode_queries(["red", "red мир", "мир", "🐱"])
    assert nothing is None
    assert red is not None and mixed is not None and cat is not None
    np.testing.assert_allclose(mixed, red, atol=1e-6)
    np.testing.assert_allclose(red, encoder.encode_texts(["red"])[0], atol=1e-6)
    np.testing.assert_allclose(cat, encoder.encode_texts(["cat face"])[0], atol=1e-6)
    assert np.isclose(np.linalg.norm(red), 1)
