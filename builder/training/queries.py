"""Forty hand-written queries over the drawings and over the class folders; what comes first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from . import datasets
from .evaluate import Encoder, load_pack, pictures_of
from .settings import Paths

QUERIES = (
    "puppy", "automobile", "happy", "very sad", "someone is crying", "celebration", "birthday party",
    "fast food", "something cold to eat", "tropical holiday", "bad weather", "winter sport", "danger",
    "love", "money", "music", "a person riding a bike", "swimming", "medical help", "space travel",
    "red fruit", "green vegetable", "yellow flower", "blue animal", "two people", "a cat and a heart",
    "old building", "big cat with spots", "ship with sails", "insect", "sea creature", "reptile",
    "musical instrument made of brass", "things to write with", "furniture to sit on", "japanese temple",
    "comic character", "small flying machine", "cutting tool", "prehistoric animal",
)  # fmt: skip


def table(paths: Paths, folder: Path, top: int = 4) -> list[dict[str, object]]:
    """For every query the names of the first pictures of both collections."""
    encoder = Encoder(load_pack(folder))
    pictures = datasets.all_pictures(paths.data, paths.work)
    spoken = encoder.encode_texts(list(QUERIES))
    rows: list[dict[str, object]] = [{"query": q} for q in QUERIES]
    for source in ("emoji", "labelled"):
        shown = [p for p in pictures if p.source == source]
        images = encoder.encode_images(pictures_of(shown))
        order = np.argsort(-(spoken @ images.T), axis=1)[:, :top]
        for row, found in zip(rows, order.tolist(), strict=True):
            row[source] = [
                shown[i].tags[0] if source == "labelled" else shown[i].texts[0] for i in found
            ]
    return rows


def run(paths: Paths, folder: Path) -> None:
    """Write `queries.json`."""
    text = json.dumps(table(paths, folder), indent=1, ensure_ascii=False)
    paths.file("queries.json").write_text(text, encoding="utf-8")
