"""File names for pictures that come from elsewhere: harmless on every system, and free."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

_FORBIDDEN = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_MAX_BYTES = 160


def safe_name(name: str, suffix: str, suffixes: Container[str]) -> str:
    """Returns a file name made of `name`, which may be anything.

    Its own suffix is kept if it is one of `suffixes`; otherwise it gets `suffix`.
    """
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    base = "".join(c if c.isprintable() else "_" for c in _FORBIDDEN.sub("_", base))
    stem, dot, own = base.rpartition(".")
    if not dot or "." + own.lower() not in suffixes:
        stem, own = base, suffix.removeprefix(".")
    stem = stem.strip(" .")
    while len(stem.encode()) > _MAX_BYTES:
        stem = stem[:-1]
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"picture_{stem}" if stem else "picture"
    return f"{stem}.{own}"


def free_name(name: str, mark: str, taken: Container[str]) -> str:
    """Returns `name`, with `mark` before its suffix if it is among `taken` (compared in lower case)."""
    if name.lower() not in taken:
        return name
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{mark}.{suffix}"
