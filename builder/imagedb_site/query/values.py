"""Which values a filter on tags, categories or booleans accepts (docs/QUERY.md, "Values").

The twin is web_assets/src/engine/query/values.ts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ..comparable import comparable, plain
from ..records import FieldSpec

_BOOLEANS = {"yes": "true", "1": "true", "no": "false", "0": "false"}
_OTHER_SEPARATORS = "/>|\\"
"""What people type between the components of a path, if the value does not have the field's separator."""

_KEPT = "/>|\\:;,."
"""Separators that normal text keeps, so that it can be split in place of the value."""

_NO_WORD = re.compile("[^A-Za-z0-9]+")


def whole_forms(spec: FieldSpec, alternatives: Sequence[str]) -> list[str]:
    """The comparable forms of the alternatives that mean whole tags, or words if no value has this form.

    Empty for other fields.
    """
    if spec.type != "tags" or spec.separator is not None:
        return []
    typed_ones = (plain(alternative).strip(" ") for alternative in alternatives)
    forms = (comparable(typed) for typed in typed_ones if not typed.endswith("*"))
    return [form for form in forms if form]


def value_test(
    spec: FieldSpec, alternatives: Sequence[str], by_words: Collection[str] = ()
) -> Callable[[str], bool]:
    """A test of whether a value of the field is one of those that the alternatives of a filter mean.

    `by_words`: those of the `whole_forms` that no value of the collection has. They match by words.
    """
    tests = [
        test for typed in alternatives for test in _tests(spec, plain(typed).strip(" "), by_words)
    ]

    def test(value: str) -> bool:
        have = _Have(value, spec.separator)
        return any(accepts(have) for accepts in tests)

    return test


def value_keys(
    spec: FieldSpec, alternatives: Sequence[str], by_words: Collection[str] = ()
) -> list[tuple[str, bool]] | None:
    """The comparable forms of the values that a filter accepts, and whether they may go on.

    None if others may be accepted as well: categories and the tags in `by_words` match by single words, and
    paths by their parts.
    """
    if spec.type == "category" or spec.separator is not None or by_words:
        return None
    keys = []
    for typed in (plain(alternative).strip(" ") for alternative in alternatives):
        want = comparable(typed.rstrip("*"))
        if want:
            want = _BOOLEANS.get(want, want) if spec.type == "boolean" else want
            keys.append((want, typed.endswith("*")))
    return keys


def parents(value: str, separator: str) -> list[str]:
    """The path `value` and all its parents, from the first level on; empty components do not count."""
    ends = [at for at, character in enumerate(value) if character == separator]
    return [value[:end] for end in [*ends, len(value)] if end and value[end - 1] != separator]


class _Have:
    """A value in the forms that tests compare; each is made when it is needed first."""

    def __init__(self, value: str, separator: str | None) -> None:
        self._value = value
        self._separator = separator
        self.text = comparable(value)

    @cached_property
    def words(self) -> str:
        """The words, with a space around each."""
        return f" {_words(self.text)} "

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The components of a path."""
        if self._separator is None:
            return ()
        if self._separator not in _KEPT:
            return _parts(self._value, self._separator)
        parts = [part.strip(" ") for part in self.text.split(self._separator)]
        return tuple(part for part in parts if part)


_Test = Callable[[_Have], bool]


def _tests(spec: FieldSpec, typed: str, by_words: Collection[str]) -> Iterator[_Test]:
    """The tests that one alternative stands for; a value that fits any of them is accepted."""
    prefix = typed.endswith("*")
    bare = typed.rstrip("*")
    want = comparable(bare)
    if not want:
        return
    if spec.type == "boolean":
        want = _BOOLEANS.get(want, want)
    rooted = False
    if spec.separator is not None:
        typed_ones = [character for character in _OTHER_SEPARATORS if character in bare]
        for separator in (
            [spec.separator] if spec.separator in bare else [spec.separator, *typed_ones]
        ):
            parts = _parts(bare, separator)
            anchored = bare.startswith(separator) or bare.endswith(separator)
            rooted |= anchored
            if parts and (anchored or spec.type == "tags"):
                open_end = prefix and not bare.endswith(separator)
                yield _Run(parts, anchored, open_end).accepts
    if not rooted:
        yield lambda have: have.text == want or (prefix and have.text.startswith(want))
        if spec.type == "category" or (not prefix and want in by_words):
            yield _words_test(want, prefix)


@dataclass(frozen=True)
class _Run:
    """A run of whole components of a path, `anchored` at its first one. The last may go on if `prefix`."""

    parts: tuple[str, ...]
    anchored: bool
    prefix: bool

    def accepts(self, have: _Have) -> bool:
        size = len(self.parts)
        starts = range(len(have.parts) - size + 1)
        if self.anchored:
            starts = starts[:1]
        return any(self._at(have.parts[start : start + size]) for start in starts)

    def _at(self, parts: tuple[str, ...]) -> bool:
        last = parts[-1].startswith(self.parts[-1]) if self.prefix else parts[-1] == self.parts[-1]
        return last and parts[:-1] == self.parts[:-1]


def _words_test(want: str, prefix: bool) -> _Test:
    """Whether a value has the words of `want` in a run.

    A `want` that begins or ends with another character, such as "c++", must be there as it is.
    """
    if _is_word(want[0]) and _is_word(want[-1]):
        words = f" {_words(want)}" + ("" if prefix else " ")
        return lambda have: words in have.words

    def test(have: _Have) -> bool:
        at = have.text.find(want)
        while at >= 0:
            end = at + len(want)
            starts = not at or not (_is_word(want[0]) and _is_word(have.text[at - 1]))
            ends = end == len(have.text) or not (_is_word(want[-1]) and _is_word(have.text[end]))
            if starts and (ends or prefix):
                return True
            at = have.text.find(want, at + 1)
        return False

    return test


def _parts(path: str, separator: str) -> tuple[str, ...]:
    """The components of a path that are not empty, each in the form that is compared."""
    return tuple(part for part in map(comparable, path.split(separator)) if part)


def _words(text: str) -> str:
    """The words of `text` with one space between them. A word is a run of letters, numbers and marks."""
    if text.isascii():
        return _NO_WORD.sub(" ", text).strip(" ")
    return " ".join("".join(c if _is_word(c) else " " for c in text).split())


@lru_cache(maxsize=4096)
def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
