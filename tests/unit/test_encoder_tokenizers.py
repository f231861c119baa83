"""Exported tokenizers give OpenCLIP's own ids to 2,000 strings, without OpenCLIP."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from imagedb_site.encoders.tokenizer import PackTokenizer

FOLDER = Path(__file__).parents[1] / "golden" / "tokenizers"
GOLDEN = json.loads(gzip.decompress((FOLDER / "golden.json.gz").read_bytes()))


@pytest.mark.parametrize("name", ["clip", "gemma"])
def test_ids_are_those_of_openclip(name):
    data = (FOLDER / f"{name}.json.gz").read_bytes()
    tokenizer = PackTokenizer(data, GOLDEN["max_tokens"][name])
    assert len(GOLDEN["strings"]) == 2000
    wrong = [
        (text, tokenizer.encode(text), ids)
        for text, ids in zip(GOLDEN["strings"], GOLDEN[name], strict=True)
        if tokenizer.encode(text) != ids
    ]
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[0]}"
