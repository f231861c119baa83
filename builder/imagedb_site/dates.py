"""Dates as people, cameras and programs write them, read into ISO 8601 with the precision they have.

The normal form is `YYYY[-MM[-DD[THH[:MM[:SS[.fraction]]]]]]`: the time on the wall, without an offset.
The guide lists the forms that are read (docs/guide/site-owner.md, "Dates").
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from imagedb_site.date_names import MONTHS, WEEKDAYS, folded

MAX_LENGTH = 100
"""A longer text is not a date."""

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400

_NORMAL = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?)?)?)?)?"
)
_DASHES = str.maketrans("‐‑‒–—−⁄∕", "------//")
_ABOUT = re.compile(
    r"(?:c|ca|circa|cca|approx|approximately|about|around|um|etwa|vers|environ|env|~)\b ?\.? ?|~ ?"
)
_DOUBT = re.compile(r" ?(?:\(\?\)|[?~%]|г\.?|года)$")
_EMPTY = re.compile(r"[\s0:./,\-]*t?[\s0:.z+\-]*")

# The parts of the patterns below; all texts are folded to lower case and single spaces first.
_TAIL = r"(?P<tail>[t ,].*)?"
_PART = r"{0}| ?[x?u*_]{{1,2}}"
_NUMBER = r" ?\d{1,2}"
_ERA = r"(?: ?(?:ad|ce|a\.d\.|c\.e\.|n\.? ?chr\.?))"
_OF = r"(?:(?:of|de|del|di) |d')?"
_NTH = r"(?:st|nd|rd|th|er|e|o|a|º|\.)?"
_WORD = r"(?P<word>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<year>\d{4})"
_D = r"(?P<day>\d{1,2})"

_FORMS = [
    re.compile(form)
    for form in (
        # 1993, 1993-05, 1993:05:12, "1993: :", 1993-XX-XX, 2019/12/24
        rf"{_YEAR}{_ERA}?",
        rf"{_YEAR}(?P<sep>[-/:])(?P<month>{_PART.format(_NUMBER)})"
        rf"(?:(?P=sep)(?P<day>{_PART.format(_NUMBER)}){_TAIL})?",
        rf"{_YEAR}:(?P<month>{_NUMBER}| ?)(?::(?P<day>{_NUMBER}| ?){_TAIL})?",
        rf"{_YEAR}\. ?(?P<month>\d{{1,2}})\. ?(?P<day>\d{{1,2}})\.?{_TAIL}",
        # 19930512, 20191224_153000
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)"
        r"(?P<compact>[t _-]?(?:[01]\d|2[0-4])[0-5]\d(?:[0-6]\d(?:[.,]\d{1,9})?)?)?(?P<zone>.*)",
        # 24.12.2019, 12/24/2019, 05.1993, 12/2019
        rf"(?P<first>\d{{1,2}})(?P<sep>[-/.]) ?(?P<second>\d{{1,2}})(?P=sep) ?{_YEAR}{_TAIL}",
        rf"(?P<month>\d\d)\.{_YEAR}|(?P<month2>\d{{1,2}}) ?[-/] ?(?P<year2>\d{{4}})",
        # 24 December 2019, Dec 24, 2019, May 1993, 1993 May 12, Dec 24 15:30:00 2019
        rf"{_D}{_NTH}[ -]?{_OF}{_WORD},?[ -]?{_OF}{_YEAR}{_TAIL}",
        rf"{_WORD}[ -]?{_D}{_NTH},?[ -]{_YEAR}{_TAIL}",
        rf"{_WORD},?[ -/]{_OF}{_YEAR}",
        rf"{_YEAR}[ -/]{_WORD}(?:[ -/]{_D}{_TAIL})?",
        rf"{_WORD} {_D}(?P<tail> \d\d:\d\d(?::\d\d)?)(?: [a-z]{{2,5}}| [+-]\d{{4}})? {_YEAR}",
        # 2019年12月24日, 2019년 12월 24일, AD 79
        rf"{_YEAR} ?[年년](?: ?(?P<month>\d{{1,2}}) ?[月월](?: ?(?P<day>\d{{1,2}}) ?[日일]{_TAIL})?)?",
        rf"ad ?(?P<year>\d{{1,4}})|(?P<year2>\d{{1,4}}){_ERA}",
    )
]
_ZONE = r"(?: ?(?:z|[a-z]{1,5}))?(?: ?[+-]\d\d?(?::?\d\d)?)?(?: ?\([^()]*\)| ?\[[^\[\]]*\]| [a-z_]+/[a-z_]+)?"
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,:](?P<fraction>\d+))?)?|"
    r"(?P<open>: ?(?:: ?)?)|h)?(?:[: ]*)(?: ?uhr)?(?: ?(?P<half>[ap])\.? ?m\.?)?" + _ZONE
)
_NO_TIME = re.compile(r"[\s:.x?_-]*")


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
    plain = _plain(text)
    if not plain:
        return None
    for form in _FORMS:
        match = form.fullmatch(plain)
        found = _of_parts(match.groupdict()) if match else None
        if found is not None:
            return found
    return None


def _plain(text: str) -> str:
    """Folded to lower case, plain dashes and single spaces, without weekday and signs of doubt."""
    # EXIF fills its texts up with NUL or blanks.
    text = text[: 10 * MAX_LENGTH + 1].partition("\0")[0]
    if len(text) > 10 * MAX_LENGTH or not 0 < len(text := text.strip()) <= MAX_LENGTH:
        return ""
    text = " ".join(folded(text).translate(_DASHES).split())
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1].strip()
    text = WEEKDAYS.sub("", text, count=1)
    about = _ABOUT.match(text)
    return _DOUBT.sub("", text[about.end() :] if about else text)


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
    """The parts that are known, in the normal form; None if they are no date. Zero is unknown."""
    text = f"{year:04}"
    if month:
        text += f"-{month:02}"
        if day:
            text += f"-{day:02}{time}"
    return text if date_span(text) is not None else None


def _time(tail: str) -> str | None:
    """The time of day as `THH[:MM[:SS[.fraction]]]`, "" if it is blank or impossible; None for other text."""
    wide = tail.startswith("t")
    tail = tail.lstrip("t ,")
    for word in ("at ", "um ", "a las ", "alle ", "a "):
        tail = tail.removeprefix(word)
    if _NO_TIME.fullmatch(tail):
        return ""
    match = _TIME.fullmatch(tail)
    if match is None:
        return "" if re.fullmatch(_ZONE, tail) else None
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
