"""Lists of files: nodes of up to 256 entries, in as many levels as the list needs (docs/FORMAT.md 1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imagedb_site.container import FileEntry
from imagedb_site.site.blocks import FANOUT
from imagedb_site.site.storage import Arrays, SiteFiles


@dataclass
class _Level:
    """The entries of the node that is being filled. `first`: the first listed file below it."""

    first: int = 0
    entries: list[FileEntry] = field(default_factory=list)


class ListWriter:
    """Collects the entries of files called `data/<stem>.<hash16>.bin` and writes the nodes of their list.

    Nodes are written as soon as they are full: one node per level is in memory.
    """

    def __init__(self, files: SiteFiles, stem: str, fanout: int | None) -> None:
        self._files = files
        self._stem = stem
        self._fanout = fanout or FANOUT
        self._levels = [_Level()]
        self.count = 0

    def add(self, entry: FileEntry) -> None:
        """Append a file to the list."""
        self._push(0, entry)
        self.count += 1

    def finish(self) -> dict[str, Any]:
        """Write the nodes that are not full; gives the JSON of the list."""
        root, level = self._write(0), 1
        while level < len(self._levels):
            # This may add a level, if the node it goes into is full.
            self._push(level, root)
            root = self._write(level)
            level += 1
        return {"count": self.count, "index": root.to_json()}

    def _push(self, level: int, entry: FileEntry) -> None:
        if level == len(self._levels):
            self._levels.append(_Level())
        node = self._levels[level]
        if len(node.entries) == self._fanout:
            # Written only now, so that a list that fits into one node has no level above it.
            self._push(level + 1, self._write(level))
            node.entries.clear()
            node.first += self._fanout ** (level + 1)
        node.entries.append(entry)

    def _write(self, level: int) -> FileEntry:
        node = self._levels[level]
        stem = f"{self._stem}-index" if level else self._stem
        header = {
            "first": node.first,
            "count": len(node.entries),
            "level": level,
            "fanout": self._fanout,
            "prefix": f"data/{stem}.",
            "suffix": ".bin",
        }
        digests = b"".join(bytes.fromhex(entry.sha256) for entry in node.entries)
        arrays: Arrays = {
            "sha256": np.frombuffer(digests, dtype=np.uint8),
            "bytes": np.array([entry.size for entry in node.entries], dtype=np.uint32),
            "raw_bytes": np.array([entry.raw_size for entry in node.entries], dtype=np.uint32),
        }
        return self._files.put_container(
            "index", f"{self._stem}-index", header, arrays, compress=True
        )
