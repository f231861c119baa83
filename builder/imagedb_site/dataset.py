"""What a collection holds, as data: counts of its fields, tags, pages. The JavaScript library has the same.

Images are numbered from 1 in row order. An image keeps its number as long as it stays in the collection and
the site is not built in its canonical layout again (docs/FORMAT.md 2.12).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .batches import shuffled
from .errors import UsageError
from .query.characters import normal
from .query.facets import matching
from .query.field_values import all_values, distinct, most_frequent
from .query.index import Index
from .query.parse import parse
from .records import FieldSpec

MOST_VALUES = 1000
"""The largest number of values that are counted per field."""


class DataIndex(Index, Protocol):
    """The parts of a collection's index that are read here."""

    @property
    def hash(self) -> str: ...

    @property
    def ids(self) -> Sequence[str]: ...

    def document(self, row: int) -> Mapping[str, Any]: ...

    def numbered_tags(self) -> Iterable[tuple[int, str, str, int]] | None: ...


@dataclass(frozen=True)
class FieldStats:
    """The values of one field. None: not counted."""

    name: str
    label: str
    type: str
    rows: int | None
    """How many images have a value."""
    missing: int | None
    """How many images have none."""
    distinct: int | None
    """How many different values there are: tags, categories and booleans only."""
    min: int | float | str | None
    """The smallest number, or the first second of the earliest date."""
    max: int | float | str | None
    """The greatest number, or the last second of the latest date."""
    values: Sequence[tuple[str, int]]
    """The most frequent values with their numbers of images, as `Collection.facets` has them."""

    def to_json(self) -> dict[str, Any]:
        """One JSON object, the same in every language."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "rows": self.rows,
            "missing": self.missing,
            "distinct": self.distinct,
            "min": self.min,
            "max": self.max,
            "values": [{"value": value, "count": count} for value, count in self.values],
        }


@dataclass(frozen=True)
class Stats:
    """What a collection holds."""

    count: int
    """How many images there are."""
    hash: str
    """What identifies the state of the collection, in hex (docs/FORMAT.md 2.1)."""
    fields: Sequence[FieldStats]

    def to_json(self) -> dict[str, Any]:
        """One JSON object, the same in every language."""
        fields = [field.to_json() for field in self.fields]
        return {"count": self.count, "hash": self.hash, "fields": fields}


def stats(index: DataIndex, *, limit: int = 10, texts: bool = False) -> Stats:
    """Count the fields of a collection; see `Collection.stats`."""
    if not 0 <= limit <= MOST_VALUES:
        raise UsageError(f"The limit of values must be from 0 to {MOST_VALUES:,}.")
    known = _known_texts(index) if texts else {}
    fields = []
    for spec in index.fields:
        if spec.column:
            fields.append(_of_column(index, spec, limit))
            continue
        rows = known.get(spec.name)
        missing = None if rows is None else index.count - rows
        fields.append(
            FieldStats(spec.name, spec.label, spec.type, rows, missing, None, None, None, ())
        )
    return Stats(index.count, index.hash, fields)


def _of_column(index: DataIndex, spec: FieldSpec, limit: int) -> FieldStats:
    summary = index.summary(spec.name)
    numbers = spec.type in ("number", "date")
    show = date_text if spec.type == "date" else plain_number
    first = None if summary.low is None else show(summary.low)
    last = None if summary.high is None else show(summary.high)
    # Most numbers are different in every image, so their values say little and would cost a lot of memory.
    wanted = limit if spec.type != "number" else 0
    return FieldStats(
        spec.name,
        spec.label,
        spec.type,
        rows=summary.known,
        missing=index.count - summary.known,
        distinct=None if numbers else distinct(index, spec),
        min=first,
        max=last,
        values=most_frequent(index, spec, wanted) if wanted else [],
    )


def _known_texts(index: DataIndex) -> dict[str, int]:
    """How many documents have a value of each field without a column. Reads every document."""
    names = [spec.name for spec in index.fields if not spec.column]
    known = dict.fromkeys(names, 0)
    for row in range(index.count if names else 0):
        fields = index.document(row)["fields"]
        for name in names:
            known[name] += name in fields
    return known


def date_text(seconds: float) -> str:
    """`YYYY-MM-DDTHH:MM:SS` of seconds since 1970."""
    return str(np.datetime64(math.floor(seconds), "s"))


def plain_number(value: float) -> int | float:
    """A number that JSON shows without a fraction if it has none."""
    return int(value) if value.is_integer() else value


def sample_rows(
    index: DataIndex, size: int, *, seed: int, text: str, start: int, end: int | None
) -> list[int]:
    """The rows of a random sample; see `Collection.sample`."""
    rows = np.flatnonzero(matching(parse(text), index)) if text.strip() else None
    last = index.count if end is None else min(end, index.count)
    chosen = np.arange(max(start, 1) - 1, max(last, 0))
    if rows is not None:
        chosen = rows[(rows >= start - 1) & (rows < last)]
    return shuffled(index.ids, chosen, seed)[: max(size, 0)]


@dataclass(frozen=True)
class Tag:
    """A value of a tags field."""

    id: int
    """The number that the HTTP API knows it by."""
    name: str
    category: str
    """The name of the field."""
    count: int
    """How many images have it."""

    def to_json(self) -> dict[str, Any]:
        """One JSON object, the same in every language."""
        return {"id": self.id, "name": self.name, "category": self.category, "count": self.count}


class TagTable:
    """All tags of a collection by number and by name.

    They are numbered from 1: field after field, and in each the most frequent first, ties in code-point
    order.
    A collection that was imported with numbers of its own keeps those.
    """

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._tags: dict[int, Tag] = {}
        self._ids: dict[str, dict[str, int]] = {}
        self._folded: dict[str, list[int]] = {}
        for tag in tags:
            self._tags[tag.id] = tag
            self._ids.setdefault(tag.category, {})[tag.name] = tag.id
            self._folded.setdefault(normal(tag.name), []).append(tag.id)

    def __len__(self) -> int:
        return len(self._tags)

    @property
    def least(self) -> int:
        """The least number of a tag, 1 if there are none."""
        return min(self._tags, default=1)

    @property
    def greatest(self) -> int:
        """The greatest number of a tag, 0 if there are none."""
        return max(self._tags, default=0)

    def get(self, number: int) -> Tag | None:
        """The tag with this number, or None."""
        return self._tags.get(number)

    def find(self, name: str) -> list[Tag]:
        """The tags with this name; case, accents, `_` and `-` do not matter. By number."""
        return [self._tags[number] for number in sorted(self._folded.get(normal(name), ()))]

    def ids(self, category: str, names: Sequence[str]) -> list[int]:
        """The numbers of the tags of an image in one field."""
        known = self._ids.get(category, {})
        return [known[name] for name in names if name in known]


def tag_table(index: DataIndex) -> TagTable:
    """The tags of a collection by the numbers that it has, or else by new ones."""
    numbered = index.numbered_tags()
    if numbered is not None:
        return TagTable(Tag(*one) for one in numbered)
    found: list[Tag] = []
    for spec in index.fields:
        if spec.type != "tags" or not spec.column:
            continue
        first = len(found) + 1
        found += [
            Tag(first + place, name, spec.name, count)
            for place, (name, count) in enumerate(all_values(index, spec))
        ]
    return TagTable(found)
