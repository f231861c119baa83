"""Text out of metadata: decoded, in one Unicode form, without control characters, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufff9-\uffff\u202a-\u202e\u2066-\u2069]"
)
"""Joiners (U+200C, U+200D) stay: Persian words and emoji need them."""
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNKNOWN = {"unknown", "none", "n/a", "null", "----", "-", "."}


def clean(text: str, limit: int) -> str:
    """Returns `text` in NFC, without control characters and bidirectional overrides.

    At most `limit` characters long.
    """
    text = _NEWLINES.sub("\n", text[: 2 * limit + 64])
    return normalize("NFC", _CONTROL.sub("", text)).strip()[:limit].strip()


def decode(data: bytes) -> str:
    """Returns `data` as text: UTF-16 if it has a byte order mark, else UTF-8, else Windows-1252.

    A character that a limit on bytes has cut in two at the end is left out.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "ignore")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(data) and error.reason == "unexpected end of data" and error.start:
            return data[: error.start].decode("utf-8", "ignore")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def decode_comment(data: bytes) -> str:
    """Returns a comment as text; empty if it has NULs inside, because then it is not text."""
    data = data.strip(b"\0 ")
    return "" if b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff") else decode(data)


def as_utf8(text: str) -> str:
    """Returns `text`, read as Latin-1, as UTF-8 or Windows-1252 if that is what the bytes are."""
    if text.isascii():
        return text
    try:
        return decode(text.encode("latin-1"))
    except UnicodeEncodeError:
        return text


def to_text(value: object, limit: int) -> str:
    """Returns a value of any type as clean text; empty if it is not text. Text ends at a NUL."""
    if isinstance(value, (tuple, list)) and value and all(isinstance(v, int) for v in value):
        # Windows stores its XP… tags as bytes of UTF-16.
        try:
            value = bytes(value)
        except ValueError:
            return ""
    if isinstance(value, bytes):
        wide = len(value) >= 4 and value[1::2].count(0) * 2 > len(value[1::2])
        value = value.decode("utf-16-le", "ignore") if wide else decode(value)
    if not isinstance(value, str):
        return ""
    return clean(value.partition("\0")[0], limit)


def known_text(value: object, limit: int) -> str:
    """Returns a value as clean text; empty if it only says that nothing is known."""
    text = to_text(value, limit)
    return "" if text.casefold() in _UNKNOWN else text


def one_line(value: object, limit: int) -> str:
    """Returns a value as clean text on one line, with single spaces."""
    return " ".join(to_text(value, limit).split())


def fold(text: str) -> str:
    """Returns `text` as it is compared: without regard to letter case and spaces."""
    return " ".join(normalize("NFKC", text).casefold().split())


def distinct(texts: Iterable[str]) -> list[str]:
    """Returns the texts that are not empty, each once."""
    return list(dict.fromkeys(text for text in texts if text))
