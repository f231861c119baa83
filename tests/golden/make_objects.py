"""Writes objects.json: the pages of the objects of a small collection, their files, and refused forms.

Run `python tests/golden/make_objects.py` after a change of docs/FORMAT.md 2.19.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.container import write_container
from imagedb_site.objects import ALONE, PageCollector, Pages
from imagedb_site.records import Value
from imagedb_site.site import FolderTarget
from imagedb_site.site.object_files import write_objects
from imagedb_site.site.storage import SiteFiles

HERE = Path(__file__).parent
BLOCK = 10
HOSTILE = "<img src=x onerror=alert(1)>\u202e\ud800"

COLLECTION: list[tuple[Value | None, Value | None, str]] = [
    ("book", 10, "book/a.jpg"),
    ("book", 2, "book/b.jpg"),
    ("book", "1", "book/c.jpg"),
    ("coin", "verso", "coin/1.jpg"),
    ("coin", "recto", "coin/2.jpg"),
    (None, None, "alone/1.jpg"),
    ("single", 1, "alone/2.jpg"),
    ("vase", "back", "vase/1.jpg"),
    ("vase", "Front", "vase/2.jpg"),
    ("vase", None, "vase/10.jpg"),
    ("vase", None, "vase/9.jpg"),
    ("vase", "detail", "vase/3.jpg"),
    (HOSTILE, "ii", "hostile/1.jpg"),
    (HOSTILE, "i", "hostile/2.jpg"),
    ("same", 3, "same/b.jpg"),
    ("same", 3, "same/a.jpg"),
    (7, 1, "number/1.jpg"),
    (7.0, 2, "number/2.jpg"),
    ("7", 3, "text/1.jpg"),
    ("folios", "2r", "folios/1.jpg"),
    ("folios", "1v", "folios/2.jpg"),
    ("folios", "1r", "folios/3.jpg"),
    ("folios", -1.5, "folios/4.jpg"),
    ("book", None, "book/d.jpg"),
]
"""Object, page and path of each row."""


def make_pages() -> Pages:
    collector = PageCollector()
    for name, page, path in COLLECTION:
        given = {"object": name, "page": page}
        collector.add({key: value for key, value in given.items() if value is not None}, path)
    pages = collector.finish()
    assert pages is not None
    return pages


def cases() -> dict[str, Any]:
    given = make_pages()
    with tempfile.TemporaryDirectory() as folder:
        files = SiteFiles(FolderTarget(Path(folder), None))
        entry = write_objects(files, given, BLOCK, None)
        stored = {
            path.relative_to(folder).as_posix(): encoded(path.read_bytes())
            for path in sorted(Path(folder).rglob("*.*"))
        }
    return {
        "entry": entry,
        "files": stored,
        "first": given.first.tolist(),
        "place": given.place.tolist(),
        "pages": given.pages.tolist(),
        "rows_of": [given.rows_of(row) for row in range(len(COLLECTION))],
        "refused": [{"name": name, "bytes": encoded(data)} for name, data in refused().items()],
    }


def refused() -> dict[str, bytes]:
    """Files that are not the pages of the rows 0 to 3 of a collection of 24."""

    def block(kind: str = "objects", **changes: Any) -> bytes:
        header = {"first": 0, "count": 4} | changes.pop("header", {})
        arrays = {"first": [0, 0, ALONE, 9], "place": [0, 1, 0, 1], "pages": [3, 3, 1, 2]}
        sections = {
            name: np.array(value, dtype=changes.get("dtype", np.uint32))
            for name, value in (arrays | changes.pop("arrays", {})).items()
            if value is not None
        }
        return write_container(kind, header, sections)

    return {
        "another kind": block("order"),
        "another first row": block(header={"first": 4}),
        "another count": block(header={"count": 5}),
        "a short section": block(arrays={"place": [0, 1, 0]}),
        "a missing section": block(arrays={"pages": None}),
        "another type": block(dtype=np.int32, arrays={"first": [0, 0, 2, 9]}),
        "a first page outside": block(arrays={"first": [0, 0, ALONE, 24]}),
        "a place after the last page": block(arrays={"place": [0, 3, 0, 1]}),
        "one page of one": block(arrays={"pages": [3, 3, 1, 1], "place": [0, 1, 0, 0]}),
        "a first page that is not first": block(arrays={"place": [1, 2, 0, 1]}),
        "two first pages": block(arrays={"place": [0, 0, 0, 1]}),
        "a row that is alone with a place": block(arrays={"place": [0, 1, 1, 1]}),
        "a row that is alone with pages": block(arrays={"pages": [3, 3, 2, 2]}),
        "more pages than rows": block(arrays={"pages": [25, 25, 1, 2]}),
    }


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def text() -> str:
    return json.dumps(cases(), ensure_ascii=True, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    (HERE / "objects.json").write_text(text(), encoding="utf-8")
