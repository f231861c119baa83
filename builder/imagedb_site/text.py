"""How text enters full text, and how a query is prepared in the same way (docs/FORMAT.md 2.8).

SQLite's `unicode61` tokenizer takes a run of Chinese, Japanese or Korean characters as one token, so
nothing inside the run could be found. Each such character is therefore written as a word of its own,
and a run of them in a query becomes a phrase.
"""

from __future__ import annotations

import re

from imagedb_site.records import Value

_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\uff66-\uff9d"
    "\uffa0-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
CJK_CHARACTER = re.compile(f"[{_CJK}]")
"""Han, kana, bopomofo and hangul letters: one token each in full text."""

_BAREWORD = re.compile(r"[A-Za-z0-9_\x1a\x80-\U0010ffff]+")
_DIGITS = re.compile(r"(\d+)")
_SPACES = re.compile(r" {2,}")
# In the order in which the parts of a natural key compare: the end of the key, digits, text.
_END, _NUMBER, _TEXT = b"\0", b"\2", b"\3"


def _space_cjk(text: str) -> str:
    if text.isascii() or not CJK_CHARACTER.search(text):
        return text
    return _SPACES.sub(" ", CJK_CHARACTER.sub(r" \g<0> ", text)).strip(" ")


def fts_text(value: Value | None) -> str:
    """Returns what full text stores for `value`: tags joined by ", ", CJK characters spaced."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _space_cjk(", ".join(value))
    return _space_cjk(str(value))


def fts_query(text: str) -> str:
    """Returns the FTS5 query `text` with its CJK characters spaced as `fts_text` spaces them.

    Inside double quotes the characters are spaced in place. Outside, a word that contains any becomes a
    quoted phrase, so that prefixes (`東京*`), columns (`title:東京`) and operators keep their meaning.
    """
    if text.isascii() or not CJK_CHARACTER.search(text):
        return text

    def phrase(match: re.Match[str]) -> str:
        word = match.group()
        return f'"{_space_cjk(word)}"' if CJK_CHARACTER.search(word) else word

    # After splitting at the quotes, quoted text is at the odd places. `""` inside a phrase gives an
    # empty part at an even place and stays as it is.
    parts = text.split('"')
    for at, part in enumerate(parts):
        parts[at] = _space_cjk(part) if at % 2 else _BAREWORD.sub(phrase, part)
    return '"'.join(parts)


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
