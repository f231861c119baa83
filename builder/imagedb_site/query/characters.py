"""What counts as a space, a letter or the same text in a query, in every implementation.

The twin is web_assets/src/engine/query/characters.ts. Nothing here may depend on what a language calls a
space (`str.isspace` and JavaScript's backslash s differ) or on case folding (JavaScript has none).
"""

from __future__ import annotations

import re
import unicodedata

from ..comparable import SPACES, normal
from ..folding import fold
from ..text import has_symbol

__all__ = ["SPACES", "fold", "is_searchable", "normal", "split", "well_formed"]

_SPACES = re.compile(f"[{SPACES}]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """`text` with U+FFFD for every lone surrogate."""
    return _SURROGATE.sub("\ufffd", text)


def split(text: str) -> list[str]:
    """The parts of `text` between spaces."""
    return [part for part in _SPACES.split(text) if part]


def is_searchable(text: str) -> bool:
    """Whether `text` has a word: a letter or number (Unicode categories L and N), or a symbol."""
    if text.isascii():
        return any(character.isalnum() for character in text)
    letters = any(unicodedata.category(character)[0] in "LN" for character in text)
    return letters or has_symbol(fold(text))
