"""Texts in a language or script that a model does not know (docs/QUERY.md, "Other languages").

The twin is web_assets/src/engine/strange.ts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from ..folding import fold

LEAST_WORDS = 1000
"""A shorter list of a model's words says nothing about other words."""
MOST_TOKENS = 100_000
"""A tokenizer with more tokens than this is one of many languages."""
OTHER_SCRIPTS = "\u0250"
"""From here on, characters are not Latin letters."""


class Strangeness:
    """Says which texts a model does not know, from the list of its words.

    `known` says whether a word is in the list, `split` whether it is more than one token.
    """

    def __init__(
        self, words: Iterable[str], known: Callable[[str], bool], split: Callable[[str], bool]
    ) -> None:
        self._letters = frozenset("".join(words))
        self._known = known
        self._split = split

    def __call__(self, text: str) -> bool:
        """Whether at least half of the words are unknown: two, or one with a letter that the list lacks."""
        words = runs(text.lower())
        unknown = [word for word in words if not self._knows(word)]
        if not unknown or 2 * len(unknown) < len(words):
            return False
        return len(unknown) > 1 or self._foreign(unknown[0], "\x80")

    def _knows(self, word: str) -> bool:
        if self._foreign(fold(word), OTHER_SCRIPTS):
            return False
        return self._known(word) or not self._split(word)

    def _foreign(self, word: str, first: str) -> bool:
        """Whether a word has a character from `first` on that no word of the list has."""
        return any(letter >= first and letter not in self._letters for letter in word)


def runs(text: str) -> list[str]:
    """The runs of letters and marks in a text that begin with a letter."""
    found: list[str] = []
    inside = False
    for character in text:
        kind = unicodedata.category(character)[0]
        if kind == "L" and not inside:
            found.append(character)
            inside = True
        elif inside and kind in "LM":
            found[-1] += character
        else:
            inside = False
    return found
