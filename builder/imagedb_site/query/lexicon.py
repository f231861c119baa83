"""Known words with their frequencies, and the ones that a mistyped word may have meant.

The twin is web_assets/src/engine/suggest/lexicon.ts.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ..folding import fold
from .plurals import plural_key
from .spelling import ERROR, within

_RARER = math.log(100)
"""One error more weighs as much as a word that is a hundred times as frequent."""
UNKNOWN_COUNT = 0.1
"""How often a word counts that only the model knows: less than one that an image has."""
_SHORTEST, _LONGEST = 3, 40
_LIMITS = ((3, 2), (4, 4), (5, 5), (8, 8))
"""The highest cost, in quarters of an error, for words up to a length; `_MOST` is that of longer words."""
_MOST = 10


@dataclass(frozen=True)
class Candidate:
    """A word that may have been meant. Of singular and plural it is the more frequent form."""

    word: str
    score: float
    """The logarithm of the frequency minus the weighed cost: higher is more likely."""


@dataclass
class _Group:
    """The forms of one word: the most frequent one, and how often all of them occur together."""

    word: str
    place: int
    count: float


class Lexicon:
    """A list of words, most frequent first, with how many images have each."""

    def __init__(self, words: Iterable[tuple[str, float]]) -> None:
        """`words` are in lower case. The frequencies of singular and plural are added."""
        self._groups: dict[str, _Group] = {}
        self._forms: dict[str, _Group] = {}
        for place, (word, count) in enumerate(words):
            folded = fold(word)
            group = self._groups.setdefault(plural_key(folded), _Group(word, place, 0))
            group.count += count
            self._forms.setdefault(folded, group)
        self._sorted = sorted(
            form for form in self._forms if len(form) >= _SHORTEST and is_plain(form)
        )

    def __contains__(self, word: str) -> bool:
        """Whether the list has a word, or its singular or plural."""
        return plural_key(fold(word)) in self._groups

    def near(self, word: str, most: int) -> list[Candidate]:
        """Returns at most `most` words that `word` may be a misspelling of, the most likely first.

        None that is a hundred times less likely than the first one.
        """
        typed = fold(word)
        if not _SHORTEST <= len(typed) <= _LONGEST or not is_plain(typed):
            return []
        costs: dict[int, tuple[int, _Group]] = {}
        for place, cost in within(typed, self._sorted, highest_cost(len(typed))):
            group = self._forms[self._sorted[place]]
            if cost < costs.get(group.place, (cost + 1, group))[0]:
                costs[group.place] = cost, group
        found = [
            (math.log(group.count) - _RARER * cost / ERROR, place, group.word)
            for place, (cost, group) in costs.items()
        ]
        found.sort(key=lambda one: (-one[0], one[1]))
        return [
            Candidate(word, score)
            for score, _, word in found[:most]
            if score >= found[0][0] - _RARER
        ]


def highest_cost(length: int) -> int:
    """How much a correction of a word of `length` letters may cost, in quarters of an error."""
    return next((cost for longest, cost in _LIMITS if length <= longest), _MOST)


def is_plain(word: str) -> bool:
    """Whether a folded word has only letters, apostrophes and hyphens, none beyond U+FFFF."""
    letters = word.replace("'", "").replace("-", "")
    if letters.isascii():
        return letters.isalpha()
    return bool(letters) and all(
        unicodedata.category(letter)[0] in "LM" and letter <= "\uffff" for letter in letters
    )
