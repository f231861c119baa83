"""A source of records in memory, with or without pictures, and builds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imagedb_site.build import build
from imagedb_site.config import load_config
from imagedb_site.records import FieldSpec, PictureRef, Problem, Record
from imagedb_site.report import BuildReport

TITLE = FieldSpec("title", "Title", "text", fts=True)
TAGS = FieldSpec("tags", "Tags", "tags", fts=True, facet=True, column=True)
YEAR = FieldSpec("year", "Year", "number", column=True)
FIELDS = (TITLE, TAGS, YEAR)


@dataclass
class RowsSource:
    """The given records; `make` gives them again for each pass."""

    make: Callable[[], Iterable[Record]]
    name: str = "table"
    fields: Sequence[FieldSpec] = FIELDS
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    private: frozenset[str] = field(default_factory=frozenset)

    def __len__(self) -> int:
        return sum(1 for _ in self.make())

    def records(self) -> Iterator[Record]:
        yield from self.make()


def works(count: int) -> list[Record]:
    """Records without pictures, which differ in all fields."""
    kinds = ("boat", "castle", "river", "portrait")
    return [
        Record(
            f"T{at:05}",
            {"title": f"A {kinds[at % 4]} number {at}", "tags": [kinds[at % 4]], "year": 1800 + at},
        )
        for at in range(count)
    ]


def picture(path: Path) -> PictureRef:
    status = path.stat()
    return PictureRef(path, status.st_mtime_ns, status.st_size, status.st_ctime_ns, 1)


def build_rows(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    records: Sequence[Record] | RowsSource,
    **settings: Any,
) -> BuildReport:
    """Builds a site of the records in `folder`/dist."""
    source = records if isinstance(records, RowsSource) else RowsSource(lambda: records)
    monkeypatch.setattr("imagedb_site.build.gather_source", lambda *_: source)
    monkeypatch.setattr("imagedb_site.preview.gather_source", lambda *_: source)
    given = {"pictures": folder / "table.csv", "output": folder / "dist", "model": "none"}
    return build(load_config(None, {**given, **settings}))
