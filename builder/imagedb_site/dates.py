"""Dates as people, cameras and programs write them, read into ISO 8601 with the precision they have.

The normal form is `YYYY[-MM[-DD[THH[:MM[:SS[.fraction]]]]]]`: the time on the wall, without an offset.
The guide lists the forms that are read (docs/guide/site-owner.md, "Dates").
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from imagedb_site.date_forms import FORMS, MAX_LENGTH, NO_TIME, PARTED, TIME, ZONE, plain_text
from imagedb_site.date_names import MONTHS

__all__ = ["MAX_LENGTH", "DateOrder", "date_span", "is_empty_date", "parse_date"]

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400

_NORMAL = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?)?)?)?)?"
)
_USUAL = re.compile(
    r"([0-9]{4})[:-]([0-9]{2})[:-]([0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-5][0-9])(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_EMPTY = re.compile(r"[\s0:./,\-]*t?[\s0:.z+\-]*")


def parse_date(text: str, *, day_first: bool | None = None) -> str | None:
    """Returns the date that `text` says in the normal form, or None if it says none. Never raises.

    Unknown parts, such as the blanks and zeros of EXIF, shorten the result: "1993:00:00" is "1993". A time
    that is blank or impossible is dropped, an offset as well. "About" and "?" are dropped. The years 1 to
    9999 are read; a year of two digits and a year before Christ are not dates here.

    `day_first` decides about "3/4/2019" (see `DateOrder`); without it, the month is first. A text that has
    one possible reading is read so in any case.
    """
    if _NORMAL.fullmatch(text):
        return text if date_span(text) is not None else None
    usual = _USUAL.fullmatch(text)
    if usual:
        # Most dates of a large table are like this, and need not be read by all the forms.
        normal = f"{usual[1]}-{usual[2]}-{usual[3]}T{usual[4]}"
        if date_span(normal) is not None:
            return normal
    found = _read(text)
    return found if found is None or isinstance(found, str) else found[bool(day_first)]


class DateOrder:
    """Decides for a column whether "3/4/2019" is 4 March or 3 April, from all of its values."""

    def __init__(self) -> None:
        self._day_first = 0
        self._month_first = 0
        self._ambiguous: str | None = None

    def add(self, text: str) -> None:
        """Counts one value of the column."""
        found = _read(text)
        if isinstance(found, tuple):
            self._ambiguous = self._ambiguous or text.strip()
            return
        parts = re.match(r"\s*(\d{1,2})[-/](\d{1,2})[-/]\d{4}", text) if found else None
        if parts and int(parts[1]) > 12:
            self._day_first += 1
        elif parts and int(parts[2]) > 12:
            self._month_first += 1

    @property
    def day_first(self) -> bool:
        """Whether the day is first: as in most values that have one reading, else False."""
        return self._day_first > self._month_first

    @property
    def note(self) -> str | None:
        """One sentence for the report if no value decides how ambiguous ones are read, else None."""
        if self._ambiguous is None or self._day_first != self._month_first:
            return None
        return (
            f"No value shows whether the day or the month is first in dates such as "
            f"“{self._ambiguous}”. They were read as month/day/year."
        )


def is_empty_date(text: str) -> bool:
    """Whether `text` is a date field without a date: "0000:00:00 00:00:00", blanks or separators alone."""
    return len(text) <= MAX_LENGTH and _EMPTY.fullmatch(text.strip("\0 \t\r\n").lower()) is not None


def date_span(text: str) -> tuple[float, float] | None:
    """Returns when a date in the normal form starts and how long it lasts, in seconds.

    The start counts from 1970-01-01T00:00:00 on the wall. A year, month, day, hour or minute lasts until the
    next one; a time with seconds is a moment of length 0. None if `text` is not a date in the normal form.
    """
    match = _NORMAL.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part or 1) for part in match.groups()[:3])
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    days = float(date(year, month, day).toordinal() - _EPOCH) * _DAY
    if match[2] is None:
        return days, (366 if monthrange(year, 2)[1] == 29 else 365) * _DAY
    if match[3] is None:
        return days, monthrange(year, month)[1] * _DAY
    if match[4] is None:
        return days, _DAY
    hour, minute, second = int(match[4]), int(match[5] or 0), float(match[6] or 0)
    if hour > 23 or minute > 59 or second >= 60:
        return None
    length = 3600 if match[5] is None else 60 if match[6] is None else 0
    return days + hour * 3600 + minute * 60 + second, length


def _read(text: str) -> str | tuple[str, str] | None:
    """The date in the normal form; if it is ambiguous, read with the month first and with the day first."""
    plain = plain_text(text)
    if not plain:
        return None
    for form in FORMS:
        match = form.fullmatch(plain)
        found = _of_parts(match.groupdict()) if match else None
        if found is not None:
            return found
    return None


def _of_parts(parts: dict[str, str | None]) -> str | tuple[str, str] | None:
    year = int(parts.get("year") or parts.get("year2") or 0)
    tail = parts.get("tail") or ""
    if parts.get("compact"):
        digits = re.sub(r"[^\d]", "", (parts["compact"] or "").partition(".")[0].partition(",")[0])
        fraction = re.search(r"[.,](\d+)", parts["compact"] or "")
        tail = "t" + ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
        tail += f".{fraction[1]}" if fraction else ""
    tail += parts.get("zone") or ""
    time = _time(tail)
    if time is None:
        return None
    first, second = parts.get("first"), parts.get("second")
    if first is not None and second is not None:
        month_first = _joined(year, int(first), int(second), time)
        day_first = _joined(year, int(second), int(first), time)
        if month_first is None or day_first is None:
            return month_first or day_first
        if len(month_first) != len(day_first):
            # One of the two is zero, and it is the day that is not known.
            return max(month_first, day_first, key=len)
        if parts["sep"] == ".":
            return day_first
        return day_first if month_first == day_first else (month_first, day_first)
    word = parts.get("word")
    if word is not None:
        month = MONTHS.get(word, 0)
        if not month:
            return None
    else:
        month = _known(parts.get("month") or parts.get("month2"))
    return _joined(year, month, _known(parts.get("day")), time)


def _known(part: str | None) -> int:
    part = (part or "").strip()
    return int(part) if part.isdecimal() else 0


def _joined(year: int, month: int, day: int, time: str) -> str | None:
    """The parts that are known, in the normal form; None if they are not a date. Zero is unknown."""
    text = f"{year:04}"
    if month:
        text += f"-{month:02}"
        if day:
            text += f"-{day:02}{time}"
    return text if date_span(text) is not None else None


def _time(tail: str) -> str | None:
    """The time of day as `THH[:MM[:SS[.fraction]]]`, "" if it is blank or impossible; None for other text."""
    wide = tail.startswith("t")
    tail = PARTED.sub(r"\1:\2:\3", tail.lstrip("t ,_"))
    for word in ("at ", "um ", "a las ", "alle ", "a "):
        tail = tail.removeprefix(word)
    if NO_TIME.fullmatch(tail):
        return ""
    match = TIME.fullmatch(tail)
    if match is None:
        return "" if re.fullmatch(ZONE, tail) else None
    hour, minute, second = int(match["hour"]), match["minute"], match["second"]
    if match["half"]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    elif (
        minute is None
        and not wide
        and match["open"] is None
        and "uhr" not in tail
        and "h" not in tail
    ):
        return None
    if hour > 23 or int(minute or 0) > 59 or int(second or 0) > 60:
        return ""
    text = f"T{hour:02}"
    if minute is not None:
        text += f":{int(minute):02}"
        if second is not None:
            # A leap second belongs to the minute it ends.
            text += f":{min(int(second), 59):02}"
            text += f".{_digits(match['fraction'])}" if match["fraction"] else ""
    return text


def _digits(fraction: str) -> str:
    return "".join(str(int(digit)) for digit in fraction[:9])
