"""Which words are one for suggestions: singular and plural, as full text finds the one with the other."""

from __future__ import annotations

_SHORTEST = 4
_HISSING = ("x", "ch", "sh", "o", "zz", "tz", "ss")


def plural_key(word: str) -> str:
    """Returns a key that the singular and the plural of a folded word share. It need not be a word.

    docs/QUERY.md ("Suggestions") states the rule. Words of fewer than four letters are their own keys.
    """
    if len(word) < _SHORTEST:
        return word
    if word.endswith("ie"):
        return word[:-2] + "y"
    if word.endswith("ies") and len(word) > _SHORTEST:
        return word[:-3] + "y"
    if word.endswith("ss") or not word.endswith(("s", "e")):
        return word
    bare = word.removesuffix("s")
    if len(bare) >= _SHORTEST and bare.endswith("e") and bare[:-1].endswith(_HISSING):
        return bare[:-1]
    return bare
