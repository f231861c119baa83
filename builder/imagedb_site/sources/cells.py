"""One cell of a table read as text, number, truth value, web address or date."""

from __future__ import annotations

import re
from functools import lru_cache

from imagedb_site.dates import is_empty_date, parse_date

Cell = str | int | float | bool | list[str]

MAX_TEXT = 20_000
"""A longer text is cut."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_URL = re.compile(r"https?://[^\s<>\"]+")
_TRUE = "true yes wahr ja vrai oui verdadero sí vero"
_FALSE = "false no falsch nein faux non falso nee nej"
_BOOLEANS = {
    **dict.fromkeys(_TRUE.split(), True),
    **dict.fromkeys(_FALSE.split(), False),
}
DASHES = frozenset(["-", "--", "---", "----", "–", "—", "−", "_"])
"""What stands for no value in every column; exiftool writes "-"."""
MARKS = DASHES | {"na", "#n/a", "#na", "nan", "null", "\\n", "none", "nil", "<na>", "#null!", "nat"}
"""What programs write for no value, in lower case; a text column keeps those that are words."""
_UNKNOWN = (
    "unknown|unkown|n/a|n.a.|n. a.|n.a|?|??|???|(?)|tbd|tba|undated|not known|not available|no date|"
    "n.d.|nd|s.d.|"
    "unbekannt|k. a.|k.a.|k.a|ka|k. a|keine angabe|keine|o. a.|o. d.|o.d.|o. j.|o.j.|undatiert|ohne datum|"
    "inconnu|inconnue|s. d.|non daté|desconocido|desconocida|sin fecha|sconosciuto|ignoto|"
    "onbekend|okänd|ukendt|ukjent|nieznany|неизвестно|不明|未知|不详"
)
UNKNOWN = frozenset(_UNKNOWN.split("|"))
"""What people write for an unknown value, in lower case. A text column keeps it."""
LONGEST_MARK = 24

_SPACES = "\u00a0\u202f\u2009"
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_PLAIN = re.compile(rf"[+-]?(?:0|[1-9]\d{{0,15}})(?:\.\d{{1,40}})?{_EXPONENT}")


def _grouped(group: str, point: str) -> re.Pattern[str]:
    groups = rf"[1-9]\d{{0,2}}(?P<group>[{group}'’{_SPACES}])\d{{3}}(?:(?P=group)\d{{3}})*"
    return re.compile(
        rf"[+-]?(?:(?:{groups}|0|[1-9]\d*)(?:{point}\d{{1,40}})?|{point}\d{{1,40}}){_EXPONENT}"
    )


_POINT = _grouped(",", r"\.")
_COMMA = _grouped(r"\.", ",")
_GROUP = {False: re.compile(rf"[,'’{_SPACES}]"), True: re.compile(rf"[.'’{_SPACES}]")}
_UNIT = re.compile(
    r"(?P<number>.*\d)(?:"
    r"[ \u00a0\u202f]?(?P<near>%|‰|°C|°F|°|px|µm|mm|cm|km|kg|Hz|kHz|kB|KB|MB|GB|dpi|mm²|cm²|m²|km²|€)|"
    r"[ \u00a0\u202f](?P<apart>dm|m|in|ft|mi|g|mg|s|ms|min|h|bytes|MP|ha|l|ml|V|W|EV|\$|£|CHF|EUR|USD))"
)
"""Letters of their own after a number may be a part of its name: 5s, 12V."""
_MONEY = frozenset("$€£¥")
_CODE = re.compile(r"(?=.*\d)[\w.,\-/+]+")
_LONGEST_NUMBER = 60
_MOST_DIGITS = 11
EXACT = 1 << 53
"""Larger whole numbers have no exact form in JavaScript."""


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Returns `text` without control characters and bidirectional overrides, at most `limit` long."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text[: 2 * limit]).strip()[:limit].strip()


def as_text(cell: Cell) -> str:
    """Returns a cell as text; "" for a dash alone."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = clean("\n".join(cell) if isinstance(cell, list) else str(cell))
    return "" if text in DASHES else text


def split_unit(text: str) -> tuple[str, str]:
    """Returns a number and its unit, "" if it has none."""
    if text[:1] in _MONEY:
        return text[1:].lstrip(), text[0]
    match = _UNIT.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    return (match["number"], match["near"] or match["apart"]) if match else (text, "")


def is_code(text: str) -> bool:
    """Whether `text`, which is not a number, is a name with digits, such as 007, 12a or an ISBN."""
    return _CODE.fullmatch(text.strip()) is not None


def parse_number(cell: Cell, comma: bool = False) -> int | float | None:
    """Returns the number in `cell`, or None.

    With `comma`, the decimal sign is a comma and a point groups thousands; otherwise the reverse. Numbers
    with leading zeros or more than 11 digits are names, and those above 2^53 have no exact form: None.
    """
    if isinstance(cell, (bool, list)):
        return None
    if isinstance(cell, (int, float)):
        return cell if abs(cell) <= EXACT else None
    text = cell.strip()
    if not comma and _PLAIN.fullmatch(text):
        return _number(text)
    if len(text) > _LONGEST_NUMBER:
        return None
    text = text.replace("−", "-", 1)
    if not (_COMMA if comma else _POINT).fullmatch(text):
        return None
    text = _GROUP[comma].sub("", text)
    return _number(text.replace(",", ".") if comma else text)


def _number(text: str) -> int | float | None:
    digits = text.lstrip("+-")
    if digits.isdecimal():
        return int(text) if len(digits) <= _MOST_DIGITS else None
    number = float(text)
    return number if abs(number) < 1e300 else None


def parse_boolean(cell: Cell) -> bool | None:
    """Returns the truth value in `cell`, or None."""
    if isinstance(cell, bool):
        return cell
    return _BOOLEANS.get(cell.strip().lower()) if isinstance(cell, str) else None


def parse_url(cell: Cell) -> str | None:
    """Returns the web address in `cell`, or None."""
    text = cell.strip() if isinstance(cell, str) else ""
    return text if len(text) <= 2_000 and _URL.fullmatch(text) else None


_FULL = re.compile(r"(\d{4})([-:])(\d\d)\2(\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?")


@lru_cache(1 << 12)
def date_of(text: str, day_first: bool | None = None) -> str | None:
    """Returns the date in `text` in the normal form of `dates`, or None."""
    match = _FULL.fullmatch(text)
    if match:
        # The usual forms of programs, in a fraction of the time.
        found = parse_date(f"{match[1]}-{match[3]}-{match[4]}{'T' + match[5] if match[5] else ''}")
        if found is not None:
            return found
    return parse_date(text, day_first=day_first)


def no_date(text: str) -> bool:
    """Whether `text` is what programs write for an unknown date: zeros or blanks between separators."""
    return (text[:4] == "0000" or ":" in text) and is_empty_date(text)
