"""What every source of a collection offers: its fields, its records one by one, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from imagedb_site.records import FieldSpec, Problem, Record


class Source(Protocol):
    """A collection as a stream of records.

    Everything but the records is known when the source has been opened, so a consumer can lay out its
    output before it reads the first record. A source may hold a few dozen bytes per record in memory,
    but not the records' fields.
    """

    @property
    def name(self) -> str:
        """The kind of the source, such as "folder" or "table"."""
        ...

    @property
    def fields(self) -> Sequence[FieldSpec]:
        """The fields that the records may have; their names are unique."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What was left out, and why."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Sentences for the report about decisions that lost nothing."""
        ...

    @property
    def private(self) -> frozenset[str]:
        """The names of fields that are published only if the owner asks for it."""
        ...

    def __len__(self) -> int:
        """The number of records."""
        ...

    def records(self) -> Iterator[Record]:
        """Yields the records, each with a unique key; every call yields the same ones in the same order."""
        ...
