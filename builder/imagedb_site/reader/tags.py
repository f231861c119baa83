"""The table of tags that have numbers (docs/FORMAT.md 2.15)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from imagedb_site.container import FileEntry
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import as_count, as_entry, as_list, as_object, as_text, parse_json

_MOST_TAGS = 1 << 26


@dataclass(frozen=True)
class NumberedTag:
    """A tag: its number, its name, the field that has it, and how many records have it."""

    id: int
    name: str
    field: str
    count: int


class TagTable:
    """The tags of a site by number. Blocks are read when they are needed; the last one is kept."""

    def __init__(self, entry: FileEntry, read: Callable[[FileEntry], bytes]) -> None:
        """Reads the index. Raises `FormatError` and what `read` raises."""
        index = as_object(parse_json(read(entry), entry.path), entry.path)
        self.count = as_count(index.get("count"), f"{entry.path}: count", _MOST_TAGS)
        self._read = read
        self._first: list[int] = []
        self._blocks: list[tuple[FileEntry, int]] = []
        self._last: tuple[int, Sequence[NumberedTag]] | None = None
        for value in as_list(index.get("blocks"), f"{entry.path}: blocks"):
            block = as_object(value, f"{entry.path}: blocks")
            self._first.append(as_count(block.get("first"), f"{entry.path}: first"))
            count = as_count(block.get("count"), f"{entry.path}: count", _MOST_TAGS)
            self._blocks.append((as_entry(block, entry.path), count))
        if sum(count for _, count in self._blocks) != self.count:
            raise FormatError(f"{entry.path} does not have as many tags as it says.")

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[NumberedTag]:
        """Yields all tags, their numbers rising."""
        for number in range(len(self._blocks)):
            yield from self._block(number)

    def get(self, tag: int) -> NumberedTag | None:
        """Returns the tag with this number; None if there is none. Reads at most one block."""
        number = bisect_right(self._first, tag) - 1
        if number < 0:
            return None
        return next((one for one in self._block(number) if one.id == tag), None)

    def _block(self, number: int) -> Sequence[NumberedTag]:
        if self._last is None or self._last[0] != number:
            entry, count = self._blocks[number]
            tags = decode_tags(self._read(entry), entry.path)
            if not tags or len(tags) != count or tags[0].id != self._first[number]:
                raise FormatError(f"{entry.path} is not the block of tags it should be.")
            self._last = (number, tags)
        return self._last[1]


def decode_tags(data: bytes, where: str) -> list[NumberedTag]:
    """Returns the tags of a block; their numbers rise. Raises `FormatError`."""
    tags: list[NumberedTag] = []
    for value in as_list(parse_json(data, where), where):
        item = as_list(value, where)
        if len(item) != 4:
            raise FormatError(f"{where} has a tag without four parts.")
        tag = NumberedTag(
            as_count(item[0], where),
            as_text(item[1], where),
            as_text(item[2], where),
            as_count(item[3], where),
        )
        if tags and tag.id <= tags[-1].id:
            raise FormatError(f"The tags in {where} are not in the order of their numbers.")
        tags.append(tag)
    return tags
