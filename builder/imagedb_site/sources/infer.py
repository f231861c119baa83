"""The type of a column, decided by all its cells, and the stored form of each cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from imagedb_site import fts
from imagedb_site.dates import parse_date
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


def parse_number(cell: Cell) -> int | float | None:
    """Returns the number in `cell`, or None. Numbers with leading zeros are names, not amounts."""
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


Store = Callable[[Cell], Value | None]
"""Returns the stored form of a cell."""


class Tally:
    """The facts about a column that decide its type, counted cell by cell; no cells are kept.

    `name` is the column's field name. Memory is bounded: at most 1,001 short values per column.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tag_column = name in _TAG_COLUMNS
        self._count = 0
        self._fitting = list(_PARSERS.items())
        self._texts = 0
        self._items = 0
        self._short_items = 0
        self._separated = dict.fromkeys(";|," if self._tag_column else ";|", 0)
        self._distinct: set[str] | None = set()

    def add(self, cell: Cell) -> None:
        """Counts one cell of the column."""
        self._count += 1
        for fitting in self._fitting:
            if fitting[1](cell) is None:
                self._fitting = [one for one in self._fitting if one[1](cell) is not None]
                break
        if isinstance(cell, str):
            self._texts += 1
            self._count_separators(cell)
        elif isinstance(cell, list):
            self._items += len(cell)
            self._short_items += sum(len(item) <= _LONG_ITEM for item in cell)
        if self._distinct is not None:
            self._count_distinct(cell)

    def _count_separators(self, text: str) -> None:
        for separator in tuple(self._separated):
            if separator in text:
                self._separated[separator] += 1
                if any(len(part.strip()) > _SHORT_TAG for part in text.split(separator)):
                    del self._separated[separator]

    def _count_distinct(self, cell: Cell) -> None:
        assert self._distinct is not None
        text = "\n" if isinstance(cell, list) else str(cell)
        if len(text) > _MAX_CATEGORY or "\n" in text:
            self._distinct = None
            return
        self._distinct.add(text)
        if len(self._distinct) > _MAX_CATEGORIES:
            self._distinct = None

    def field(self, label: str) -> tuple[FieldSpec, Store]:
        """Returns the field for the column called `label`, and the function that stores one of its cells.

        A type is only chosen if every cell fits it; text takes everything.
        """
        name = self.name
        label = _shown(clean(label, 100) or name)
        if self._fitting and self._count:
            kind, parse = self._fitting[0]
            filters = kind != "url"
            return FieldSpec(name, label, kind, facet=filters, column=filters), parse
        # A few values that keep coming back are categories even if they contain ";", as licences do.
        often = not self._tag_column and self._is_category(50)
        separator = None if often else self._tag_separator()
        if separator is not None:
            spec = FieldSpec(name, label, "tags", fts=True, facet=True, column=True)
            return spec, lambda cell: _split(cell, separator)
        if self._is_category():
            return FieldSpec(name, label, "category", fts=True, facet=True, column=True), _as_text
        return FieldSpec(name, label, "text", fts=True), _as_text

    def _tag_separator(self) -> str | None:
        """Returns what separates the tags: "" for lists, None if the values are not tags."""
        if self._items:
            # Lists of sentences are several texts, not tags: three quarters of the items are short.
            return "" if self._short_items > self._items * 3 // 4 else None
        if self._texts < self._count:
            return None
        for separator, count in self._separated.items():
            if count and (count * 5 >= self._texts or self._tag_column):
                return separator
        return "\0" if self._tag_column and self._is_category() else None

    def _is_category(self, uses: int = 2) -> bool:
        """Returns whether the values are short and come back often, `uses` times on average."""
        return self._distinct is not None and len(self._distinct) * uses <= self._count


def _shown(label: str) -> str:
    """Returns a label for people: `image_size` → `Image size`; a label with capitals stays as it is."""
    return label.replace("_", " ").capitalize() if label == label.lower() else label


def _split(cell: Cell, separator: str) -> list[str]:
    parts = cell if isinstance(cell, list) else str(cell).split(separator or "\0")
    tags = (clean(part.replace("\n", " "), _MAX_TAG) for part in parts)
    return list(dict.fromkeys(tag for tag in tags if tag))[:_MAX_TAGS]
