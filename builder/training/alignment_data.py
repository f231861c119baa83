"""What the joint training draws from: cached views of pictures, and words for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import words
from .backbone import FEATURES
from .datasets import Picture
from .settings import Paths
from .synth import Made
from .views import MAP, plan

SHARES = {
    "captioned": 0.42, "photo": 0.13, "labelled": 0.1, "food": 0.03, "clothing": 0.03,
    "emoji": 0.11, "art": 0.03, "graphic": 0.02, "made": 0.13,
}  # fmt: skip


class Data:
    """Cached views and their words."""

    def __init__(
        self, paths: Paths, without: tuple[str, ...], captioned: float = SHARES["captioned"]
    ) -> None:
        self.pictures, self.made, rows = plan(paths)
        done = int(paths.file("views.done").read_text())
        self.rows = rows[:done]
        shape = (len(rows), *MAP)
        self.maps = np.memmap(paths.file("views.map.f16"), np.float16, "r", shape=shape)
        feats = paths.file("views.feat.f16")
        self.feats = np.memmap(feats, np.float16, "r", shape=(len(rows), FEATURES))
        pools: dict[str, list[int]] = {source: [] for source in SHARES}
        for k, (index, recipe, _) in enumerate(self.rows):
            source = "made" if recipe >= 0 else self.pictures[index].source
            origin = self.origin(index, recipe)
            held = origin is not None and origin.split != "train"
            if not held and (origin is None or origin.source not in without):
                pools[source].append(k)
        self.pools = {s: np.array(p) for s, p in pools.items() if p}
        shares = {s: SHARES[s] for s in self.pools}
        if "captioned" in shares:
            rest = sum(v for s, v in shares.items() if s != "captioned")
            shares["captioned"] = captioned / (1 - captioned) * rest
        total = sum(shares.values())
        self.shares = {s: v / total for s, v in shares.items()}

    def origin(self, index: int, recipe: int) -> Picture | None:
        """The picture a view was made from, if any."""
        at = index if recipe < 0 else self.made[recipe].first
        return self.pictures[at] if at >= 0 else None

    def sample(self, size: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], list[str]]:
        """Rows of views and a text for each."""
        counts = rng.multinomial(size, list(self.shares.values()))
        chosen = [rng.choice(self.pools[s], c) for s, c in zip(self.shares, counts, strict=True)]
        rows = np.concatenate(chosen)
        return rows, [self.text(int(k), rng) for k in rows]

    def text(self, row: int, rng: np.random.Generator) -> str:
        """Words for one view."""
        index, recipe, _ = self.rows[row]
        if recipe >= 0:
            made: Made = self.made[recipe]
            return words.for_made(made, rng)
        return words.for_picture(self.pictures[index], rng)

    def all_texts(self, row: int) -> list[str]:
        """Every plain text of one view: captions, names and tags."""
        index, recipe, _ = self.rows[row]
        if recipe >= 0:
            return list(self.made[recipe].texts)
        picture = self.pictures[index]
        return [*picture.texts, *(tag.lower() for tag in picture.tags)]

    def clean(self, source: str, split: str) -> list[int]:
        """Rows (= picture numbers) of unaltered pictures of a source and split."""
        return [i for i, p in enumerate(self.pictures) if p.source == source and p.split == split]
