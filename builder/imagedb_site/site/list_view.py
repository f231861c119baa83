"""What a list of rows shows of each: the manifest's `list` (docs/FORMAT.md 2.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagedb_site.errors import UsageError
from imagedb_site.records import FieldSpec, Value

MOST_COLUMNS = 12
"""The most columns that a list may have."""

_TITLES = ("title", "headline", "object_name", "heading", "subject", "name", "label")
_TEXTS = ("description", "abstract", "prompt", "caption", "captions", "summary", "text", "content")
_ABOUT_FILES = re.compile(
    r"(name|file|file_?name|file_?size|file_?ext|folder|path|width|height|md5|sha\d+|hash|.*_?id|key)"
)
_VALUES, _TAGS = 4, 1
"""How many columns of single values, and how many of tags, are chosen."""
_LONG = 30
"""A text field is read, not looked up, if its values have at least this many characters on average."""
_ORDER = {"date": 0, "category": 1, "number": 2, "boolean": 3}


@dataclass
class _Use:
    """How a field is used: rows with a value, their characters, and whether values differ."""

    rows: int = 0
    characters: int = 0
    first: Value | None = None
    varies: bool = False

    def add(self, value: Value) -> None:
        self.rows += 1
        if isinstance(value, str):
            self.characters += len(value)
        if self.first is None:
            self.first = value
        elif not self.varies:
            self.varies = value != self.first


class ListChooser:
    """Chooses title, text and columns of the list from the values of all rows."""

    def __init__(self, fields: Sequence[FieldSpec], columns: Sequence[str] = ()) -> None:
        check_columns(fields, columns)
        self._fields = fields
        self._wanted = columns
        self._uses = {spec.name: _Use() for spec in fields}
        self._count = 0

    def add(self, values: Mapping[str, Value]) -> None:
        """Take the cleaned values of the next row."""
        for name, value in values.items():
            self._uses[name].add(value)
        self._count += 1

    def finish(self) -> dict[str, Any]:
        """Returns the manifest's `list`."""
        title = self._title()
        text = self._text(title)
        columns = list(self._wanted) or self._columns({title, text})
        return {"title": title, "text": text, "columns": columns}

    def _title(self) -> str | None:
        kinds = {spec.name: spec.type for spec in self._fields}
        for name in _TITLES:
            if kinds.get(name) in ("text", "category") and self._share(name) >= 0.5:
                return name
        return None

    def _text(self, title: str | None) -> str | None:
        texts = [spec.name for spec in self._fields if spec.type == "text" and spec.name != title]
        for name in _TEXTS:
            if name in texts and self._share(name) >= 0.1:
                return name
        texts = [
            name
            for name in texts
            if self._uses[name].characters >= _LONG * max(1, self._uses[name].rows)
        ]
        return max(texts, key=lambda name: self._uses[name].characters, default=None)

    def _columns(self, taken: set[str | None]) -> list[str]:
        fitting = [
            spec
            for spec in self._fields
            if spec.name not in taken
            and self._share(spec.name) >= 0.2
            and self._uses[spec.name].varies
            and not _ABOUT_FILES.fullmatch(spec.name)
        ]
        values = sorted((spec for spec in fitting if spec.type in _ORDER), key=_rank)[:_VALUES]
        tags = [spec for spec in fitting if spec.type == "tags"][:_TAGS]
        return [spec.name for spec in (*values, *tags)]

    def _share(self, name: str) -> float:
        return self._uses[name].rows / max(1, self._count)


def _rank(spec: FieldSpec) -> int:
    return _ORDER[spec.type]


def check_columns(fields: Sequence[FieldSpec], columns: Sequence[str]) -> None:
    """Raise UsageError for columns that the list cannot have."""
    known = {spec.name for spec in fields}
    for name in columns:
        if name not in known:
            raise UsageError(
                f"The list cannot show the field “{name[:80]}”, because there is no such field.",
                f"The fields are: {', '.join(spec.name for spec in fields)}.",
            )
    if len(set(columns)) < len(columns):
        raise UsageError("A column of the list is named twice.")
    if len(columns) > MOST_COLUMNS:
        raise UsageError(f"The list can show at most {MOST_COLUMNS} columns.")
