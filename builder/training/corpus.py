"""The strings the text tower learns from, made from captions, names, WordNet and templates."""

from __future__ import annotations

import json
import re

import numpy as np

from . import datasets, synth, wordnet
from .settings import SEED, Paths

TEMPLATES = (
    "a photo of {}",
    "a picture of {}",
    "photo of a {}",
    "{} photo",
    "{} drawing",
    "an image of a {}",
)
# fmt: off
STOP = {
    "a", "an", "the", "of", "in", "on", "at", "to", "is", "are", "and", "or", "with", "by", "for",
    "from", "as", "it", "its", "his", "her", "their", "there",
}
ATTRIBUTES = [
    "big", "small", "old", "young", "happy", "sad", "wooden", "metal", "wet", "dry", "broken", "empty",
    "beautiful", "cute", "colourful", "dark", "bright", "round", "tall", "vintage", "modern",
]
JOINTS = {
    "in", "on", "with", "at", "near", "through", "while", "and", "by", "over", "into", "behind",
    "beside", "under", "from", "playing", "running", "standing", "sitting", "wearing", "holding",
}
# fmt: on
KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopqsdfghjklaxcvbnmz", strict=True))


def misspell(text: str, rng: np.random.Generator) -> str:
    """One typing error in one of the longer words: swapped, dropped, doubled or neighbour letter."""
    words = text.split()
    long = [i for i, w in enumerate(words) if len(w) > 3 and w.isalpha()]
    if not long:
        return text
    at = int(rng.choice(long))
    word = words[at].lower()
    i = int(rng.integers(1, len(word) - 1))
    kind = int(rng.integers(4))
    if kind == 0:
        word = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    elif kind == 1:
        word = word[:i] + word[i + 1 :]
    elif kind == 2:
        word = word[:i] + word[i] + word[i:]
    else:
        word = word[:i] + KEYS.get(word[i], word[i]) + word[i + 1 :]
    words[at] = word
    return " ".join(words)


def phrases(caption: str) -> list[str]:
    """Runs of two and three words of a caption that end on content words: what people type."""
    words = re.findall(r"[a-z'\-]+", caption.lower())
    runs = []
    for size in (2, 3):
        for i in range(len(words) - size + 1):
            run = words[i : i + size]
            if run[0] not in STOP and run[-1] not in STOP:
                runs.append(" ".join(run))
    return runs


