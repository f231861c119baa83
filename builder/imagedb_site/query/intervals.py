"""Which numbers and dates a field term means (docs/QUERY.md, "Fields")."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from ..dates import date_span
from .index import Column, Mask, Reach
from .parse import FieldTerm
from .typed import plain_range

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[Tt]([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)?)?)?)?"
)
_MARKS = ("", "-", "-", "T", ":", ":")


def interval_mask(term: FieldTerm, column: Column, *, dates: bool) -> Mask:
    """The rows of a column of numbers or dates that match a field term, before negation, bool[count].

    `2019..2021` includes both ends. A date is the interval it says: `:`, `=`, ranges, `>=` and `<=` take a
    value whose interval may reach into theirs, `>` and `<` one that is wholly after or before.
    """
    assert column.numbers is not None
    mask = np.zeros(len(column.numbers), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        if dates:
            for low, high, within in _date_intervals(term):
                mask |= _date_mask(column, low, high, within)
        else:
            for low, high in _number_intervals(term):
                mask |= (column.numbers >= low) & (column.numbers <= high)
    return mask


def interval_reach(term: FieldTerm, *, dates: bool) -> Reach:
    """Whether a block of numbers or dates may have a row of `interval_mask`, by the range of its values."""
    if not dates:
        numbers = list(_number_intervals(term))
        return lambda least, most: any(least <= high and most >= low for low, high in numbers)
    spans = list(_date_intervals(term))
    # A date ends less than a second after its last second.
    return lambda first, last: any(first < high and last + 1 > low for low, high, _ in spans)


def _date_mask(column: Column, low: float, high: float, within: bool) -> Mask:
    """The dates that touch the seconds from `low` to before `high`, or lie within them."""
    starts = column.numbers
    assert starts is not None
    ends = starts if column.lengths is None else starts + column.lengths
    if within:
        return np.asarray((starts >= low) & (starts < high) & (ends <= high))
    return np.asarray((starts < high) & ((starts >= low) | (ends > low)))


def _date_intervals(term: FieldTerm) -> Iterator[tuple[float, float, bool]]:
    """Start and end of each alternative in seconds, and whether a value must lie within it."""
    if term.operator in (":", "="):
        for alternative in term.alternatives:
            low_text, dots, high_text = plain_range(alternative, dates=True).partition("..")
            low = (-math.inf, -math.inf) if dots and not low_text else date_bounds(low_text)
            high = (
                low if not dots else date_bounds(high_text) if high_text else (math.inf, math.inf)
            )
            if low is not None and high is not None and low[0] < high[1]:
                yield low[0], high[1], False
        return
    bounds = date_bounds(plain_range(term.value, dates=True))
    if bounds is None:
        return
    match term.operator:
        case ">":
            yield bounds[1], math.inf, True
        case ">=":
            yield bounds[0], math.inf, False
        case "<":
            yield -math.inf, bounds[0], True
        case _:
            yield -math.inf, bounds[1], False


def date_bounds(text: str) -> tuple[float, float] | None:
    """The start of a date in a query and of the next date, in seconds; None if it is not a date.

    A year, a month, a day, an hour, a minute or a second: `2020`, `2020-5`, `2020-05-07T10:30`.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    parts = [part for part in match.groups() if part is not None]
    padded = "".join(mark + part.rjust(2, "0") for mark, part in zip(_MARKS, parts, strict=False))
    span = date_span(padded)
    return None if span is None else (span[0], span[0] + (span[1] or 1))


def _number_intervals(term: FieldTerm) -> Iterator[tuple[float, float]]:
    """The closed interval of each alternative."""
    if term.operator in (":", "="):
        for alternative in term.alternatives:
            low_text, dots, high_text = plain_range(alternative, dates=False).partition("..")
            low = -math.inf if dots and not low_text else _number(low_text)
            high = low if not dots else _number(high_text) if high_text else math.inf
            if low is not None and high is not None:
                yield low, high
        return
    bound = _number(plain_range(term.value, dates=False))
    if bound is None:
        return
    match term.operator:
        case ">":
            yield math.nextafter(bound, math.inf), math.inf
        case ">=":
            yield bound, math.inf
        case "<":
            yield -math.inf, math.nextafter(bound, -math.inf)
        case _:
            yield -math.inf, bound


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None
