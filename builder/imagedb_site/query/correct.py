"""Did you mean: words that occur nowhere, and the words that were probably meant.

docs/QUERY.md ("Suggestions") states the rules. The twin is web_assets/src/engine/suggest/correct.ts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from ..errors import QuerySyntaxError
from ..folding import fold
from .index import Index
from .lexicon import Candidate, Lexicon, is_plain
from .parse import Query, parse
from .plan import filter_mask, make_plan

_CORRECTED_WORDS = 8
_CANDIDATES = 3
_COMBINED_WORDS = 3
"""Of more unknown words than these only the best candidate is tried."""


@dataclass(frozen=True)
class Correction:
    """A query with its unknown words replaced by similar ones that are found."""

    text: str
    """The corrected query."""
    changes: tuple[tuple[str, str], ...]
    """Each replaced word, as it was typed, with its replacement."""

    def to_json(self) -> dict[str, object]:
        """The correction as a JSON object."""
        return {"text": self.text, "changes": [{"from": a, "to": b} for a, b in self.changes]}


@dataclass(frozen=True)
class Known:
    """What is known about words: those of the collection, and those of its model if it takes part."""

    occurs: Callable[[str], bool]
    """Whether full text finds the word, in any of its forms or as a part of longer words."""
    collection: Lexicon
    model: Lexicon | None = None
    spelled: Callable[[str], bool] = lambda word: False
    """Whether a word that is in no list is nevertheless spelled correctly."""


def correct(
    text: str, words: Sequence[str], known: Known, finds: Callable[[str], int]
) -> Correction | None:
    """Returns `text` with its unknown words corrected, or None if there is nothing better.

    `words` are those that full text looks for. `finds` says what a query finds: 2 if an image has all
    its words, 1 if it has other results, 0 if it has none. A query without results is never proposed.
    """
    unknown: dict[str, list[Candidate]] = {}
    for word in map(_bare, words[:_CORRECTED_WORDS]):
        if word and word not in known.collection and not known.occurs(word):
            candidates = _candidates(word, known)
            if candidates:
                unknown[word] = candidates
    choices = [
        near if place < _COMBINED_WORDS else near[:1] for place, near in enumerate(unknown.values())
    ]
    if not choices:
        return None
    best: Correction | None = None
    for chosen in sorted(product(*choices), key=lambda some: -sum(one.score for one in some)):
        changes = tuple(zip(unknown, (one.word for one in chosen), strict=True))
        corrected = text
        for before, after in changes:
            corrected = _replaced(corrected, before, after)
        if corrected == text:
            continue
        found = finds(corrected)
        # Two words that become the same one occur together without saying anything.
        if found == 2 and len({after for _, after in changes}) == len(changes):
            return Correction(corrected, changes)
        if found and best is None:
            best = Correction(corrected, changes)
    return best


def what_is_found(text: str, index: Index, meaning: bool) -> int:
    """What a query finds in an index, as `correct` asks; `meaning`: whether the meaning arm takes part."""
    query = parse(text)
    try:
        return _what_is_found(query, index, meaning)
    except QuerySyntaxError:
        if query.match is None:
            raise
        return _what_is_found(parse(text, expressions=False), index, meaning)


def _what_is_found(query: Query, index: Index, meaning: bool) -> int:
    plan = make_plan(query, index)
    mask = filter_mask(plan, index)
    if plan.strict is not None and mask[index.having(plan.strict)].any():
        return 2
    if meaning or plan.strict is None:
        return int(mask.any())
    return int(plan.loose is not None and mask[index.having(plan.loose)].any())


def _candidates(word: str, known: Known) -> list[Candidate]:
    """The words that `word` may mean; none if the model knows it."""
    model = known.model
    if model is not None and (word in model or known.spelled(word)):
        return []
    found = known.collection.near(word, _CANDIDATES)
    if model is not None:
        names = {fold(one.word) for one in found}
        found += [one for one in model.near(word, _CANDIDATES) if fold(one.word) not in names]
    return sorted(found, key=lambda one: -one.score)[:_CANDIDATES]


def _bare(word: str) -> str:
    """A word without the punctuation around it; "" if it is not only letters, `'` and `-`."""
    start, end = 0, len(word)
    while start < end and not _counts(word[start]):
        start += 1
    while end > start and not _counts(word[end - 1]):
        end -= 1
    bare = word[start:end]
    return bare if is_plain(fold(bare)) else ""


def _counts(character: str) -> bool:
    """Whether a character is a letter, a mark or a number."""
    return unicodedata.category(character)[0] in "LMN"


def _replaced(text: str, before: str, after: str) -> str:
    """`text` with every whole-word occurrence of a word, in any case, replaced by another."""
    pattern = rf"(?<![^\W_]){re.escape(before)}(?![^\W_])"
    return re.sub(pattern, lambda _: after, text, flags=re.IGNORECASE)
