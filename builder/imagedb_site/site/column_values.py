"""The values of a large column and the rows that have each (docs/FORMAT.md 2.2, "Values")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.comparable import comparable
from imagedb_site.rowsets import encode_rows
from imagedb_site.site.column_blocks import Names
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteSettings

TOP = 1000
"""How many of the most frequent values the head of a column has."""
_NAME_BYTES = 4
"""What a name costs in its file besides its text."""


class ValuesWriter:
    """Writes the row sets of a column's values segment by segment, and the names at the end.

    In memory: 8 bytes for each value of each row of the segment, and the different values.
    """

    def __init__(
        self, files: SiteFiles, stem: str, names: Names, count: int, settings: SiteSettings
    ) -> None:
        self._files = files
        self._stem = stem
        self._names = names
        self._count = count
        self._settings = settings
        self._pairs: list[NDArray[np.uint64]] = []
        self._first = 0
        self._segments: list[dict[str, Any] | None] = []
        self._starts: list[list[str]] = []
        self._totals = np.zeros(0, dtype=np.int64)

    def add(self, first: int, places: NDArray[np.uint32], numbers: NDArray[np.uint32]) -> None:
        """Take the values of the next block of rows, which begins at `first`. No block is in two segments."""
        if first >= self._first + self._settings.column_segment:
            self._write_segment()
        rows = places.astype(np.uint64) + np.uint64(first - self._first)
        self._pairs.append(numbers.astype(np.uint64) << np.uint64(32) | rows)

    def finish(self) -> dict[str, Any] | None:
        """Write the rest; gives `values` of the index of columns, None if there is no value."""
        self._write_segment()
        texts = self._names.texts
        if not texts:
            return None
        totals = self._totals.tolist()
        keys = [comparable(text) for text in texts]
        ranked = sorted(range(len(texts)), key=lambda at: (keys[at], texts[at]))
        names = ListWriter(self._files, f"{self._stem}-names", self._settings.fanout)
        starts = []
        sizes = [len(texts[at].encode()) + _NAME_BYTES for at in ranked]
        for part in _parts([texts[at] for at in ranked], sizes, self._settings.values_bytes):
            chosen = ranked[part]
            starts.append(keys[chosen[0]])
            header = {"values": [texts[at] for at in chosen]}
            arrays = {"counts": np.array([totals[at] for at in chosen], dtype=np.uint32)}
            stem = f"{self._stem}-names"
            names.add(self._files.put_container("names", stem, header, arrays, compress=True))
        top = sorted(range(len(texts)), key=lambda at: (-totals[at], texts[at]))[:TOP]
        head = self._files.put_container(
            "values",
            f"{self._stem}-values",
            {"values": [texts[at] for at in top], "names": starts, "sets": self._starts},
            {"counts": np.array([totals[at] for at in top], dtype=np.uint32)},
            compress=True,
        )
        return {
            "count": len(texts),
            "head": head.to_json(),
            "names": names.finish(),
            "segment": self._settings.column_segment,
            "sets": self._segments,
        }

    def _write_segment(self) -> None:
        pairs = np.concatenate(self._pairs) if self._pairs else np.zeros(0, dtype=np.uint64)
        self._pairs.clear()
        pairs.sort()
        numbers = (pairs >> np.uint64(32)).astype(np.uint32)
        bounds = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1))
        found = numbers[bounds[:-1]]
        rows = (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        del pairs, numbers
        grown = np.zeros(len(self._names.texts), dtype=np.int64)
        grown[: len(self._totals)] = self._totals
        grown[found] += np.diff(bounds)
        self._totals = grown
        size = min(self._settings.column_segment, self._count - self._first)
        self._first += self._settings.column_segment
        self._segments.append(self._write_sets(found.tolist(), bounds.tolist(), rows, size))

    def _write_sets(
        self, found: list[int], bounds: list[int], rows: NDArray[np.uint32], size: int
    ) -> dict[str, Any] | None:
        """Write the sets of the values `found`, whose rows of this segment are `rows` in that order."""
        starts: list[str] = []
        self._starts.append(starts)
        if not found:
            return None
        texts = [self._names.texts[number] for number in found]
        keys = [comparable(text) for text in texts]
        ranked = sorted(range(len(found)), key=lambda at: (keys[at], texts[at]))
        sets = [encode_rows(rows[bounds[at] : bounds[at + 1]], size) for at in ranked]
        sizes = [len(data) + len(texts[at].encode()) for at, data in zip(ranked, sets, strict=True)]
        stem = f"{self._stem}-sets"
        listed = ListWriter(self._files, stem, self._settings.fanout)
        for part in _parts([texts[at] for at in ranked], sizes, self._settings.values_bytes):
            chosen = ranked[part]
            starts.append(keys[chosen[0]])
            counts = [bounds[at + 1] - bounds[at] for at in chosen]
            ends = np.cumsum([len(data) for data in sets[part]])
            listed.add(
                self._files.put_container(
                    "sets",
                    stem,
                    {"values": [texts[at] for at in chosen], "rows": size},
                    {
                        "counts": np.array(counts, dtype=np.uint32),
                        "ends": ends.astype(np.uint32),
                        "sets": np.frombuffer(b"".join(sets[part]), dtype=np.uint8),
                    },
                    compress=True,
                )
            )
        return listed.finish()


def _parts(texts: Sequence[str], sizes: Sequence[int], target: int) -> Iterator[slice]:
    """Cuts a sorted list into parts of about `target` bytes.

    Whether a part begins at a text depends on the text and, in steps of two, on its size. So values that
    are added, removed or edited change the parts they are in and hardly any other.
    """
    begin = 0
    for at in range(1, len(texts)):
        weight = 1 << (sizes[at] - 1).bit_length()
        digest = hashlib.sha256(texts[at].encode()).digest()
        if int.from_bytes(digest[:4], "big") * target < weight << 32:
            yield slice(begin, at)
            begin = at
    if texts:
        yield slice(begin, len(texts))
