"""The map of meaning: its entry in the manifest, and checked points and topics (docs/FORMAT.md 2.18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.decode import block_span, section
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.shape import (
    ListEntry,
    as_count,
    as_entry,
    as_file_list,
    as_list,
    as_object,
    as_text,
    as_texts,
    parse_json,
)

Read = Callable[[FileEntry], bytes]
Numbers = NDArray[np.uint16]

NONE = 0xFFFF
"""In the place of a coordinate or a topic: there is none."""
_MOST_BLOCK, _MOST_TOPICS = 1 << 16, 10_000
_LONGEST, _MOST_WORDS, _MOST_ROWS = 200, 20, 4


@dataclass(frozen=True)
class MapFiles:
    """The manifest's `map`: `count` of `rows` rows have a point; `block` rows lie in each file."""

    count: int
    rows: int
    block: int
    flat: ListEntry
    space: ListEntry | None
    row_topics: ListEntry
    topics: int
    topics_file: FileEntry


@dataclass(frozen=True)
class ReadTopic:
    """A topic, as the map names it."""

    name: str
    words: tuple[str, ...]
    count: int
    x: int
    y: int
    rows: tuple[int, ...]
    parent: int | None


def parse_map(value: object, total: int) -> MapFiles | None:
    """The entry of the map of a site of `total` rows, None if it has none. Raises FormatError."""
    if value is None:
        return None
    spec = as_object(value, "map")
    rows = as_count(spec.get("rows"), "map.rows", total)
    count = as_count(spec.get("count"), "map.count", rows)
    block = as_count(spec.get("block"), "map.block", _MOST_BLOCK)
    if not count or not block:
        raise FormatError("map has no points or no block.")
    topics = as_object(spec.get("topics"), "map.topics")
    space = None if spec.get("space") is None else as_file_list(spec["space"], "map.space")
    found = MapFiles(
        count=count,
        rows=rows,
        block=block,
        flat=as_file_list(spec.get("flat"), "map.flat"),
        space=space,
        row_topics=as_file_list(spec.get("row_topics"), "map.row_topics"),
        topics=as_count(topics.get("count"), "map.topics.count", _MOST_TOPICS),
        topics_file=as_entry(topics.get("file"), "map.topics.file"),
    )
    for listed in (found.flat, found.row_topics, *([space] if space else [])):
        if listed.count != -(-rows // block):
            raise FormatError(f"map has {listed.count:,} files of {block:,} for {rows:,} rows.")
    return found


def read_points(files: MapFiles, read: Read, *, space: bool = False) -> Numbers:
    """The points of all rows, uint16 [rows, 2], or 3 with `space`; NONE without one. Raises FormatError."""
    listed = files.space if space else files.flat
    if listed is None:
        raise FormatError("The map of this site has two dimensions only.")
    axes = ("x", "y", "z") if space else ("x", "y")
    points = _columns(files, listed, read, "map", axes)
    missing = points == NONE
    if (missing != missing[:, :1]).any():
        raise FormatError("A point of the map lacks a coordinate.")
    return points


def read_row_topics(files: MapFiles, read: Read) -> Numbers:
    """The topic of each row, uint16 [rows]; NONE without one. Raises FormatError."""
    topics = _columns(files, files.row_topics, read, "map-topics", ("topics",))[:, 0]
    if ((topics >= files.topics) & (topics != NONE)).any():
        raise FormatError("A row has a topic that does not exist.")
    return topics


def read_topics(files: MapFiles, read: Read) -> list[ReadTopic]:
    """The topics, the largest first. Raises FormatError."""
    listed = as_list(parse_json(read(files.topics_file), "The list of topics"), "topics")
    if len(listed) != files.topics:
        raise FormatError("The list of topics has another length than the manifest says.")
    topics = [_topic(value, place, files) for place, value in enumerate(listed)]
    if any(one.count < after.count for one, after in pairwise(topics)):
        raise FormatError("The topics are not in the order of their sizes.")
    return topics


def verify_map(files: MapFiles, missing: NDArray[np.bool_] | None, read: Read) -> None:
    """Check what the files of a map say about each other. `missing`: the rows without an embedding."""
    points = read_points(files, read)
    known = points[:, 0] != NONE
    if np.count_nonzero(known) != files.count:
        raise FormatError("map.count is not the number of rows with a point.")
    if missing is not None and (known & missing[: files.rows]).any():
        raise FormatError("A row without an embedding has a point on the map.")
    in_space = known
    if files.space is not None:
        in_space = read_points(files, read, space=True)[:, 0] != NONE
    if (in_space != known).any():
        raise FormatError("The maps of two and of three dimensions have different rows.")
    numbers = read_row_topics(files, read)
    if (numbers[~known] != NONE).any():
        raise FormatError("A row without a point has a topic.")
    topics = read_topics(files, read)
    counts = np.bincount(numbers[numbers != NONE], minlength=len(topics)).tolist()
    for number in range(len(topics)):
        above, steps = topics[number].parent, 0
        while above is not None:
            counts[above] += int(np.count_nonzero(numbers == number))
            above, steps = topics[above].parent, steps + 1
            if steps > len(topics):
                raise FormatError("A topic is part of itself.")
    if counts != [topic.count for topic in topics]:
        raise FormatError("The topics do not have the numbers of rows that they say.")


def _columns(
    files: MapFiles, listed: ListEntry, read: Read, kind: str, names: tuple[str, ...]
) -> Numbers:
    blocks = []
    for number, entry in enumerate(FileList(listed, read).entries()):
        first, count = block_span(number, files.block, files.rows)
        header, arrays = read_container(read(entry), kind)
        if header.get("first") != first or header.get("count") != count:
            raise FormatError(f"{entry.path} has other rows than its block.")
        parts = [section(header, arrays, name, ("u16",), count) for name in names]
        blocks.append(np.stack(parts, axis=1))
    return np.concatenate(blocks)


def _topic(value: Any, place: int, files: MapFiles) -> ReadTopic:
    where = f"topics[{place}]"
    topic = as_object(value, where)
    words = as_texts(topic.get("words"), f"{where}.words")
    name = as_text(topic.get("name"), f"{where}.name")
    rows = as_list(topic.get("rows"), f"{where}.rows")
    if len(words) > _MOST_WORDS or not all(0 < len(text) <= _LONGEST for text in (name, *words)):
        raise FormatError(f"{where} has a name or words that are too long, or none.")
    if len(rows) > _MOST_ROWS:
        raise FormatError(f"{where} has more than {_MOST_ROWS} rows.")
    parent = topic.get("parent")
    if parent is not None:
        parent = as_count(parent, f"{where}.parent", files.topics - 1)
    if parent == place:
        raise FormatError("A topic is part of itself.")
    return ReadTopic(
        name=name,
        words=tuple(words),
        count=as_count(topic.get("count"), f"{where}.count", files.rows),
        x=as_count(topic.get("x"), f"{where}.x", NONE - 1),
        y=as_count(topic.get("y"), f"{where}.y", NONE - 1),
        rows=tuple(as_count(row, f"{where}.rows", files.rows - 1) for row in rows),
        parent=parent,
    )
