"""How text enters full text, and how a query is prepared in the same way (docs/FORMAT.md 2.8).

The text is folded. SQLite's tokenizer takes a run of letters as one token, so for scripts without spaces
each character is written as a word of its own, and a run of them in a query becomes a phrase. Emoji and
other symbols, which the tokenizer would drop, become private characters that it takes as words. Behind the
text follow terms for its parts: the number of a camera's file name, the words of a CamelCase name, and the
exact form of each word that folding changes. Behind it, so that they do not separate the words of a phrase.

The twin is web_assets/src/catalog/analysis.ts.
"""

from __future__ import annotations

import re
import unicodedata

from imagedb_site.folding import fold, surface
from imagedb_site.records import Value

_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\uff66-\uff9d"
    "\uffa0-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
# Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Javanese, Myanmar extensions, Tai Viet, Balinese.
_SOUTH_EAST_ASIAN = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u109f\u1780-\u17d3\u17dc\u17dd"
    "\u1950-\u197f\u1980-\u19df\u1a20-\u1aad\u1b00-\u1b4b\ua980-\ua9c0\ua9e0-\ua9fe\uaa60-\uaadf"
)
UNSPACED = re.compile(f"[{_CJK}{_SOUTH_EAST_ASIAN}]")
"""A letter or sign of a script that is written without spaces: one term each in full text."""

_SYMBOLS = (
    "\u00a2-\u00a7\u00a9\u00ac\u00ae\u00b0\u00b1\u00b6\u00d7\u00f7\u20a0-\u20cf\u2100-\u214f\u2190-\u23ff"
    "\u2440-\u27bf\u2900-\u297f\u2b00-\u2bff\u3004\u3012\u3013\u3020\u3030\u3036\u3037\U0001f000-\U0001faff"
)
SYMBOL = re.compile(f"[{_SYMBOLS}]")
"""A symbol that is one term in full text: emoji, dingbats, arrows, currencies, but no ASCII."""
_SYMBOL_TERMS = 0xF0000

# Joiners and signs that belong to the emoji before them, and pairs of regional indicators (flags).
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_EMOJI = "[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_LATER = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
EMOJI_SEQUENCE = re.compile(f"{_FLAG}|{_EMOJI}{_LATER}(?:\u200d{_EMOJI}{_LATER})*")
"""One emoji as a person sees it: a flag, or a symbol with its modifiers and what joiners add to it."""


def _marks() -> str:
    """Returns all combining marks (Unicode category M) as the inside of a character class."""
    parts: list[str] = []
    first = last = -2
    for code in [*(c for c in range(0x300, 0x1F000) if unicodedata.category(chr(c))[0] == "M"), -2]:
        if code != last + 1:
            parts += [f"{chr(first)}-{chr(last)}"] if first > 0 else []
            first = code
        last = code
    return "".join(parts)


_WORD = re.compile(f"(?:[^\\W_]|[{_marks()}])+")
_BAREWORD = re.compile(r"[A-Za-z0-9_\x1a\x80-\U0010ffff]+")
_SPACES = re.compile(r" {2,}")
_NUMBER_RUN = re.compile("[0-9]+")
# In ASCII text, which is most of it, a simpler pattern finds the same words much faster.
_ASCII_WORD = re.compile("[A-Za-z0-9]+")
# From the beginning of a word on: a search from each letter would be quadratic in a long word.
_ASCII_NUMBERED = re.compile("(?<![A-Za-z0-9])[A-Za-z]*[0-9][A-Za-z0-9]*")
_CAMEL = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])")
_CAMEL_BOUNDARY = re.compile("[a-z][A-Z]")
_SHORTEST_NUMBER = 3
_MOST_PARTS = 1000
EXACT, BOTH = "\ue000", "\ue001"
"""In an exact term, between the folded and the exact form; `BOTH` if the text also has the folded form."""

_DIGITS = re.compile(r"(\d+)")
# In the order in which the parts of a natural key compare: the end of the key, digits, text.
_END, _NUMBER, _TEXT = b"\0", b"\2", b"\3"


def plain_text(value: Value | None) -> str:
    """Returns the text of a field's value: tags joined by ", "."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)


def fts_text(value: Value | None) -> str:
    """Returns what full text stores for a field's value."""
    return analyze(plain_text(value))


def analyze(text: str) -> str:
    """Returns what full text stores for `text`: its words, then the terms for their parts."""
    words = terms(text)
    parts = [*number_parts(words), *camel_parts(text), *exact_terms(text)]
    return " ".join([words, *parts]) if parts else words


def has_symbol(folded: str) -> bool:
    """Whether a folded text has an emoji or another symbol that is a word in full text."""
    return SYMBOL.search(folded) is not None


def terms(text: str) -> str:
    """Returns the terms of `text` without those for parts of words, separated by spaces."""
    return _spaced(fold(text))


