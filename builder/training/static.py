"""The static rows of the built-in pack, fitted to its own text tower.

Words of the tokenizer, captions, their parts, and captions put together from parts. Only training captions
are used.
"""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np

from imagedb_site.openclip.static_rows import fit_pack
from imagedb_site.packs import load_pack
from imagedb_site.packs.writer import replace_static

from .corpus import crossings, fragments, phrases
from .settings import Paths

_FREQUENT = 14_000


def texts(paths: Paths, pack: Path) -> list[str]:
    """What the rows are fitted to, the same every time."""
    drawn, rng = random.Random(1), np.random.default_rng(1)
    captioned = [json.loads(line) for line in _lines(paths.data / "captioned/captions.jsonl")]
    train = [text for one in captioned if one["split"] == "train" for text in one["captions"]]
    others = [
        text
        for line in _lines(paths.data / "open/captions.jsonl")
        for text in json.loads(line).get("captions") or []
    ]
    data = load_pack(pack).read("tokenizer.json.gz")
    words = [word for word in json.loads(gzip.decompress(data))["vocab"] if word.isalpha()]
    runs = sorted({run for caption in train + others for run in phrases(caption)})

    def pick(choices: list[str], count: int) -> list[str]:
        return drawn.sample(choices, min(count, len(choices)))

    every = [
        *words,
        *pick(train, 14_000),
        *pick(others, 8_000),
        *pick(runs, 12_000),
        *fragments(train, 8_000, rng),
        *crossings(train, 10_000, rng),
        *(" ".join(pick(words[:_FREQUENT], drawn.choice([2, 2, 3]))) for _ in range(9_000)),
    ]
    return list(dict.fromkeys(every))


def run(paths: Paths, folder: Path) -> None:
    """Fit the rows and write them into the pack; its id stays."""
    pack = load_pack(folder)
    found = fit_pack(pack, texts(paths, folder), lambda done, total: None)
    print(f"static rows: cosine {found.cosine:.4f} to the tower on {found.texts:,} other texts")
    replace_static(folder, found.rows)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
