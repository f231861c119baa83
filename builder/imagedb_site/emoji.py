"""Emoji in texts, and what they are called in English (docs/QUERY.md, "Emoji").

The twin is web_assets/src/base/emoji.ts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from imagedb_site.text import EMOJI_SEQUENCE

# Keycaps, and signs that are emoji only with the selector behind them.
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_SIGN = "[\u00a9\u00ae\u203c\u2049\u2122\u2139]\ufe0f"
_EMOJI = re.compile(f"{_KEYCAP}|{_SIGN}|{EMOJI_SEQUENCE.pattern}")
_LEFT_OUT = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_TAGS = re.compile("[\U000e0020-\U000e007f]")
_JOINER = "\u200d"
_SPACES = re.compile(" {2,}")


def emoji_in(text: str) -> list[str]:
    """Returns the emoji and symbols of `text` in order, each with its modifiers and joined parts."""
    return [] if text.isascii() else _EMOJI.findall(text)


def emoji_name(sequence: str) -> str | None:
    """Returns the English name of an emoji, or None if it has none.

    Variation selectors and skin tones do not count. A joined sequence without a name of its own has the
    names of its parts.
    """
    key = _LEFT_OUT.sub("", sequence)
    own = _names().get(key)
    if own is not None:
        return own
    parts = [_TAGS.sub("", part) for part in key.split(_JOINER)]
    return " ".join(name for part in parts if (name := _names().get(part))) or None


def spelled_out(text: str) -> str:
    """Returns `text` with the name of each emoji in its place; those without a name stay."""
    return replace_emoji(text, emoji_name)


def replace_emoji(text: str, name_of: Callable[[str], str | None]) -> str:
    """Returns `text` with what `name_of` gives for each emoji, between spaces; None keeps the emoji."""
    if text.isascii():
        return text

    def named(found: re.Match[str]) -> str:
        name = name_of(found[0])
        return found[0] if name is None else f" {name} "

    replaced = _EMOJI.sub(named, text)
    return text if replaced == text else _SPACES.sub(" ", replaced).strip(" ")


@cache
def _names() -> dict[str, str]:
    """The name of each sequence without variation selectors and skin tones."""
    text = Path(__file__).with_name("emoji_names.txt").read_text(encoding="utf-8")
    lines = (line.partition(" ") for line in text.splitlines())
    return {sequence: name for sequence, _, name in lines}
