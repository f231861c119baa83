"""Lists of files: trees made by hand, of any fan-out and depth, right and wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagedb_site.container import FileEntry, canonical_json, write_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.lists import FileList, decode_node
from imagedb_site.reader.shape import ListEntry
from imagedb_site.reader.walk import walk

Change = Callable[[dict[str, Any], dict[str, Any]], None]


def listed(number: int) -> FileEntry:
    """A file of a list."""
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return FileEntry(f"data/x.{digest[:16]}.bin", number, number + 1, digest)


class Tree:
    """A list's nodes. `change` alters the header and sections of every node before it is written."""

    def __init__(
        self, count: int, fanout: int, more_levels: int = 0, change: Change | None = None
    ) -> None:
        self.count = count
        self.files: dict[str, bytes] = {}
        self.reads: list[str] = []
        self._fanout = fanout
        self._change = change
        entries, level = [listed(number) for number in range(count)], 0
        while True:
            span = fanout**level
            entries = [
                self._node(entries[at : at + fanout], at * span, level)
                for at in range(0, len(entries), fanout)
            ]
            if len(entries) == 1:
                if not more_levels:
                    break
                more_levels -= 1
            level += 1
        self.root = entries[0]
        self.levels = level + 1

    def _node(self, entries: list[FileEntry], first: int, level: int) -> FileEntry:
        header: dict[str, Any] = {
            "first": first,
            "count": len(entries),
            "level": level,
            "fanout": self._fanout,
            "prefix": f"data/n{level - 1}." if level else "data/x.",
            "suffix": ".bin",
        }
        digests = b"".join(bytes.fromhex(entry.sha256) for entry in entries)
        sections: dict[str, Any] = {
            "sha256": np.frombuffer(digests, dtype=np.uint8),
            "bytes": np.array([entry.size for entry in entries], dtype=np.uint32),
            "raw_bytes": np.array([entry.raw_size for entry in entries], dtype=np.uint32),
        }
        if self._change is not None:
            self._change(header, sections)
        data = write_container("index", header, sections)
        digest = hashlib.sha256(data).hexdigest()
        path = f"data/n{level}.{digest[:16]}.bin"
        self.files[path] = data
        return FileEntry(path, len(data), len(data), digest, index=True)

    def read(self, entry: FileEntry) -> bytes:
        self.reads.append(entry.path)
        return self.files[entry.path]

    def list(self, count: int | None = None) -> FileList:
        return FileList(ListEntry(self.count if count is None else count, self.root), self.read)


@settings(deadline=None)
@given(
    count=st.integers(1, 150),
    fanout=st.integers(2, 7) | st.sampled_from([100, 4096]),
    more_levels=st.sampled_from([0, 0, 1, 2]),
)
def test_every_file_is_found(count: int, fanout: int, more_levels: int) -> None:
    tree = Tree(count, fanout, more_levels)
    wanted = [listed(number) for number in range(count)]
    assert list(tree.list().entries()) == wanted
    backwards = tree.list()
    assert [backwards.entry(number) for number in reversed(range(count))] == wanted[::-1]
    found = list(walk({"files": {"count": count, "index": tree.root.to_json()}}, tree.read))
    assert sorted(entry.path for entry in found) == sorted(
        [*tree.files, *(entry.path for entry in wanted)]
    )
    assert set(wanted) <= set(found)


def test_one_file_costs_one_node_per_level() -> None:
    tree = Tree(1000, 10)
    files = tree.list()
    assert tree.levels == 3
    assert files.entry(777) == listed(777)
    assert len(tree.reads) == 3
    assert files.entry(778) == listed(778)
    assert len(tree.reads) == 3


@pytest.mark.parametrize("number", [-1, 20, 1 << 40])
def test_there_is_no_such_file(number: int) -> None:
    with pytest.raises(IndexError):
        Tree(20, 4).list().entry(number)


@settings(deadline=None)
@given(count=st.integers(1, 60), fanout=st.integers(2, 5), other=st.integers(1, 80))
def test_a_list_of_another_length_is_refused(count: int, fanout: int, other: int) -> None:
    files = Tree(count, fanout).list(other)
    if other == count:
        assert len(list(files.entries())) == count
        return
    with pytest.raises(FormatError, match="list"):
        for number in (0, other - 1):
            files.entry(number)


def set_header(**values: Any) -> Change:
    return lambda header, sections: header.update(values)


def at_level(level: int, change: Change) -> Change:
    """The change for the nodes of one level only."""
    return lambda header, sections: change(header, sections) if header["level"] == level else None


def longer(name: str) -> Change:
    """One element too many in a section."""
    return lambda header, sections: sections.update(
        {name: np.append(sections[name], sections[name][:1])}
    )


def wider(name: str) -> Change:
    return lambda header, sections: sections.update({name: sections[name].astype(np.int32)})


WRONG: list[tuple[str, Change]] = [
    ("first", set_header(first=1)),
    ("a first below 0", set_header(first=-1)),
    ("first of an inner node", at_level(0, set_header(first=0))),
    ("count 0", set_header(count=0)),
    ("count", set_header(count=2)),
    ("count as text", set_header(count="4")),
    ("level", set_header(level=0)),
    ("a deeper level", set_header(level=3)),
    ("a level without end", set_header(level=1 << 40)),
    ("the fan-out of one level", at_level(1, set_header(fanout=5))),
    ("a fan-out of 1", set_header(fanout=1)),
    ("a huge fan-out", set_header(fanout=1 << 20)),
    ("a way out", set_header(prefix="../")),
    ("another host", set_header(prefix="https://example.org/")),
    ("a way out at the end", set_header(suffix="/../x")),
    ("no prefix", set_header(prefix=None)),
    ("sha256", longer("sha256")),
    ("bytes", longer("bytes")),
    ("raw_bytes", longer("raw_bytes")),
    ("the type of bytes", wider("bytes")),
    ("a missing section", lambda header, sections: sections.pop("bytes")),
    (
        "a file of 4 GB",
        lambda header, sections: sections.update(bytes=np.full(header["count"], 2**32 - 1, "u4")),
    ),
]


@pytest.mark.parametrize(("what", "change"), WRONG, ids=[what for what, _ in WRONG])
def test_a_wrong_node_is_refused(what: str, change: Change) -> None:
    files = Tree(20, 4, change=change).list()
    with pytest.raises(FormatError):
        for number in range(20):
            files.entry(number)


@settings(deadline=None)
@given(data=st.binary(max_size=300))
def test_noise_is_not_a_node(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode_node(data)


def test_an_index_that_leads_back_to_itself_ends() -> None:
    """No real file can contain its own hash, but a hostile host can answer anything."""
    entry = FileEntry("data/a.0123456789abcdef.bin", 9, 9, "0" * 64, index=True)

    def read(asked: FileEntry) -> bytes:
        number = int(asked.path[5:-21]) if asked.path[5].isdigit() else 0
        below = FileEntry(f"data/{number + 1}.0123456789abcdef.bin", 9, 9, "0" * 64, index=True)
        return canonical_json([entry.to_json(), below.to_json()])

    with pytest.raises(FormatError, match="too far below"):
        list(walk({"a": entry.to_json()}, read))


def test_a_huge_index_is_not_read() -> None:
    entry = FileEntry("data/a.0123456789abcdef.bin", 9, 1 << 30, "0" * 64, index=True)
    reads: list[FileEntry] = []
    with pytest.raises(FormatError, match="too large"):
        list(walk({"a": entry.to_json()}, lambda asked: reads.append(asked) or b""))
    assert reads == []
