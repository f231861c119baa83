"""Writes map.json: the files of a small map of meaning with what they hold, and refused forms.

Run `python tests/golden/make_map.py` after a change of docs/FORMAT.md 2.18. The points are made up.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.container import write_container
from imagedb_site.site import FolderTarget, MapTopic, MeaningMap
from imagedb_site.site.map_files import MISSING, write_map
from imagedb_site.site.storage import SiteFiles

HERE = Path(__file__).parent
ROWS = 24
WITHOUT = (3, 23)
"""Rows without a point."""


def make_map() -> MeaningMap:
    """Three topics around three middles; every seventh row has none, one topic is part of another."""
    random = np.random.default_rng(218)
    middles = np.array([[9000, 12000, 50000], [52000, 20000, 8000], [30000, 60000, 30000]])
    place = np.arange(ROWS) % 3
    points = (middles[place] + random.integers(-4000, 4000, (ROWS, 3))).astype(np.uint16)
    points[0], points[1] = (0, 0, 0), (MISSING - 1, MISSING - 1, MISSING - 1)
    topics = np.where(np.arange(ROWS) % 7 == 6, MISSING, place).astype(np.uint16)
    points[list(WITHOUT)] = MISSING
    topics[list(WITHOUT)] = MISSING
    own = np.bincount(topics[topics != MISSING], minlength=3)
    counts = [int(own[0] + own[2]), int(own[1]), int(own[2])]
    names = [["cat", "roof"], ["sea", "lighthouse", "été"], ["猫", "winter"]]
    return MeaningMap(
        flat=points[:, :2].copy(),
        space=points,
        row_topics=topics,
        topics=[
            MapTopic(
                name=", ".join(words),
                words=words,
                count=count,
                x=int(middles[number][0]),
                y=int(middles[number][1]),
                rows=np.flatnonzero(topics == number)[:4].tolist(),
                parent=0 if number == 2 else None,
            )
            for number, (words, count) in enumerate(zip(names, counts, strict=True))
        ],
        method={"name": "made up", "seed": 218},
        quality={"trustworthiness": 0.9, "neighbours_kept": 0.5, "rows": 20},
    )


def cases() -> dict[str, Any]:
    given = make_map()
    assert given.space is not None
    with tempfile.TemporaryDirectory() as folder:
        files = SiteFiles(FolderTarget(Path(folder), None))
        entry = write_map(files, given, None)
        stored = {
            path.relative_to(folder).as_posix(): base64.b64encode(path.read_bytes()).decode()
            for path in sorted(Path(folder).rglob("*.*"))
        }
    return {
        "entry": entry,
        "files": stored,
        "flat": given.flat.tolist(),
        "space": given.space.tolist(),
        "row_topics": given.row_topics.tolist(),
        "names": [topic.name for topic in given.topics],
        "counts": [topic.count for topic in given.topics],
        "refused": [{"name": name, "bytes": encoded(data)} for name, data in refused().items()],
    }


def refused() -> dict[str, bytes]:
    """Files that are not the points of 4 rows from row 0 on."""
    axis = np.arange(4, dtype=np.uint16)
    lacking = np.array([0, 1, MISSING, 3], dtype=np.uint16)
    head = {"first": 0, "count": 4}
    return {
        "another kind": write_container("order", head, {"x": axis, "y": axis}),
        "another first row": write_container("map", {**head, "first": 4}, {"x": axis, "y": axis}),
        "another count": write_container("map", {**head, "count": 5}, {"x": axis, "y": axis}),
        "a short section": write_container("map", head, {"x": axis, "y": axis[:3]}),
        "one coordinate": write_container("map", head, {"x": axis}),
        "another type": write_container("map", head, {"x": axis, "y": axis.astype(np.uint32)}),
        "half a point": write_container("map", head, {"x": axis, "y": lacking}),
    }


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def text() -> str:
    return json.dumps(cases(), ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    (HERE / "map.json").write_text(text(), encoding="utf-8")
