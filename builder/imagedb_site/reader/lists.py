"""Lists of files, read node by node (docs/FORMAT.md 1.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.recent import Recent
from imagedb_site.reader.shape import FILE_LIMIT, ListEntry, as_count, as_text, safe_path

Read = Callable[[FileEntry], bytes]

_LEAST_FANOUT, _MOST_FANOUT = 2, 4096
_DEEPEST = 31
_KEPT_NODES = 64


@dataclass(frozen=True)
class Node:
    """A part of a list. At level 0 the entries are the files `first …`, else nodes one level down."""

    first: int
    level: int
    fanout: int
    entries: tuple[FileEntry, ...]

    @property
    def span(self) -> int:
        """How many files a full entry of this node covers."""
        return int(self.fanout**self.level)


def decode_node(data: bytes) -> Node:
    """Decode a node; raises FormatError if it breaks a rule of docs/FORMAT.md 1.4."""
    header, arrays = read_container(data, "index")
    count = as_count(header.get("count"), "A node's count", _MOST_FANOUT)
    level = as_count(header.get("level"), "A node's level", _DEEPEST)
    fanout = as_count(header.get("fanout"), "A node's fanout", _MOST_FANOUT)
    first = as_count(header.get("first"), "A node's first", 1 << 31)
    if fanout < _LEAST_FANOUT or not 1 <= count <= fanout:
        raise FormatError(f"A node has {count:,} entries and the fan-out {fanout:,}.")
    prefix = as_text(header.get("prefix"), "A node's prefix")
    suffix = as_text(header.get("suffix"), "A node's suffix")
    safe_path(f"{prefix}{'0' * 16}{suffix}", "A node's prefix and suffix")
    digests = _section(header, arrays, "sha256", "u8", 32 * count).tobytes()
    sizes = _section(header, arrays, "bytes", "u32", count).tolist()
    raw_sizes = _section(header, arrays, "raw_bytes", "u32", count).tolist()
    if max(*sizes, *raw_sizes) > FILE_LIMIT:
        raise FormatError("A node names a file that is too large.")
    entries = []
    for at, (size, raw_size) in enumerate(zip(sizes, raw_sizes, strict=True)):
        digest = digests[32 * at : 32 * at + 32].hex()
        path = f"{prefix}{digest[:16]}{suffix}"
        entries.append(FileEntry(path, size, raw_size, digest, index=level > 0))
    return Node(first, level, fanout, tuple(entries))


def _section(
    header: dict[str, Any], arrays: dict[str, Any], name: str, dtype: str, length: int
) -> Any:
    array = arrays.get(name)
    if array is None or header["sections"][name]["dtype"] != dtype or len(array) != length:
        raise FormatError(f"A node has no valid section “{name}”.")
    return array


class FileList:
    """The files of a list by their number. Nodes are read when needed, and the latest ones are kept."""

    def __init__(self, listed: ListEntry, read: Read) -> None:
        self.count = listed.count
        self._root = listed.index
        self._read = read
        self._nodes: Recent[str, Node] = Recent(_KEPT_NODES)

    def entry(self, number: int) -> FileEntry:
        """The entry of a file; raises FormatError if a node on the way is not what it should be."""
        if not 0 <= number < self.count:
            raise IndexError(f"The list has {self.count:,} files, not {number + 1:,}.")
        node = self._node(self._root, 0, self.count)
        while node.level:
            child = (number - node.first) // node.span
            first = node.first + child * node.span
            end = min(first + node.span, node.first + self._covered(node))
            below = self._node(node.entries[child], first, end - first, node)
            node = below
        return node.entries[number - node.first]

    def entries(self) -> Iterator[FileEntry]:
        """Every file's entry in order."""
        for number in range(self.count):
            yield self.entry(number)

    def _covered(self, node: Node) -> int:
        """How many files lie below a node."""
        return min(node.span * len(node.entries), self.count - node.first)

    def _node(self, entry: FileEntry, first: int, files: int, parent: Node | None = None) -> Node:
        """Read the node that must cover `files` files from `first` on."""
        node = self._nodes.get(entry.path)
        if node is None:
            try:
                node = decode_node(self._read(entry))
            except FormatError as error:
                if entry.path in str(error):
                    raise
                raise FormatError(f"{entry.path}: {error}", error.hint) from error
            self._nodes.put(entry.path, node)
        wanted = -(-files // node.span)
        level_fits = parent is None or (
            node.level == parent.level - 1 and node.fanout == parent.fanout
        )
        if node.first != first or len(node.entries) != wanted or not level_fits:
            raise FormatError(f"{entry.path} does not list the {files:,} files that it should.")
        return node
