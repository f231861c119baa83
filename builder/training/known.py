"""The sentence encoder's embeddings by string, and the strings that each view may be called."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .alignment_data import Data
from .corpus import TEMPLATES
from .settings import Paths
from .wordnet import imagenet_classes


class KnownTexts:
    """Strings of the corpus by number, with one row of `table` (float16 [texts, d]) for each."""

    def __init__(self, paths: Paths, table: str) -> None:
        raw = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
        self.texts: list[str] = raw["texts"]
        self.kinds: dict[str, list[str]] = raw["kinds"]
        self.index = {t: i for i, t in enumerate(self.texts)}
        self.table = torch.from_numpy(np.load(paths.file(table)))

    def rows(self, texts: list[str]) -> list[int]:
        """Numbers of those strings that are known."""
        return [self.index[t.strip()] for t in texts if t.strip() in self.index]

    def get(self, rows: list[int] | NDArray[np.int64]) -> Tensor:
        """Embeddings float32 of strings by number."""
        return self.table[torch.as_tensor(rows)].float()

    def kind(self, *names: str) -> NDArray[np.int64]:
        """Numbers of the strings of some kinds, sorted."""
        return np.array(sorted({i for n in names for i in self.rows(self.kinds[n])}))


class Sampler:
    """Draws views with a known string for each, and ImageNet classes with names."""

    def __init__(self, data: Data, known: KnownTexts, captioned: float, repeat: int = 0) -> None:
        """`captioned` is that source's share; a drawing's own name comes `repeat` times more."""
        self.choices: dict[int, list[int]] = {}
        for source, pool in data.pools.items():
            for row in pool.tolist():
                found = known.rows(data.all_texts(row))
                if source == "labelled":
                    own = data.pictures[data.rows[row][0]].tags[0]
                    found += known.rows([own, own, own, *(t.format(own) for t in TEMPLATES)])
                if source == "emoji":
                    found += known.rows([data.pictures[data.rows[row][0]].texts[0]] * repeat)
                if found:
                    self.choices[row] = found
        self.pools = {
            s: np.array([r for r in p.tolist() if r in self.choices]) for s, p in data.pools.items()
        }
        shares = {s: data.shares[s] for s in self.pools if len(self.pools[s])}
        if "captioned" in shares:
            rest = sum(v for s, v in shares.items() if s != "captioned")
            shares["captioned"] = captioned / (1 - captioned) * rest
        self.shares: dict[str, float] = {}
        self.mix(shares)
        self.classes = imagenet_classes()
        self.named: list[list[int]] = []
        for synset in self.classes:
            first = synset.lemmas[0]
            more = [*synset.lemmas, *(t.format(first) for t in TEMPLATES)]
            self.named.append(known.rows([first]) * 6 + known.rows(more))
        self.names = [n[0] for n in self.named]

    def mix(self, shares: Mapping[str, float]) -> None:
        """Draw sources in these proportions from now on; those without pictures are left out."""
        present = {s: v for s, v in shares.items() if len(self.pools.get(s, ()))}
        total = sum(present.values())
        self.shares = {s: v / total for s, v in present.items()}

    def draw(self, size: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], list[int]]:
        """Rows of views [size] and the number of a string for each."""
        counts = rng.multinomial(size, list(self.shares.values()))
        rows = np.concatenate(
            [rng.choice(self.pools[s], c) for s, c in zip(self.shares, counts, strict=True)]
        )
        return rows, [self.pick(self.choices[r], rng) for r in rows.tolist()]

    def name(self, wanted: NDArray[np.int64], rng: np.random.Generator) -> list[int]:
        """A name's number for each class."""
        return [self.pick(self.named[c], rng) for c in wanted.tolist()]

    @staticmethod
    def pick(options: list[int], rng: np.random.Generator) -> int:
        """One of the options."""
        return options[int(rng.integers(len(options)))]
