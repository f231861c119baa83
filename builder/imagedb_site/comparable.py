"""The form in which values and the texts of filters are compared (docs/QUERY.md, "Values").

The twins are web_assets/src/base/folding.ts, engine/query/characters.ts and engine/query/typed.ts.
"""

from __future__ import annotations

import re

from imagedb_site.folding import fold

SPACES = "\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
"""Unicode's white space, the control characters and U+FEFF, as the inside of a character class."""
QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c-\u300f\u301d-\u301f\uff62\uff63"
"""Typographic quotes, as the inside of a character class."""
_APOSTROPHES = "\u2018-\u201b\u2032\u2039\u203a\u02b9\u02bb-\u02bd"
_JOINERS = re.compile(f"[{SPACES}_-]+")


def _characters(ranges: str) -> list[str]:
    """Returns the characters of the inside of a character class."""
    found = re.findall("(.)(?:-(.))?", ranges)
    return [
        chr(code) for first, last in found for code in range(ord(first), ord(last or first) + 1)
    ]


_PLAIN = str.maketrans(
    {
        **dict.fromkeys(_characters(QUOTES), '"'),
        **dict.fromkeys(_characters(_APOSTROPHES), "'"),
        **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},
        "\u3001": ",",
    }
)


def plain(text: str) -> str:
    """Returns `text`, of the same length, with ASCII quotes, apostrophes, commas and full-width signs."""
    return text if text.isascii() else text.translate(_PLAIN)


def normal(value: str) -> str:
    """`value` folded, with each run of spaces, `_` and `-` as one space and none at the ends."""
    return _JOINERS.sub(" ", fold(value)).strip(" ")


def comparable(value: str) -> str:
    """Normal text without typographic characters: equal for values that a filter takes for the same."""
    return normal(plain(value))
