"""File names for pictures that come from elsewhere: harmless on every system, and free."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from imagedb_site.display import shown

_FORBIDDEN = re.compile(r'[<>:"|?*\\/\ufffd]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)", re.IGNORECASE)
_MAX_BYTES = 160


def safe_name(name: str, suffix: str, suffixes: Container[str]) -> str:
    """Returns a file name made of `name`, which may be anything.

    Spaces of all kinds and letters of all scripts stay. What drives a terminal, turns the direction of text
    or is reserved on some system does not, nor does U+FFFD, which means something in keys. The name's own
    suffix is kept if it is one of `suffixes`; otherwise it gets `suffix`.
    """
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    base = "".join(c if shown(c) == c else "_" for c in _FORBIDDEN.sub("_", base))
    stem, dot, own = base.rpartition(".")
    if not dot or "." + own.lower() not in suffixes:
        stem, own = base, suffix.removeprefix(".")
    stem = re.sub(r"^[\s.]+|[\s.]+$", "", stem)
    while len(stem.encode()) > _MAX_BYTES:
        stem = stem[:-1]
    if not stem or _RESERVED.fullmatch(stem.partition(".")[0].rstrip()):
        stem = f"picture_{stem}" if stem else "picture"
    return f"{stem}.{own}"


def free_name(name: str, mark: str, taken: Container[str]) -> str:
    """Returns `name`, with `mark` before its suffix if it is among `taken` (compared in lower case)."""
    if name.lower() not in taken:
        return name
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{mark}.{suffix}"
