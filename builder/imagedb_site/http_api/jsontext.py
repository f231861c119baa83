"""JSON as JavaScript's JSON.stringify writes it: the service worker's answers have the same bytes."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_EXACT = 2**53


def json_text(value: Any) -> str:
    """`value` (dicts, lists, texts, numbers, booleans, None) as JSON without spaces, keys in their order."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(k)}:{json_text(v)}" for k, v in value.items()) + "}"
    return "[" + ",".join(json_text(item) for item in value) + "]"


def number_text(value: int | float) -> str:
    """A number as JavaScript prints it."""
    if isinstance(value, int) and abs(value) <= _EXACT:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    exact = Decimal(repr(abs(number))).as_tuple()
    digits = "".join(str(digit) for digit in exact.digits)
    # The value is 0.digits · 10^point.
    point = len(digits) + int(exact.exponent)
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = point - 1
    shown = f"e{'+' if exponent >= 0 else '-'}{abs(exponent)}"
    return sign + digits[0] + (f".{digits[1:]}" if digits[1:] else "") + shown
