"""Lists of files and what is reached from the manifest; a site in something other than a folder."""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_formats import container, node_entries
from plain_site import PlainSite
from site_samples import golden_input, make_web, sample_input, tree

from imagedb_site.container import FileEntry, canonical_json, gzip_bytes
from imagedb_site.site import write_site, write_to
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.storage import SiteFiles


class MemoryTarget:
    """A target that keeps the files in memory, and had some of them before."""

    def __init__(self, published: dict[str, bytes] | None = None) -> None:
        self.published = published or {}
        self.files: dict[str, bytes] = {}
        self.put_paths: list[str] = []
        self.complete = False

    def has(self, path: str, sha256: str) -> bool:
        data = self.published.get(path)
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            return False
        self.files[path] = data
        return True

    def put(self, path: str, data: bytes | memoryview) -> None:
        assert not self.complete
        self.put_paths.append(path)
        self.files[path] = bytes(data)

    def put_file(self, path: str, source: Path, sha256: str, *, link: bool) -> None:
        self.put(path, source.read_bytes())

    def commit(self, manifest: bytes) -> None:
        self.put("manifest.json", manifest)
        self.complete = True


def listed_files(target: MemoryTarget, entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of a list, found as docs/FORMAT.md 1.4 says."""
    stored = target.files[entry["path"]]
    raw = zlib.decompress(stored, 31) if stored[:2] == b"\x1f\x8b" else stored
    header, sections = container(raw, "index")
    entries = node_entries(header, sections)
    if header["level"] == 0:
        return entries
    found = [listed_files(target, child) for child in entries]
    covered = header["fanout"] ** header["level"]
    assert all(len(part) == covered for part in found[:-1])
    return [file for part in found for file in part]


@given(count=st.integers(1, 90), fanout=st.integers(2, 5))
def test_a_list_of_any_length(count: int, fanout: int) -> None:
    target = MemoryTarget()
    listed = ListWriter(SiteFiles(target), "things", fanout)
    wanted = []
    for number in range(count):
        digest = hashlib.sha256(b"%d" % number).hexdigest()
        entry = FileEntry(f"data/things.{digest[:16]}.bin", number, 2 * number, digest)
        listed.add(entry)
        wanted.append(entry.to_json())
    made = listed.finish()
    assert made["count"] == count and made["index"]["index"] is True
    assert listed_files(target, made["index"]) == wanted
    nodes, level = 0, count
    while level > 1 or not nodes:
        level = -(-level // fanout)
        nodes += level
    assert len(target.files) == nodes


def test_the_manifest_does_not_grow_with_the_collection(tmp_path: Path) -> None:
    """As many files as a collection of a million rows has in blocks of 128, in lists of fan-out 256."""
    sizes = []
    for count in (10, 7813):
        site = sample_input(count, dim=None, row_block=1, document_block=1, ids_per_file=256)
        write_site(site, tmp_path / str(count))
        manifest = (tmp_path / str(count) / "manifest.json").read_bytes()
        assert PlainSite(tmp_path / str(count)).manifest["rows"]["files"]["count"] == count
        sizes.append(len(gzip_bytes(manifest)))
    # Only numbers and sizes have more digits.
    assert sizes[1] < sizes[0] + 150
    assert max(sizes) < 8000


def test_a_site_in_memory_equals_a_folder(tmp_path: Path) -> None:
    site = golden_input(make_web(tmp_path / "web"))
    write_site(site, tmp_path / "site")
    target = MemoryTarget()
    report = write_to(target, site)
    assert target.files == tree(tmp_path / "site")
    assert target.complete and target.put_paths[-1] == "manifest.json"
    assert report.files == len(target.files) and report.reused == 0


def test_a_target_is_not_given_what_it_has(tmp_path: Path) -> None:
    site = sample_input(40)
    first = MemoryTarget()
    write_to(first, site)
    second = MemoryTarget(first.files)
    report = write_to(second, site)
    assert second.put_paths == ["manifest.json"]
    assert second.files == first.files
    assert report.reused == len(first.files) - 1


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"not json",
        b"[" * 5000,
        b'{"rows":{"path":"../secret","bytes":1,"raw_bytes":1,"sha256":"00","index":true}}',
        b'{"rows":{"path":"data/x","bytes":1,"raw_bytes":1,"sha256":"zz","index":true}}',
        b'{"rows":{"path":"data/x","bytes":-1,"raw_bytes":"1","sha256":7}}',
        canonical_json(
            {"format": "imagedb-site", "version": 1, "rows": {"block": 4096, "files": []}}
        ),
    ],
)
def test_a_strange_previous_site_does_no_harm(tmp_path: Path, manifest: bytes) -> None:
    write_site(sample_input(20), tmp_path / "before")
    (tmp_path / "before" / "manifest.json").write_bytes(manifest)
    write_site(sample_input(20), tmp_path / "after", previous=tmp_path / "before")
    write_site(sample_input(20), tmp_path / "fresh")
    assert tree(tmp_path / "after") == tree(tmp_path / "fresh")


def test_a_damaged_index_of_the_previous_site_does_no_harm(tmp_path: Path) -> None:
    write_site(sample_input(300), tmp_path / "before")
    for index in (tmp_path / "before" / "data").glob("*-index.*"):
        index.write_bytes(index.read_bytes()[:-9])
    write_site(sample_input(300), tmp_path / "after", previous=tmp_path / "before")
    write_site(sample_input(300), tmp_path / "fresh")
    assert tree(tmp_path / "after") == tree(tmp_path / "fresh")


def test_json_is_written_one_way_only(tmp_path: Path) -> None:
    write_site(sample_input(5), tmp_path / "site")
    site = PlainSite(tmp_path / "site")
    documents = [site.fetch(entry) for entry in site.list(site.manifest["documents"]["files"])]
    assert documents == [canonical_json(json.loads(data)) for data in documents]
