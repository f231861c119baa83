"""Typographic characters that phones and input methods type for the signs of the query language.

docs/QUERY.md ("Typed characters") lists them. The twin is web_assets/src/engine/query/typed.ts.
"""

from __future__ import annotations

import re

from ..comparable import QUOTES, plain

__all__ = ["DASHES", "plain", "plain_range", "quoted_value", "with_minus"]

DASHES = "\u2010-\u2015\u2212\ufe58\ufe63"
"""Dashes and minus signs, as the inside of a character class."""


_UNQUOTED = re.compile(r"[\w.#&+-]+")
_ANY_QUOTE = re.compile(f'["\uff02{QUOTES}]')
_DASH = re.compile(f"[{DASHES}]")
_DOTS = re.compile("\\.{3}|[\u2025\u2026~\u301c]")
_DATE = "[0-9]{4}(?:-[0-9]{1,2}){0,2}(?:[Tt][0-9:]{1,8})?"
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_DATE_RANGE = re.compile(f"({_DATE})-({_DATE})")
_NUMBER_RANGE = re.compile(f"({_NUMBER})-({_NUMBER})")


def with_minus(token: str) -> str:
    """Returns `token` with a minus for a dash at its start."""
    return "-" + token[1:] if _DASH.match(token) else token


def plain_range(value: str, *, dates: bool) -> str:
    """Returns the value of a number or date filter with ASCII signs, and `..` between the ends of a range.

    Between two numbers or two dates a dash stands for `..`, and so do three dots.
    """
    text = _DOTS.sub("..", _DASH.sub("-", plain(value)))
    ends = (_DATE_RANGE if dates else _NUMBER_RANGE).fullmatch(text)
    return f"{ends[1]}..{ends[2]}" if ends else text


def quoted_value(value: str) -> str:
    """Returns `value` as a filter's text that is read back as this value.

    If it needs quotes, those inside are doubled.
    """
    if _UNQUOTED.fullmatch(value) and plain(value) == value:
        return value
    return '"' + _ANY_QUOTE.sub(r"\g<0>\g<0>", value) + '"'
