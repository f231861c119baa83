"""Values of data files whose fields are known, read strictly; what does not fit is a fault of its row."""

from __future__ import annotations

import datetime
import math
import re

from imagedb_site.records import Value
from imagedb_site.sources.cells import EXACT, clean
from imagedb_site.sources.faults import Faults, quoted

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)")
_NO_TIME = "1970-01-01T00:00:00"
"""The dumps of Danbooru write the start of Unix time for a missing time."""


class Values:
    """Collects the fields of a row; `where` numbers it in messages. Missing values are left out."""

    def __init__(self, faults: Faults, number: int) -> None:
        self.fields: dict[str, Value] = {}
        self._faults = faults
        self._number = number

    def misfit(self, name: str, value: object, what: str) -> None:
        """Reports a value that was left out."""
        self._faults.row(
            f'values of "{name}" that are not {what}',
            self._number,
            f'has the value {quoted(str(value)[:400])} for "{name}", which is not {what}; it was left out',
        )

    def number(self, name: str, value: object, *, least: float = -math.inf) -> None:
        """Takes a number, or a text that is one; less than `least` counts as missing."""
        if value is None or value == "":
            return
        found = as_number(value)
        if found is None:
            if not (isinstance(value, float) and math.isnan(value)):
                self.misfit(name, value, "a number")
        elif found >= least:
            self.fields[name] = found

    def text(self, name: str, value: object, limit: int = 20_000) -> None:
        """Takes a text."""
        if value is None:
            return
        if not isinstance(value, str):
            self.misfit(name, value, "a text")
            return
        found = clean(value, limit)
        if found:
            self.fields[name] = found

    def matching(self, name: str, value: object, form: re.Pattern[str], what: str) -> None:
        """Takes a text of this form; an empty one is missing."""
        if isinstance(value, str) and form.fullmatch(value):
            self.fields[name] = value
        elif value is not None and value != "":
            self.misfit(name, value, what)

    def time(self, name: str, value: object) -> None:
        """Takes a time: its date and time of day as they are written, without the zone."""
        if isinstance(value, datetime.datetime):
            text = value.replace(tzinfo=None).isoformat(timespec="seconds")
        elif isinstance(value, str):
            match = _TIME.match(value)
            text = f"{match[1]}T{match[2]}" if match else ""
            if value and not match:
                self.misfit(name, value, "a time")
        elif value is None:
            return
        else:
            self.misfit(name, value, "a time")
            return
        if text and text != _NO_TIME:
            self.fields[name] = text

    def flag(self, name: str, value: object) -> None:
        """Takes a truth value, or one of the texts "true" and "false"."""
        plain = (
            {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        )
        if isinstance(plain, bool):
            self.fields[name] = plain
        elif value is not None:
            self.misfit(name, value, "true or false")


def as_number(value: object) -> int | float | None:
    """Returns a number, or the number in a text; None for others. A float without a fraction is whole."""
    if type(value) is int:
        return value if -EXACT <= value <= EXACT else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            return None
        text = value.strip()
        value = float(text) if "." in text else int(text)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) <= EXACT else value
    if isinstance(value, int):
        return value if abs(value) <= EXACT else None
    return None
