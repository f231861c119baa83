"""The map of meaning as a site stores it (docs/FORMAT.md 2.18)."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from golden import make_map, make_site_tiny
from imagedb_site.check import check_site
from imagedb_site.container import FileEntry, gunzip_if, write_container
from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site, verify_site
from imagedb_site.reader.meaning_map import (
    MapFiles,
    parse_map,
    read_points,
    read_row_topics,
    read_topics,
    verify_map,
)
from imagedb_site.site import SiteInput, write_site

GOLDEN = Path(__file__).parents[1] / "golden" / "map.json"


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


class Stored:
    """Reads the files of the golden map; `changed` has other contents for some paths."""

    def __init__(self, golden: Any) -> None:
        self.files = {path: base64.b64decode(data) for path, data in golden["files"].items()}
        self.changed: dict[str, bytes] = {}

    def __call__(self, entry: FileEntry) -> bytes:
        if entry.path in self.changed:
            return self.changed[entry.path]
        return bytes(gunzip_if(self.files[entry.path], entry.raw_size))


def parsed(golden: Any) -> MapFiles:
    files = parse_map(golden["entry"], make_map.ROWS)
    assert files is not None
    return files


def test_the_golden_file_is_up_to_date() -> None:
    assert GOLDEN.read_text(encoding="utf-8") == make_map.text()


def test_the_golden_map_is_read(golden: Any) -> None:
    files, read = parsed(golden), Stored(golden)
    assert read_points(files, read).tolist() == golden["flat"]
    assert read_points(files, read, space=True).tolist() == golden["space"]
    assert read_row_topics(files, read).tolist() == golden["row_topics"]
    topics = read_topics(files, read)
    assert [topic.name for topic in topics] == golden["names"]
    assert [topic.count for topic in topics] == golden["counts"]
    missing = np.zeros(make_map.ROWS, dtype=np.bool_)
    missing[list(make_map.WITHOUT)] = True
    verify_map(files, missing, read)


def test_damaged_points_are_refused(golden: Any) -> None:
    files = replace(parsed(golden), rows=4, block=4)
    path = next(path for path in golden["files"] if path.startswith("data/map-flat."))
    for case in golden["refused"]:
        read = Stored(golden)
        read.changed[path] = base64.b64decode(case["bytes"])
        with pytest.raises(FormatError):
            read_points(files, read)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rows", make_map.ROWS + 1),
        ("count", 0),
        ("count", make_map.ROWS + 1),
        ("block", 0),
        ("block", 1),
        ("block", 1 << 17),
        ("flat", None),
        ("row_topics", None),
        ("topics", {"count": 3}),
        ("topics", {"count": 20_000, "file": None}),
    ],
)
def test_a_wrong_entry_is_refused(golden: Any, key: str, value: object) -> None:
    entry = copy.deepcopy(golden["entry"])
    entry[key] = value
    with pytest.raises(FormatError):
        parse_map(entry, make_map.ROWS)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"words": ["x"] * 21},
        {"count": 99},
        {"count": 3},
        {"x": 65_535},
        {"rows": [0, 1, 2, 4, 5]},
        {"rows": [make_map.ROWS]},
        {"parent": 0},
        {"parent": 3},
    ],
)
def test_wrong_topics_are_refused(golden: Any, change: dict[str, object]) -> None:
    files, read = parsed(golden), Stored(golden)
    topics = json.loads(read(files.topics_file))
    topics[0].update(change)
    read.changed[files.topics_file.path] = json.dumps(topics).encode()
    with pytest.raises(FormatError):
        verify_map(files, None, read)


def test_a_row_of_an_unknown_topic_is_refused(golden: Any) -> None:
    files, read = parsed(golden), Stored(golden)
    path = next(path for path in golden["files"] if path.startswith("data/map-topics."))
    numbers = np.array(golden["row_topics"], dtype=np.uint16)
    numbers[0] = 3
    head = {"first": 0, "count": len(numbers)}
    read.changed[path] = write_container("map-topics", head, {"topics": numbers})
    with pytest.raises(FormatError, match="topic that does not exist"):
        read_row_topics(files, read)


def test_a_row_without_an_embedding_has_no_point(golden: Any) -> None:
    missing = np.zeros(make_map.ROWS, dtype=np.bool_)
    missing[5] = True
    with pytest.raises(FormatError, match="without an embedding"):
        verify_map(parsed(golden), missing, Stored(golden))


def site_with_map() -> SiteInput:
    return replace(make_site_tiny.make_input(), map=make_map.make_map())


def test_a_site_has_its_map(tmp_path: Path) -> None:
    write_site(site_with_map(), tmp_path / "site")
    with open_site(tmp_path / "site") as site:
        verify_site(site)
        assert site.manifest.map is not None
        points = read_points(site.manifest.map, site.read)
        paths = {entry.path for entry in site.entries()}
    assert points.tolist() == make_map.make_map().flat.tolist()
    for stem in ("map-flat", "map-space", "map-topics", "map-names", "map-flat-index"):
        assert any(path.startswith(f"data/{stem}.") for path in paths), stem
    findings = [one for one in check_site(tmp_path / "site").findings if "map" in one.file]
    assert findings == []


def test_the_writer_refuses_a_map_that_does_not_fit(tmp_path: Path) -> None:
    good = make_map.make_map()
    half, nothing = good.flat.copy(), np.full_like(good.flat, make_map.MISSING)
    half[0, 1] = make_map.MISSING
    unknown = good.row_topics.copy()
    unknown[0] = 3
    wrong = [
        replace(good, flat=half),
        replace(good, flat=nothing),
        replace(good, flat=good.flat[:-1]),
        replace(good, row_topics=unknown),
        replace(good, space=np.zeros_like(good.space)),
    ]
    for number, given in enumerate(wrong):
        with pytest.raises(FormatError):
            write_site(replace(site_with_map(), map=given), tmp_path / str(number))
