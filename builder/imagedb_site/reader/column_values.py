"""The values of a large column and the rows that have each (docs/FORMAT.md 2.2, "Values")."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from imagedb_site.comparable import comparable
from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.column_index import ValuesEntry
from imagedb_site.reader.decode import section
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.shape import as_list, as_texts
from imagedb_site.rowsets import decode_rows

Read = Callable[[FileEntry], bytes]
Accepts = Callable[[str], bool]
Key = tuple[str, bool]
"""A comparable form of values, and whether values that begin with it are meant, too."""


@dataclass(frozen=True)
class _Sets:
    """A file of row sets: the set of the value at i ends at `ends[i]` and has `counts[i]` of `size` rows."""

    names: list[str]
    counts: NDArray[np.uint32]
    ends: NDArray[np.uint32]
    sets: bytes
    size: int

    def rows(self, at: int) -> NDArray[np.uint32]:
        start = int(self.ends[at - 1]) if at else 0
        return decode_rows(self.sets[start : int(self.ends[at])], self.size, int(self.counts[at]))


class ColumnValues:
    """The different values of a column. Files are read when needed; only the head is kept."""

    def __init__(self, entry: ValuesEntry, count: int, read: Read) -> None:
        """`count`: the rows of the collection."""
        self.count = entry.count
        self._entry = entry
        self._rows = count
        self._read = read
        self._names = FileList(entry.names, read)
        self._sets = [None if listed is None else FileList(listed, read) for listed in entry.sets]

    @property
    def top(self) -> list[tuple[str, int]]:
        """The most frequent values with their numbers of rows, ties in code-point order."""
        return self._head[0]

    def all(self) -> Iterator[tuple[str, int]]:
        """All values with their numbers of rows, in the order of their comparable form."""
        for number in range(self._names.count):
            data = self._read(self._names.entry(number))
            header, arrays = read_container(data, "names")
            yield from _counted(header.get("values"), header, arrays, self._rows)

    def sets(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Every value with its rows i64, segment by segment, in the order of the files."""
        for segment, listed in enumerate(self._sets):
            for number in range(0 if listed is None else listed.count):
                file = self._file(segment, number)
                for at, name in enumerate(file.names):
                    yield name, segment * self._entry.segment + file.rows(at).astype(np.int64)

    def count_of(self, value: str) -> int:
        """How many rows have exactly this value."""
        found = self._found(value.__eq__, [(comparable(value), True)])
        return sum(int(file.counts[at]) for _, file, at in found)

    def known(self, forms: Collection[str]) -> set[str]:
        """Those of the comparable forms that a value has. Reads only files that `mask` reads for them."""
        left = set(forms)
        for _, file, at in self._found(
            lambda name: comparable(name) in left, [(form, False) for form in left]
        ):
            left.discard(comparable(file.names[at]))
            if not left:
                break
        return set(forms) - left

    def mask(self, accepts: Accepts, keys: Sequence[Key] | None) -> NDArray[np.bool_]:
        """The rows, bool[count], that have a value that is accepted.

        `keys`: if only values can be accepted whose comparable form is one of these, or begins with it if
        its second part is true. Otherwise all names are read.
        """
        if keys is None:
            keys = [(comparable(name), False) for name, _ in self.all() if accepts(name)]
        mask = np.zeros(self._rows, dtype=np.bool_)
        for segment, file, at in self._found(accepts, keys):
            first = segment * self._entry.segment
            mask[first + file.rows(at).astype(np.int64)] = True
        return mask

    def _found(self, accepts: Accepts, keys: Sequence[Key]) -> Iterator[tuple[int, _Sets, int]]:
        """The accepted values: segment, file and place in it."""
        for segment in range(len(self._sets)):
            files = {number for key in keys for number in self._files_of(segment, *key)}
            for number in sorted(files):
                file = self._file(segment, number)
                for at, name in enumerate(file.names):
                    if accepts(name):
                        yield segment, file, at

    def _files_of(self, segment: int, key: str, prefix: bool) -> range:
        """The files of a segment that may have a value with this comparable form or beginning."""
        starts = self._head[2][segment]
        last = bisect_right(starts, key)
        while prefix and last < len(starts) and starts[last].startswith(key):
            last += 1
        return range(max(bisect_left(starts, key) - 1, 0), last)

    def _file(self, segment: int, number: int) -> _Sets:
        listed = self._sets[segment]
        assert listed is not None
        entry = listed.entry(number)
        header, arrays = read_container(self._read(entry), "sets")
        names = as_texts(header.get("values"), f"The values in {entry.path}")
        counts = section(header, arrays, "counts", ("u32",), len(names))
        ends = section(header, arrays, "ends", ("u32",), len(names))
        sets = section(header, arrays, "sets", ("u8",), int(ends[-1]) if len(names) else 0)
        size = min(self._entry.segment, self._rows - segment * self._entry.segment)
        if header.get("rows") != size or (np.diff(ends.astype(np.int64), prepend=0) < 1).any():
            raise FormatError(f"{entry.path} does not have the row sets that it should.")
        return _Sets(names, counts, ends, sets.tobytes(), size)

    @cached_property
    def _head(self) -> tuple[list[tuple[str, int]], list[str], list[list[str]]]:
        """The most frequent values; the keys at which each file of names, and of sets, begins."""
        path = self._entry.head.path
        header, arrays = read_container(self._read(self._entry.head), "values")
        top = _counted(header.get("values"), header, arrays, self._rows)
        if any(before[1] < after[1] for before, after in pairwise(top)):
            raise FormatError(f"{path} does not have the most frequent values first.")
        names = as_texts(header.get("names"), f"names in {path}")
        sets = [as_texts(keys, f"sets in {path}") for keys in as_list(header.get("sets"), path)]
        lengths = [0 if listed is None else listed.count for listed in self._sets]
        if len(names) != self._names.count or [len(keys) for keys in sets] != lengths:
            raise FormatError(f"{path} does not fit the files of the values.")
        if any(keys != sorted(keys) for keys in [names, *sets]):
            raise FormatError(f"The files that {path} lists are not in order.")
        return top, names, sets


def _counted(
    values: object, header: dict[str, object], arrays: dict[str, NDArray[np.uint32]], rows: int
) -> list[tuple[str, int]]:
    names = as_texts(values, "The values of a column")
    counts = section(header, arrays, "counts", ("u32",), len(names)).tolist()
    if any(not 1 <= count <= rows for count in counts):
        raise FormatError("The values of a column have impossible counts.")
    return list(zip(names, counts, strict=True))