def fragments(captions: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """Runs of four to nine words out of captions."""
    found = []
    for i in rng.integers(0, len(captions), count):
        words = captions[i].split()
        size = int(rng.integers(4, 10))
        at = int(rng.integers(0, max(1, len(words) - size + 1)))
        found.append(" ".join(words[at : at + size]))
    return found


def crossings(captions: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """New sentences: one caption up to a joining word, and another from such a word on."""
    heads, tails = [], []
    for caption in captions:
        words = caption.split()
        places = [i for i, w in enumerate(words) if w.lower() in JOINTS and 1 < i < len(words) - 1]
        for at in places:
            heads.append(" ".join(words[:at]))
            tails.append(" ".join(words[at:]))
    first, second = rng.integers(0, len(heads), count), rng.integers(0, len(tails), count)
    return [f"{heads[i]} {tails[j]}" for i, j in zip(first, second, strict=True)]


def nouns_of_pictures(paths: Paths) -> list[str]:
    """Names of things that pictures here show: classes, folders, drawings, goods."""
    names = [lemma for c in wordnet.imagenet_classes() for lemma in c.lemmas]
    for picture in datasets.all_pictures(paths.data, paths.work):
        if picture.source in ("emoji", "food", "clothing", "labelled"):
            names += picture.tags
            if picture.source == "emoji":
                names += [picture.texts[0]]
    return sorted({n.lower() for n in names if len(n) < 40})


def build(paths: Paths) -> None:
    """Write `corpus.json`: {"texts": [...], "same": [[typo, right index]...], "kinds": {...}}."""
    rng = np.random.default_rng(SEED)
    pictures = datasets.all_pictures(paths.data, paths.work)
    kinds: dict[str, list[str]] = {}
    train = [p for p in pictures if p.split == "train"]
    kinds["captioned"] = [t for p in train if p.source == "captioned" for t in p.texts]
    kinds["captions"] = [t for p in train if p.source != "captioned" for t in p.texts]
    kinds["classes"] = [
        text
        for c in wordnet.imagenet_classes()
        for text in (*c.lemmas, c.gloss, *(t.format(c.lemmas[0]) for t in TEMPLATES[:2]))
    ]
    things = nouns_of_pictures(paths)
    folders = sorted({p.tags[0] for p in pictures if p.source == "labelled"})
    firsts = [c.lemmas[0] for c in wordnet.imagenet_classes()]
    kinds["templates"] = [t.format(n) for n in [*folders, *firsts] for t in TEMPLATES]
    kinds["things"] = things
    made = synth.recipes(pictures, np.random.default_rng(SEED))
    flat = sorted({t for m in made for t in m.texts})
    kinds["made"] = [flat[i] for i in rng.permutation(len(flat))[:9000]]
    nouns = wordnet.synsets("noun")
    counts = wordnet.tag_counts("noun")
    visible = [s for s in nouns.values() if s.lexfile in wordnet.VISIBLE]
    lemmas = sorted({w for s in visible for w in s.lemmas}, key=lambda w: (-counts.get(w, 0), w))
    frequent = lemmas[:6000]
    other = [lemmas[6000 + i] for i in rng.permutation(len(lemmas) - 6000)[:12000]]
    kinds["lemmas"] = frequent + other
    kinds["glosses"] = [visible[i].gloss for i in rng.permutation(len(visible))[:8000]]
    for part, limit in (("adj", 2500), ("verb", 2500)):
        ranked = wordnet.tag_counts(part)
        kinds[part] = sorted(ranked, key=lambda w: (-ranked[w], w))[:limit]
    caption_pool = kinds["captioned"] + kinds["captions"]
    runs = [r for c in caption_pool for r in phrases(c)]
    common = sorted(set(runs))
    kinds["phrases"] = [common[i] for i in rng.permutation(len(common))[:20000]]
    kinds["fragments"] = fragments(kinds["captioned"], 20000, rng)
    kinds["crossings"] = crossings(kinds["captioned"], 40000, rng)
    objects = things + frequent[:2500]
    colours = list(synth.COLOURS)
    queries = []

    def pick(options: list[str] | tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    for _ in range(16000):
        thing = pick(objects)
        kind = int(rng.integers(6))
        if kind == 0:
            queries.append(f"{pick(colours)} {thing}")
        elif kind == 1:
            queries.append(f"{synth.NUMBERS[int(rng.integers(2, 7))]} {synth.plural(thing)}")
        elif kind == 2:
            queries.append(synth.plural(thing))
        elif kind == 3:
            queries.append(f"{pick(ATTRIBUTES)} {thing}")
        elif kind == 4:
            queries.append(f"{thing} and {pick(objects)}")
        else:
            queries.append(pick(TEMPLATES).format(thing))
    kinds["queries"] = queries
    texts = sorted({t.strip() for group in kinds.values() for t in group if t.strip()})
    index = {t: i for i, t in enumerate(texts)}
    right = [things[i] for i in rng.integers(0, len(things), 6000)]
    right += [frequent[i] for i in rng.integers(0, 3000, 4000)]
    right += [kinds["phrases"][i] for i in rng.integers(0, len(kinds["phrases"]), 3000)]
    same = [(misspell(t, rng), index[t.strip()]) for t in right if t.strip() in index]
    same = [(typo, i) for typo, i in same if typo not in index]
    out = {"texts": texts, "same": same, "kinds": {k: sorted(set(v)) for k, v in kinds.items()}}
    paths.file("corpus.json").write_text(json.dumps(out, ensure_ascii=False), encoding="utf-8")