def fts_query(text: str) -> str:
    """Returns the FTS5 query `text` as `analyze` prepares texts.

    Text inside double quotes is prepared in place. Outside, a word beyond ASCII becomes a quoted phrase, so
    that prefixes (`東京*`), columns (`title:東京`) and operators keep their meaning.
    """
    text = text.replace("\0", " ")
    if text.isascii():
        return text

    def phrase(match: re.Match[str]) -> str:
        word = match.group()
        return word if word.isascii() else f'"{_inside(word)}"'

    # After splitting at the quotes, quoted text is at the odd places. `""` inside a phrase gives an
    # empty part at an even place and stays as it is.
    parts = text.split('"')
    for at, part in enumerate(parts):
        parts[at] = _inside(part) if at % 2 else _BAREWORD.sub(phrase, part)
    return '"'.join(parts)


def _inside(text: str) -> str:
    """The terms of a text between quotes, which must not end there. An exact term stays as it is."""
    return text if EXACT in text or BOTH in text else terms(text).replace('"', " ")


def _spaced(folded: str) -> str:
    """A folded text with a word for each character of UNSPACED and SYMBOL."""
    if folded.isascii():
        return folded
    text = UNSPACED.sub(r" \g<0> ", folded)
    text = SYMBOL.sub(lambda found: f" {chr(_SYMBOL_TERMS | ord(found[0]) & 0xFFFF)} ", text)
    return text if text == folded else _SPACES.sub(" ", text).strip(" ")


def typed_forms(word: str) -> tuple[list[str], list[str]]:
    """Returns expressions for the rows that have, and do not only have, a query's word as it was typed.

    The first ones match rows with the exact form of each part that folding changes, the second ones rows
    in which a part that folding leaves alone occurs in another form only.
    """
    wanted, unwanted = [], []
    for found in _WORD.finditer(surface(word)):
        exact = found[0]
        folded = fold(exact)
        if UNSPACED.search(exact) or not _WORD.fullmatch(folded):
            continue
        if folded == exact:
            unwanted.append(f'"{folded}{EXACT}" *')
        else:
            wanted.append(f'("{folded}{EXACT}{exact}" OR "{folded}{BOTH}{exact}")')
    return wanted, unwanted


def number_parts(words: str) -> list[str]:
    """The numbers inside terms with letters, as in dsc01235, each also without its leading zeros."""
    parts: dict[str, None] = {}
    if not _NUMBER_RUN.search(words):
        return []
    for found in (_ASCII_NUMBERED if words.isascii() else _WORD).finditer(words):
        word = found[0]
        for number in _NUMBER_RUN.findall(word):
            bare = number.lstrip("0")
            if number == word:
                found_parts = [bare] if bare != number else []
            else:
                found_parts = [number, bare] if len(number) >= _SHORTEST_NUMBER else []
            parts.update(dict.fromkeys(part for part in found_parts if part))
    return list(parts)[:_MOST_PARTS]


def camel_parts(text: str) -> list[str]:
    """The words inside CamelCase words of ASCII letters, of three letters or more, folded."""
    if not _CAMEL_BOUNDARY.search(text):
        return []
    parts: dict[str, None] = {}
    for found in (_ASCII_WORD if text.isascii() else _WORD).finditer(text):
        if found[0].isascii() and _CAMEL_BOUNDARY.search(found[0]):
            words = [word.lower() for word in _CAMEL.findall(found[0])]
            parts.update(dict.fromkeys(word for word in words if len(word) >= 3))
    return list(parts)[:_MOST_PARTS]


def exact_forms(text: str) -> list[tuple[str, str]]:
    """The folded and the exact form of each different word that has letters beyond ASCII.

    Words in scripts without spaces are left out: they are several terms.
    """
    if text.isascii():
        return []
    forms: dict[tuple[str, str], None] = {}
    for found in _WORD.finditer(surface(text)):
        word = found[0]
        if word.isascii() or UNSPACED.search(word):
            continue
        folded = fold(word)
        if _WORD.fullmatch(folded) and not UNSPACED.search(folded):
            forms[(folded, word)] = None
    return list(forms)


def exact_terms(text: str) -> list[str]:
    """A term for the exact form of each word that folding changes."""
    forms = [(folded, exact) for folded, exact in exact_forms(text) if folded != exact]
    if not forms:
        return []
    plain = set(_WORD.findall(surface(text)))
    del forms[_MOST_PARTS:]
    return [folded + (BOTH if folded in plain else EXACT) + exact for folded, exact in forms]


def natural_key(text: str) -> bytes:
    """Returns a sort key by which "a2" precedes "a10" and letter case does not matter.

    Bytes, because a large collection holds one key per image. No key is the beginning of another one.
    """
    parts: list[bytes] = []
    for part in _DIGITS.split(text):
        if part.isdecimal() and part.isascii():
            # Numbers compare by their length without leading zeros, then digit by digit: no huge ints.
            digits = part.lstrip("0").encode()
            parts += (_NUMBER, len(digits).to_bytes(4, "big"), digits)
        elif part:
            # `surrogatepass` keeps the order of code points, which UTF-8 has as well.
            folded = part.casefold().encode("utf-8", "surrogatepass")
            # A NUL in the text must not look like its end: 4 sorts behind everything that may follow one.
            parts += (_TEXT, folded.replace(b"\0", b"\0\4"), _END)
    parts.append(_END)
    return b"".join(parts)
