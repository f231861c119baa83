"""The map of meaning: its points, the topics of rows and their names (docs/FORMAT.md 2.18)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import canonical_json
from imagedb_site.errors import FormatError
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import Arrays, SiteFiles
from imagedb_site.site.types import MeaningMap

MAP_BLOCK = 1 << 16
"""Rows per file."""
MISSING = 0xFFFF
"""In the place of a coordinate or a topic: there is none."""


def write_map(files: SiteFiles, given: MeaningMap, fanout: int | None) -> dict[str, Any]:
    """Write the files of a map; returns the manifest's `map`. Raises FormatError if it does not fit."""
    _check(given)
    topics = canonical_json([asdict(topic) for topic in given.topics])
    entry = files.put_entry("data", "map-names", "bin", topics, compress=True)
    points, numbers = given.flat, given.row_topics[:, None]
    return {
        "count": int(np.count_nonzero(points[:, 0] != MISSING)),
        "rows": len(points),
        "block": MAP_BLOCK,
        "flat": _write(files, ("map", "map-flat"), ("x", "y"), points, fanout),
        "space": None
        if given.space is None
        else _write(files, ("map", "map-space"), ("x", "y", "z"), given.space, fanout),
        "row_topics": _write(files, ("map-topics", "map-topics"), ("topics",), numbers, fanout),
        "topics": {"count": len(given.topics), "file": entry.to_json()},
        "method": dict(given.method),
        "quality": None if given.quality is None else dict(given.quality),
    }


def _write(
    files: SiteFiles,
    names: tuple[str, str],
    sections: tuple[str, ...],
    values: NDArray[np.uint16],
    fanout: int | None,
) -> dict[str, Any]:
    """Write each column of `values` as a section. `names`: kind of the files, and their stem."""
    kind, stem = names
    listed = ListWriter(files, stem, fanout)
    for first in range(0, len(values), MAP_BLOCK):
        block = values[first : first + MAP_BLOCK]
        header = {"first": first, "count": len(block)}
        arrays: Arrays = {
            name: np.ascontiguousarray(block[:, place]) for place, name in enumerate(sections)
        }
        listed.add(files.put_container(kind, stem, header, arrays, compress=True))
    return listed.finish()


def _check(given: MeaningMap) -> None:
    missing = given.flat == MISSING
    count = len(given.flat)
    parts = [given.flat, given.row_topics] + ([] if given.space is None else [given.space])
    if any(part.dtype != np.uint16 or len(part) != count for part in parts):
        raise FormatError("The parts of the map have different rows.")
    if missing.all() or (missing[:, 0] != missing[:, 1]).any():
        raise FormatError("A point of the map lacks a coordinate, or there is none.")
    if given.space is not None and ((given.space == MISSING) != missing[:, :1]).any():
        raise FormatError("A point of the map has two dimensions or three, but not both.")
    topics = given.row_topics
    if ((topics >= len(given.topics)) & (topics != MISSING)).any():
        raise FormatError("A row has a topic that does not exist.")
