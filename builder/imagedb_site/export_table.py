"""The rows that `export` writes, block by block or one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .records import FieldSpec, Progress
from .search import Collection

BLOCK = 4096
"""Images that are in memory at once."""
FIXED = ("id", "path", "width", "height")

Row = dict[str, Any]
Vectors = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Split:
    """How `export` fills the column `split`; the same options as in `Collection.batches`."""

    validation: float
    """Share of the validation part, from 0 to 1."""
    test: float
    """Share of the test part, from 0 to 1."""
    seed: int = 0
    """Random seed, from 0 to 2³² - 1."""


class Table:
    """The chosen rows."""

    def __init__(
        self,
        collection: Collection,
        rows: Sequence[int],
        split: Split | None,
        embeddings: bool,
        progress: Progress,
        *,
        thumbnails: bool = False,
    ) -> None:
        self.collection = collection
        self.progress = progress
        self._rows = rows
        self.embeddings = embeddings
        self.thumbnails = thumbnails
        self.fields: Sequence[FieldSpec] = [
            field for field in collection.index.fields if field.name not in FIXED
        ]
        self.has_split = split is not None
        self._part: dict[int, str] = {}
        if split is not None:
            parts = collection.batches(
                size=1, validation=split.validation, test=split.test, seed=split.seed
            ).rows
            self._part = {row: part for part, of in parts.items() for row in of}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def columns(self) -> list[str]:
        """All but the embedding."""
        more = ["split"] if self.has_split else []
        last = ["thumbnail"] if self.thumbnails else []
        return [*FIXED, *(field.name for field in self.fields), *more, *last]

    @property
    def dim(self) -> int:
        """The length of an embedding; 0 if none is written."""
        if not self.embeddings:
            return 0
        return int(self.collection.index.embeddings(np.zeros(1, dtype=np.int64)).shape[1])

    def blocks(self) -> Iterator[tuple[list[Row], Vectors | None]]:
        """At most BLOCK rows, and their embeddings f32[n, dim]."""
        index = self.collection.index
        for start in range(0, len(self._rows), BLOCK):
            chosen = self._rows[start : start + BLOCK]
            vectors = index.embeddings(np.array(chosen)) if self.embeddings else None
            yield [self._row(row) for row in chosen], vectors
            self.progress("Exporting", start + len(chosen), len(self._rows))

    def parts(self) -> dict[str, list[int]]:
        """The row numbers of each part in the random order of the seed; without a split all in `train`."""
        if not self.has_split:
            return {"train": list(self._rows)}
        chosen = set(self._rows)
        parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
        for row, part in self._part.items():
            if row in chosen:
                parts[part].append(row)
        return parts

    def _row(self, row: int) -> Row:
        document: Mapping[str, Any] = self.collection.index.document(row)
        values = {**document["fields"], **{name: document[name] for name in FIXED}}
        if self.has_split:
            values["split"] = self._part[row]
        if self.thumbnails and (data := self.collection.index.thumbnail(row)) is not None:
            values["thumbnail"] = {"bytes": data, "path": f"{document['id']}.webp"}
        return {name: values.get(name) for name in self.columns}
