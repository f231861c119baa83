"""Cached views of pictures, and the words of each."""

from __future__ import annotations

import numpy as np

from .backbone import FEATURES
from .datasets import Picture
from .settings import Paths
from .views import MAP, plan

SHARES = {
    "captioned": 0.42, "photo": 0.13, "labelled": 0.1, "food": 0.03, "clothing": 0.03,
    "emoji": 0.11, "art": 0.03, "graphic": 0.02, "made": 0.13,
}  # fmt: skip


class Data:
    """Cached views and their words."""

    def __init__(self, paths: Paths, without: tuple[str, ...]) -> None:
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
        self.shares = {s: SHARES[s] for s in self.pools}

    def origin(self, index: int, recipe: int) -> Picture | None:
        """The picture a view was made from, if any."""
        at = index if recipe < 0 else self.made[recipe].first
        return self.pictures[at] if at >= 0 else None

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
