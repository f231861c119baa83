"""File names in tables and how they are compared with the paths of pictures."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def normal_name(name: str) -> str:
    """Returns the path `name` in the one form in which paths are compared: NFC, "/", no empty parts."""
    parts = unicodedata.normalize("NFC", name.strip().replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def short_names(name: str) -> Iterator[str]:
    """Yields what a file may be called without its folder: its name, then its name without suffix."""
    base = name.rpartition("/")[2]
    yield base
    stem, dot, _ = base.rpartition(".")
    if dot and stem:
        yield stem


def endings(name: str) -> Iterator[str]:
    """Yields the short names of the path `name`, each followed by its folders from the last to the first.

    Every part ends in "/", so paths with the same last parts have endings with the same start.
    """
    folders = "".join(f"{folder}/" for folder in reversed(name.split("/")[:-1]))
    for short in short_names(name):
        yield f"{short}/{folders}"
