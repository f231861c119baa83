"""Names of topics: words that their pictures have more often than others (c-TF-IDF), or that lie near."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError, PackError
from imagedb_site.mapping.clusters import Numbers
from imagedb_site.mapping.nearest import Floats
from imagedb_site.mapping.stop_words import STOP_WORDS
from imagedb_site.packs import ModelPack
from imagedb_site.records import FieldSpec, Value
from imagedb_site.text import UNSPACED

NAMES = 3
"""Words in a name."""
_CANDIDATES = 12
_SHARE = 0.06
"""The least share of a topic's rows that have a word of its name."""
_LIFT = 1.5
"""The word is at least this many times as frequent as in the whole collection."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LONGEST_TEXT = 4000
_LENGTHS = range(3, 33)
_PURPOSE = """
    author authors camera copyright creator credit credits date file filename folder generator
    hash id key kind lens licence license md5 name owner path photographer photographers
    private publisher rights serial sha1 sha256 source sources split uploader uri url urls
"""
_OTHER_PURPOSE = frozenset(_PURPOSE.split())
"""Parts of the names of fields that say where a picture comes from, not what it shows."""


def text_fields(fields: Iterable[FieldSpec]) -> list[FieldSpec]:
    """The fields whose words can name a topic."""
    return [
        spec
        for spec in fields
        if spec.type in ("text", "tags")
        and spec.fts
        and not _OTHER_PURPOSE & set(re.split(r"[^a-z0-9]+", spec.name.lower()))
    ]


def terms_of(values: Mapping[str, Value], fields: Sequence[FieldSpec]) -> dict[str, str]:
    """The words of a row: forms that are counted as one, and how the row writes them."""
    found: dict[str, str] = {}
    for spec in fields:
        value = values.get(spec.name)
        if isinstance(value, list):
            for tag in value:
                for term in _tag(str(tag)):
                    found.setdefault(stem(term), term)
        elif value is not None:
            for word in _words(str(value)[:_LONGEST_TEXT]):
                found.setdefault(stem(word), word)
    return found


def stem(word: str) -> str:
    """Singular and plural of most English words as one."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word = match[0].lower().removesuffix("'s").removesuffix("’s")
        if len(word) in _LENGTHS and word not in STOP_WORDS and not UNSPACED.search(word):
            yield word


def _tag(tag: str) -> Iterator[str]:
    """A tag of a few words is one term, whatever its script; a longer one is a text."""
    term = " ".join(tag.replace("_", " ").lower().split())
    if any(character.isdigit() for character in term) or len(term) > 32 or term.count(" ") > 2:
        yield from _words(tag)
        return
    long_enough = len(term) >= _LENGTHS.start or UNSPACED.search(term)
    if long_enough and term not in STOP_WORDS and any(map(str.isalpha, term)):
        yield term


class TopicWords:
    """Counts the words of topics, row by row."""

    def __init__(self, topics: Numbers) -> None:
        self._topics = topics
        self._rows = np.bincount(topics[topics >= 0])
        self._in: dict[int, Counter[str]] = defaultdict(Counter)
        self._all: Counter[str] = Counter()
        self._forms: dict[str, Counter[str]] = defaultdict(Counter)
        self._seen = 0

    def add(self, row: int, terms: Mapping[str, str]) -> None:
        """Take in the words of a row."""
        self._seen += 1
        self._all.update(terms.keys())
        topic = int(self._topics[row])
        if topic >= 0:
            self._in[topic].update(terms.keys())
        for key, form in terms.items():
            self._forms[key][form] += 1

    def best(self, topic: int) -> list[str]:
        """The words that name a topic, best first; none if its rows have no words in common."""
        rows = int(self._rows[topic])
        average = sum(self._all.values()) / max(len(self._rows), 1)
        scores: dict[str, float] = {}
        for key, count in self._in[topic].items():
            share, usual = count / rows, self._all[key] / self._seen
            if count >= 2 and share >= _SHARE and share >= _LIFT * usual:
                scores[key] = share * log(1 + average / self._all[key])
        ranked = sorted(scores, key=lambda key: (-scores[key], key))[:_CANDIDATES]
        return _distinct(min(self._forms[key].items(), key=_form_order)[0] for key in ranked)


def _form_order(form: tuple[str, int]) -> tuple[int, str]:
    return -form[1], form[0]


def _distinct(words: Iterable[str]) -> list[str]:
    """The words without those that say the same as one before: the same beginning, or a part of it."""
    kept: list[str] = []
    for word in words:
        if not any(_alike(word, other) for other in kept):
            kept.append(word)
    return kept


def _alike(word: str, other: str) -> bool:
    shorter, longer = sorted((word.replace("-", ""), other.replace("-", "")), key=len)
    if set(shorter.split()) <= set(longer.split()):
        return True
    return len(shorter) >= 4 and longer.startswith(shorter[: max(4, len(shorter) - 2)])


class PackWords:
    """Words of the model pack that lie near the middle of rows, compared with the middle of all."""

    def __init__(self, words: Sequence[str], vectors: Floats) -> None:
        self._words = words
        self._vectors = _unit(vectors - vectors.mean(axis=0))

    @classmethod
    def of(cls, pack: ModelPack) -> PackWords | None:
        """The vocabulary of a pack; None if it has none that can be used."""
        spec = pack.manifest.get("vocabulary")
        if spec is None:
            return None
        try:
            header, arrays = read_container(pack.read(str(spec["file"])), "vocabulary")
            words, codes = header["words"], arrays["codes"].reshape(-1, pack.dim)
            vectors = codes.astype(np.float32) * arrays["scale"][:, None]
        except (FormatError, PackError, KeyError, ValueError):
            return None
        good = [
            at
            for at, word in enumerate(words)
            if _WORD.fullmatch(word) and len(word) in _LENGTHS and word not in STOP_WORDS
        ]
        return cls([words[at] for at in good], vectors[good]) if len(good) > NAMES else None

    def near(self, direction: NDArray[np.float32]) -> list[str]:
        """The words that lie in a direction from the middle of all rows."""
        order = np.argsort(-(self._vectors @ direction), kind="stable")[:_CANDIDATES]
        return _distinct(self._words[at] for at in order)


def _unit(vectors: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    unit: Floats = (vectors / lengths).astype(np.float32)
    return unit


def choose(best: Sequence[Sequence[str]]) -> list[list[str]]:
    """The words of each topic's name, from its best ones; no two topics have the same name."""
    taken: set[tuple[str, ...]] = set()
    chosen = []
    for words in best:
        name = list(words[:NAMES])
        for word in words[NAMES:]:
            if tuple(name) not in taken:
                break
            name = [*words[: NAMES - 1], word]
        taken.add(tuple(name))
        chosen.append(name)
    return chosen
