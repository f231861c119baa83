"""Which texts count as the same: one folding for full text, filters, suggestions and highlighting.

docs/QUERY.md ("Characters") states the rules. The twin is web_assets/src/base/folding.ts. Nothing here may
depend on what a language calls a space, a letter or a lower case beyond Unicode's own tables.
"""

from __future__ import annotations

import re
import unicodedata

_REMOVED = (
    # Combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic. Vowel signs of other scripts are letters.
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe20-\ufe2f"
    # Characters without a look of their own, tatweel, variation selectors, skin tones and tags.
    "\u00ad\u0640\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)
_MARKS = re.compile(f"[{_REMOVED}]+")

_PAIRS = (
    "øo łl đd ðd ħh ŧt ŋn ƒf ɨi ɫl ɲn ɖd ĸk ƀb ɓb ɗd ɠg ɦh ƙk ɱm ƥp ʠq ɽr ʂs ƭt ʋv ƴy ƶz ɉj ɇe ɍr ɏy ⱥa "
    "ȼc ⱦt ʉu ǥg ȥz ςσ ґг"
)
_LETTERS = {
    **{pair[0]: pair[1] for pair in _PAIRS.split()},
    "ß": "ss",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    # Arabic letters as Persian and Urdu write them, and the final forms of ya and ha.
    "\u06cc": "\u064a",
    "\u0649": "\u064a",
    "\u06a9": "\u0643",
    "\u0629": "\u0647",
    **dict.fromkeys("‘’‚‛′ʹʻʼʽ‹›`", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
}
"""What is left of a folded text by decomposition: letters that do not decompose, quotes and dashes."""

_ZEROS = (
    "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0de6\u0e50\u0ed0"
    "\u0f20\u1040\u1090\u17e0\u1810\u1946\u19d0\u1a80\u1a90\u1b50\u1bb0\u1c40\u1c50\ua620\ua8d0"
    "\ua900\ua9d0\ua9f0\uaa50\uabf0"
)
_DIGITS = {chr(ord(zero) + digit): str(digit) for zero in _ZEROS for digit in range(10)}
_REPLACED = str.maketrans({**_LETTERS, **_DIGITS})

_RESERVED = re.compile("[\x00\ue000\ue001\U000f0000-\U0010ffff]")
"""Characters that full text uses for itself, and NUL."""


def fold(text: str) -> str:
    """Returns `text` without case, accents and the other differences that people do not type.

    NFKD without combining marks, then upper case, then lower case, then letters that do not decompose,
    digits of other scripts, typographic quotes and dashes in their plain form, then NFC.
    """
    if text.isascii():
        return text.lower().replace("\0", " ").replace("`", "'")
    # The acute accent on its own, which some people type as an apostrophe, decomposes to a space.
    plain = _RESERVED.sub(" ", text).replace("\u00b4", "'")
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    return unicodedata.normalize("NFC", bare.upper().lower().translate(_REPLACED))


def surface(text: str) -> str:
    """Returns `text` as typed, except for letter case and Unicode form: NFC of the lower case."""
    return unicodedata.normalize("NFC", _RESERVED.sub(" ", text).lower())
