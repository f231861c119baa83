"""Keys: the paths of pictures as text, whatever their names are (docs/FORMAT.md 2.7).

A file name on Linux is a row of bytes that may not be text. Python has lone surrogates for such bytes, which
no UTF-8 file can hold. A key has U+FFFD and two hexadecimal digits for each of these bytes: `caf\\xe9.jpg`
gets the key `caf�E9.jpg`. A real U+FFFD before two such digits is written as its own three bytes. So every
path has its own key, and the path can be found from the key.
"""

from __future__ import annotations

import os
import re
import unicodedata

_MARK = "\ufffd"
_TO_ESCAPE = re.compile("[\ud800-\udfff]|\ufffd(?=[89A-F][0-9A-F])")
_ESCAPED = re.compile("(?:\ufffd[89A-F][0-9A-F])+")
_INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")


def key_of(path: str) -> str:
    """Returns the key of a relative path; a different one for each path. It can be stored as UTF-8."""
    return path if path.isascii() else _TO_ESCAPE.sub(_escape, path)


def path_of(key: str) -> str:
    """Returns the path that has this key, as the system's functions for files take it."""
    if _MARK not in key:
        return key
    parts: list[bytes] = []
    start = 0
    for match in _ESCAPED.finditer(key):
        parts.append(_bytes(key[start : match.start()]))
        parts.append(bytes.fromhex(match[0].replace(_MARK, "")))
        start = match.end()
    parts.append(_bytes(key[start:]))
    return os.fsdecode(b"".join(parts))


def split_suffix(name: str) -> tuple[str, str]:
    """Returns a file name without its suffix, and the suffix in lower case with its dot.

    Dots, spaces and invisible characters after the suffix do not count: `A.JPG ` gives `("A", ".jpg")`. A
    name that begins with its only dot has no suffix.
    """
    end = len(name)
    while end and (name[end - 1] == "." or unicodedata.category(name[end - 1]) in _INVISIBLE):
        end -= 1
    stem, suffix = os.path.splitext(name[:end])  # noqa: PTH122  (one Path per file is slow)
    return stem, suffix.lower()


def _escape(match: re.Match[str]) -> str:
    return "".join(f"{_MARK}{byte:02X}" for byte in _bytes(match[0]))


def _bytes(text: str) -> bytes:
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
