"""What a column holds, judged by all its values, and each value in its stored form."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Sequence

from imagedb_site import fts
from imagedb_site.records import FieldSpec, FieldType, Value
from imagedb_site.sources.tables import Cell

RESERVED = fts.RESERVED | frozenset(
    ["file", "height", "id", "image_id", "key", "path", "row", "width"]
)
"""Names that the format, full text or the query language use; such a column becomes `meta_<name>`."""

_TAG_COLUMNS = frozenset({"categories", "genres", "keywords", "labels", "subjects", "tag", "tags"})
_MAX_TEXT = 20_000
_MAX_TAG = 200
_MAX_TAGS = 1_000
_SHORT_TAG = 40
_LONG_ITEM = 48
_MAX_CATEGORY = 64
_MAX_CATEGORIES = 1_000

_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d{0,15})(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?")
_DATE = re.compile(
    r"(\d{4})([-:/])(\d\d)\2(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?)?"
)
_URL = re.compile(r"https?://[^\s<>\"]+")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


def clean(text: str, limit: int = _MAX_TEXT) -> str:
    """Returns `text` without control characters and bidirectional overrides, at most `limit` long."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text[: 2 * limit]).strip()[:limit].strip()


def field_name(label: str, at: int) -> str:
    """Returns the field's name for a column called `label`: `ImageWidth` → `image_width`.

    `at`, the column's position, names a column that has no Latin letter or digit.
    """
    plain = (
        unicodedata.normalize("NFKD", label.replace("ß", "ss")).encode("ascii", "ignore").decode()
    )
    name = _NOT_NAME.sub("_", _WORD_START.sub("_", plain).lower()).strip("_")
    if not name:
        name = f"column_{at + 1}"
    if not name[0].isalpha():
        name = f"n_{name}"
    return f"meta_{name}"[:63] if name in RESERVED else name[:63].rstrip("_")


def parse_date(text: str) -> str | None:
    """Returns the date as `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS` (wall clock), `None` if it is none."""
    match = _DATE.fullmatch(text.strip())
    if not match:
        return None
    year, _, month, day, hour, minute, second = match.groups()
    try:
        if hour is None:
            return datetime.date(int(year), int(month), int(day)).isoformat()
        return datetime.datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0)
        ).isoformat()
    except ValueError:
        return None


def parse_number(cell: Cell) -> int | float | None:
    """Returns the number `cell` holds. Numbers with leading zeros are names, not amounts."""
    if isinstance(cell, (bool, list)):
        return None
    if isinstance(cell, (int, float)):
        return cell if abs(cell) <= 1 << 53 else None
    text = cell.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if number.is_integer() and abs(number) <= 1 << 53 and text.lstrip("+-").isdecimal():
        return int(text)
    return number if abs(number) < float("inf") else None


def _parse_boolean(cell: Cell) -> bool | None:
    if isinstance(cell, bool):
        return cell
    return _BOOLEANS.get(cell.strip().lower()) if isinstance(cell, str) else None


def _parse_url(cell: Cell) -> str | None:
    text = cell.strip() if isinstance(cell, str) else ""
    return text if len(text) <= 2_000 and _URL.fullmatch(text) else None


def _parse_date_cell(cell: Cell) -> str | None:
    return parse_date(cell) if isinstance(cell, str) else None


def _as_text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return clean("\n".join(cell) if isinstance(cell, list) else str(cell))


_PARSERS: dict[FieldType, Callable[[Cell], Value | None]] = {
    "boolean": _parse_boolean,
    "number": parse_number,
    "date": _parse_date_cell,
    "url": _parse_url,
}


def infer(
    name: str, label: str, cells: Sequence[Cell]
) -> tuple[FieldSpec, Callable[[Cell], Value]]:
    """Returns the field for a column with these values, and the function that stores a value.

    A type is chosen only where every value fits it; text takes everything.
    """
    label = _shown(clean(label, 100) or name)
    for kind, parse in _PARSERS.items():
        if cells and all(parse(cell) is not None for cell in cells):
            filters = kind != "url"
            spec = FieldSpec(name, label, kind, facet=filters, column=filters)
            return spec, _total(parse)
    # A few values that keep coming back are categories even with a ";" inside, as licences have.
    separator = (
        None
        if name not in _TAG_COLUMNS and _is_category(cells, 50)
        else (_tag_separator(name, cells))
    )
    if separator is not None:
        spec = FieldSpec(name, label, "tags", fts=True, facet=True, column=True)
        return spec, lambda cell: _split(cell, separator)
    if _is_category(cells):
        return FieldSpec(name, label, "category", fts=True, facet=True, column=True), _as_text
    return FieldSpec(name, label, "text", fts=True), _as_text


def _shown(label: str) -> str:
    """Returns a label for people: `image_size` → `Image size`; what has capitals stays."""
    return label.replace("_", " ").capitalize() if label == label.lower() else label


def _total(parse: Callable[[Cell], Value | None]) -> Callable[[Cell], Value]:
    def store(cell: Cell) -> Value:
        value = parse(cell)
        assert value is not None, "infer() looked at every value"
        return value

    return store


def _tag_separator(name: str, cells: Sequence[Cell]) -> str | None:
    """Returns what separates the tags: "" for lists, `None` where the values are no tags."""
    lists = [cell for cell in cells if isinstance(cell, list)]
    if lists:
        items = sorted(len(item) for cell in lists for item in cell)
        # Lists of sentences are several texts, not tags.
        return "" if items[len(items) * 3 // 4] <= _LONG_ITEM else None
    texts = [cell for cell in cells if isinstance(cell, str)]
    if not texts or len(texts) < len(cells):
        return None
    for separator in ";|,":
        if separator == "," and name not in _TAG_COLUMNS:
            continue
        several = [text for text in texts if separator in text]
        parts = [part.strip() for text in several for part in text.split(separator)]
        short = all(len(part) <= _SHORT_TAG for part in parts)
        if several and short and (len(several) * 5 >= len(texts) or name in _TAG_COLUMNS):
            return separator
    return "\0" if name in _TAG_COLUMNS and _is_category(cells) else None


def _split(cell: Cell, separator: str) -> list[str]:
    parts = cell if isinstance(cell, list) else str(cell).split(separator or "\0")
    tags = (clean(part.replace("\n", " "), _MAX_TAG) for part in parts)
    return list(dict.fromkeys(tag for tag in tags if tag))[:_MAX_TAGS]


def _is_category(cells: Sequence[Cell], uses: int = 2) -> bool:
    """Tells whether the values are short and come back often, `uses` times on average."""
    texts = [str(cell) for cell in cells if not isinstance(cell, list)]
    if len(texts) < len(cells) or any(len(t) > _MAX_CATEGORY or "\n" in t for t in texts):
        return False
    distinct = len(set(texts))
    return distinct <= _MAX_CATEGORIES and distinct * uses <= len(texts)
