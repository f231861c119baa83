"""Whether the values of a column are lists of tags, and what separates them.

They are if the column's name says so (`columns.has_tags`), or if JSON or Parquet has lists of short texts.
They also are if a fifth of the values have several parts between `;` or `|`, all parts are short (40
characters, five words), and a quarter of the parts are repeated or all are single words. A column of captions
(`columns.has_sentences`), of objects or of pages never has tags.
"""

from __future__ import annotations

from collections.abc import Callable

from imagedb_site.sources import columns
from imagedb_site.sources.cells import DASHES, Cell, clean

_MAX_TAG = 200
_MAX_TAGS = 1_000
_SHORT_TAG = 40
_MOST_WORDS = 5
_LONG_ITEM = 48
_MAX_DISTINCT = 2_000


class TagTally:
    """The facts about a column that decide whether it has tags; `name` is its field name."""

    def __init__(self, name: str) -> None:
        self.named = columns.has_tags(name)
        """Whether the name of the column says that it has tags."""
        path = columns.PATH_TAGS.get(name)
        separators = (";|," if self.named else ";|").replace(path or "\0", "")
        if columns.has_sentences(name) or columns.names_pages(name):
            separators = ""
        self._texts = 0
        self._long = 0
        self._items = 0
        self._short_items = 0
        self._parts = {separator: _Parts(strict=not self.named) for separator in separators}

    def add(self, cell: Cell) -> None:
        """Counts one cell."""
        if isinstance(cell, str):
            self._texts += 1
            self._long += len(cell) > _SHORT_TAG
            for separator, parts in self._parts.items():
                if separator in cell:
                    parts.add(cell, separator)
                    if not parts.alive:
                        self._parts = {k: v for k, v in self._parts.items() if v.alive}
        elif isinstance(cell, list):
            self._items += len(cell)
            self._short_items += sum(len(item) <= _LONG_ITEM for item in cell)

    def store(self, total: int) -> Callable[[Cell], list[str]] | None:
        """Returns the function that splits one of `total` cells into tags; None if the column has none."""
        if self._items:
            # Lists of sentences are several texts, not tags: three quarters of the items are short.
            short = self._short_items > self._items * 3 // 4
            return _splitter("") if short else None
        if self.named:
            return self._named_store()
        if self._texts < total:
            return None
        for separator, parts in self._parts.items():
            if parts.several * 5 >= self._texts and (parts.repeat or parts.words):
                return _splitter(separator)
        return None

    def _named_store(self) -> Callable[[Cell], list[str]] | None:
        """Returns the function for a column whose name says that it has tags; sentences are not tags."""
        most = max((parts.several for parts in self._parts.values()), default=0)
        for separator, parts in self._parts.items():
            # A comma may be a part of a tag that stands between semicolons: Doe, Jane; Roe, Rick.
            if parts.several and parts.several * 5 >= most:
                many = parts.long * 20 > self._texts
                return None if many else _splitter(separator)
        return None if self._long * 20 > self._texts else _splitter("")


class _Parts:
    """The parts of the texts of a column between one separator."""

    def __init__(self, *, strict: bool) -> None:
        self.alive = True
        """False if a part is too long for a tag; only of a `strict` column is that certain."""
        self.several = 0
        """The number of texts that have the separator."""
        self.long = 0
        """The number of texts that have a part that is too long."""
        self.words = True
        """Whether each part is a single word."""
        self._strict = strict
        self._parts = 0
        self._repeated = 0
        self._distinct: set[str] = set()

    def add(self, text: str, separator: str) -> None:
        """Counts the parts of one text that has the separator."""
        parts = [part.strip() for part in text.split(separator, _MAX_TAGS)]
        self.several += 1
        if any(len(part) > _SHORT_TAG or part.count(" ") >= _MOST_WORDS for part in parts):
            self.long += 1
            self.alive = not self._strict
        elif self._strict:
            for part in parts:
                if part:
                    self._count(part)

    def _count(self, part: str) -> None:
        self._parts += 1
        self.words = self.words and " " not in part
        if part in self._distinct:
            self._repeated += 1
        elif len(self._distinct) < _MAX_DISTINCT:
            self._distinct.add(part)

    @property
    def repeat(self) -> bool:
        """Whether a quarter of the parts were there before."""
        return self._repeated * 4 >= self._parts


def _splitter(separator: str) -> Callable[[Cell], list[str]]:
    """Returns a function that splits a cell at `separator`; "" splits only lists."""

    def split(cell: Cell) -> list[str]:
        parts = cell if isinstance(cell, list) else str(cell).split(separator or "\0")
        tags = (clean(part.replace("\n", " "), _MAX_TAG) for part in parts)
        return list(dict.fromkeys(tag for tag in tags if tag and tag not in DASHES))[:_MAX_TAGS]

    return split
