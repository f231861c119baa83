"""The words whose embeddings ship ready-made, for results before the text tower is loaded."""

from __future__ import annotations

import json
import re
from collections import Counter

from . import datasets, synth, wordnet
from .corpus import STOP
from .settings import Paths


def build(paths: Paths, frequent: int = 2200, limit: int = 4000) -> list[str]:
    """Lower-case words and short names: of captions by frequency, then drawings, classes, colours.

    Only counts of words leave the captions, no text of theirs.
    """
    corpus = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    for kind in ("captioned", "captions", "phrases"):
        for text in corpus["kinds"][kind]:
            counts.update(re.findall(r"[a-z]{3,}", text.lower()))
    words = [w for w, c in counts.most_common() if w not in STOP and c > 3][:frequent]
    tags: Counter[str] = Counter()
    for picture in datasets.all_pictures(paths.data, paths.work):
        if picture.source in ("emoji", "labelled", "food", "clothing"):
            tags.update(t.lower() for t in picture.tags)
        if picture.source == "emoji":
            tags[picture.texts[0]] += 1
    extra = [t for t, c in tags.most_common() if c > 1 and len(t.split()) <= 2]
    names = [s.lemmas[0].lower() for s in wordnet.imagenet_classes()]
    every = dict.fromkeys([*words, *synth.COLOURS, *extra, *names])
    good = [w for w in every if re.fullmatch(r"[a-z][a-z' \-]+", w) and len(w) < 32]
    return good[:limit]
