"""Lemmas, synonyms and glosses from WordNet 3.0 (Princeton's licence), and ImageNet's class list."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path("/usr/share/wordnet")
VISIBLE = {3, 4, 5, 6, 8, 11, 12, 13, 15, 17, 18, 19, 20, 25, 27, 28}
"""Lexicographer files of nouns one may see: animal, artifact, body, food, plant, person, act …"""
SOLID = {5, 6, 8, 13, 17, 20}
"""Those of them that are things: animal, artifact, body, food, object, plant."""


@dataclass(frozen=True)
class Synset:
    """A meaning: its lemmas (most usual first), its definition, and how often it is tagged."""

    offset: int
    lexfile: int
    lemmas: tuple[str, ...]
    gloss: str
    parents: tuple[int, ...]


def plain(lemma: str) -> str:
    """A lemma as a person types it."""
    return re.sub(r"\((a|p|ip)\)$", "", lemma).replace("_", " ")


@cache
def synsets(part: str) -> dict[int, Synset]:
    """All synsets of `noun`, `verb` or `adj`, by offset. See wndb(5WN) for the line format."""
    found = {}
    for line in (ROOT / f"data.{part}").read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):
            continue
        data, _, gloss = line.partition("|")
        items = data.split()
        count = int(items[3], 16)
        lemmas = tuple(plain(items[4 + 2 * i]) for i in range(count))
        rest = items[5 + 2 * count :]
        parents = tuple(int(rest[i + 1]) for i in range(len(rest) - 2) if rest[i] in ("@", "@i"))
        meaning = gloss.split(";")[0].strip().strip('"')
        found[int(items[0])] = Synset(int(items[0]), int(items[1]), lemmas, meaning, parents)
    return found


@cache
def things() -> dict[str, Synset]:
    """What a noun means when one sees it: by lemma, its most usual meaning in SOLID, else in VISIBLE."""
    nouns = synsets("noun")
    found: dict[str, Synset] = {}
    for line in (ROOT / "index.noun").read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):
            continue
        items = line.split()
        senses = [nouns[int(offset)] for offset in items[-int(items[2]) :]]
        seen = [s for s in senses if s.lexfile in VISIBLE]
        solid = [s for s in seen if s.lexfile in SOLID]
        if seen:
            found[plain(items[0])] = (solid or seen)[0]
    return found


def forms(name: str) -> tuple[str, str]:
    """What to look a name up as: itself, and in the other number."""
    name = name.lower()
    return name, name[:-1] if name.endswith("s") and not name.endswith("ss") else name + "s"


@cache
def tag_counts(part: str) -> dict[str, int]:
    """How often a lemma is tagged in SemCor, over all its meanings of a part of speech."""
    number = {"noun": "1", "verb": "2", "adj": "3"}[part]
    counts: dict[str, int] = {}
    for line in (ROOT / "cntlist.rev").read_text(encoding="latin-1").splitlines():
        key, _, count = line.split()
        lemma, _, sense = key.partition("%")
        if sense.startswith(number):
            counts[plain(lemma)] = counts.get(plain(lemma), 0) + int(count)
    return counts


def imagenet_classes() -> list[Synset]:
    """The 1,000 classes in the backbone's order (the WordNet ids are listed by the package timm)."""
    spec = importlib.util.find_spec("timm")
    assert spec is not None and spec.submodule_search_locations, "pip install --no-deps timm"
    info = Path(spec.submodule_search_locations[0]) / "data/_info/imagenet_synsets.txt"
    offsets = [int(line[1:]) for line in info.read_text().split()]
    nouns = synsets("noun")
    return [nouns[offset] for offset in offsets]
