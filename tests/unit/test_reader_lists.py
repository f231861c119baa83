"""Lists of files, the default order, and finding every file of a site (docs/FORMAT.md 1.4, 1.5, 2.5)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from site_samples import edit_manifest, golden_input, make_web, tree

from imagedb_site.container import gunzip_if, gzip_bytes, write_container
from imagedb_site.errors import FormatError
from imagedb_site.reader import open_site
from imagedb_site.site import write_site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_site(golden_input(row_block=10, document_block=9), tmp_path / "site")
    return tmp_path / "site"


@pytest.mark.parametrize(
    ("steps", "message"),
    [([0] * 23 + [-1], "every row once"), ([24, *[0] * 23], "does not have"), ([0] * 23, "block")],
)
def test_the_default_order_must_be_a_permutation(
    folder: Path, steps: list[int], message: str
) -> None:
    data = write_container(
        "order", {"first": 0, "count": len(steps)}, {"step": np.array(steps, np.int32)}
    )
    listed = list_of_one(folder, "order", data)
    edit_manifest(folder, lambda m: m.update(order={"block": 24, "files": listed}))
    with pytest.raises(FormatError, match=message):
        _ = open_site(folder).order


def list_of_one(folder: Path, stem: str, data: bytes) -> dict:
    """Store a file and the node of a list with nothing else in it; gives the list's JSON."""
    entry = store(folder, stem, data)
    arrays = {
        "sha256": np.frombuffer(bytes.fromhex(entry["sha256"]), np.uint8),
        "bytes": np.array([entry["bytes"]], np.uint32),
        "raw_bytes": np.array([entry["raw_bytes"]], np.uint32),
    }
    header = {"first": 0, "count": 1, "level": 0, "fanout": 256}
    header |= {"prefix": f"data/{stem}.", "suffix": ".bin"}
    node = store(folder, f"{stem}-index", write_container("index", header, arrays))
    return {"count": 1, "index": {**node, "index": True}}


def store(folder: Path, stem: str, data: bytes) -> dict:
    packed = gzip_bytes(data)
    digest = hashlib.sha256(packed).hexdigest()
    path = f"data/{stem}.{digest[:16]}.bin"
    (folder / path).write_bytes(packed)
    return {"path": path, "bytes": len(packed), "raw_bytes": len(data), "sha256": digest}


def test_a_node_must_list_what_the_list_needs(folder: Path) -> None:
    root = json.loads((folder / "manifest.json").read_bytes())["rows"]["files"]["index"]
    data = gunzip_if((folder / root["path"]).read_bytes(), 1 << 20)
    for change in (b'"first":9', b'"count":1', b'"level":3', b'"fanout":1', b'"fanout":0'):
        key = change.split(b":")[0]
        start = data.index(key)
        end = data.index(b",", start)
        changed = data[:start] + change.ljust(end - start) + data[end:]
        entry = store(folder, "rows-index", changed)
        edit_manifest(
            folder, lambda m, e=entry: m["rows"]["files"].update(index={**e, "index": True})
        )
        with pytest.raises(FormatError):
            open_site(folder).row(23)


def test_every_file_is_found_without_knowing_the_keys(tmp_path: Path) -> None:
    write_site(golden_input(make_web(tmp_path / "web"), row_block=2, fanout=3), tmp_path / "site")
    with open_site(tmp_path / "site") as site:
        found = {entry.path for entry in site.entries()}
    pictures = ("thumbs/", "views/", "originals/")
    files = {path for path in tree(tmp_path / "site") if not path.startswith(pictures)}
    assert found == files - {"manifest.json"} and len(found) > 40
