"""WebDataset: samples of tar files, read in place; names in the archive are never paths."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from imagedb_site.errors import SourceError
from imagedb_site.records import Record
from imagedb_site.sources.webdataset import open_webdataset


def shard(path: Path, files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def content(record: Record) -> bytes:
    picture = record.picture
    assert picture is not None and picture.length is not None
    return picture.path.read_bytes()[picture.offset : picture.offset + picture.length]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_samples_with_pictures_fields_captions_and_labels(tmp_path, form):
    long = "folder/" * 12 + "x" * 60
    shard(tmp_path / "train-000.tar", {
        "a/1.jpg": b"first", "a/1.json": json.dumps({"size": {"w": 3}, "tags": ["x"]}).encode(),
        "a/1.cls": b"3\n", "a/2.PNG": b"second", "a/2.txt": b"A second caption.\n",
    }, form)  # fmt: skip
    shard(tmp_path / "train-001.tar", {f"{long}.webp": b"third", f"{long}.txt": b"Third."}, form)
    source = open_webdataset(tmp_path)
    assert (source.name, source.problems, len(source)) == ("webdataset", [], 3)
    first, second, third = source.records()
    assert first.key == "train-000.tar/a/1.jpg"
    assert first.fields == {"size_w": 3, "tags": ["x"], "label": "3"}
    assert second.fields == {"caption": "A second caption."}
    assert third.key == f"train-001.tar/{long}.webp"
    assert [content(record) for record in (first, second, third)] == [b"first", b"second", b"third"]
    assert {spec.name: spec.type for spec in source.fields}["label"] == "category"


def test_a_single_file_and_samples_without_pictures(tmp_path):
    path = shard(
        tmp_path / "t.tar",
        {"1.txt": b"only text", "2.jpg": b"p", "3.npy": b"x", "2.mask.png": b"m"},
    )
    source = open_webdataset(path)
    records = list(source.records())
    assert [record.key for record in records] == ["t.tar/1", "t.tar/2.jpg", "t.tar/2.mask.png"]
    assert records[0].picture is None
    assert any("sample 3 has no picture" in problem.reason for problem in source.problems)
    assert source.notes == ["t.tar has files of kinds that are not read: npy."]


def test_hostile_names_and_members(tmp_path):
    path = tmp_path / "t.tar"
    with tarfile.open(path, "w") as archive:
        for name in (
            "../../etc/passwd.jpg",
            "/abs/olute.jpg",
            "a\nb\x1b[31m.jpg",
            "good.jpg",
            ".hidden",
        ):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
        for name, kind in (("link.jpg", tarfile.SYMTYPE), ("dev.jpg", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            archive.addfile(info)
    source = open_webdataset(path)
    keys = [record.key for record in source.records()]
    assert keys == [
        "t.tar/etc/passwd.jpg",
        "t.tar/abs/olute.jpg",
        "t.tar/a b[31m.jpg",
        "t.tar/good.jpg",
    ]
    assert any("not regular files" in problem.reason for problem in source.problems)
    assert {content(record) for record in source.records()} == {b"abc"}
    assert not (tmp_path / "etc").exists()


def test_damaged_members_and_archives(tmp_path):
    files = {f"{at}.jpg": bytes(600) for at in range(6)} | {"7.json": b"{no", "8.json": b"[1]"}
    path = shard(tmp_path / "t.tar", files)
    whole = path.read_bytes()
    reasons = " ".join(problem.reason for problem in open_webdataset(path).problems)
    assert "7.json is not JSON" in reasons and "8.json is not a JSON object" in reasons
    for cut in (2000, 512 * 3 + 100, 512 * 9):
        path.write_bytes(whole[:cut])
        source = open_webdataset(path)
        assert 1 <= len(source) < 6
        for record in source.records():
            assert content(record) == bytes(600)
    path.write_bytes(whole[:2300])
    assert "it ends inside" in open_webdataset(path).problems[0].reason
    broken = bytearray(whole)
    broken[512 * 3 : 512 * 3 + 100] = b"\xff" * 100
    path.write_bytes(broken)
    source = open_webdataset(path)
    assert len(source) == 1
    assert "damaged or cut" in source.problems[0].reason


def test_what_is_not_a_tar_file(tmp_path):
    with pytest.raises(SourceError, match="no tar file"):
        open_webdataset(tmp_path)
    shard(tmp_path / "good.tar", {"1.jpg": b"x"})
    (tmp_path / "bad.tar").write_bytes(b"not a tar file" * 100)
    source = open_webdataset(tmp_path)
    assert len(source) == 1
    assert [problem.key for problem in source.problems] == ["bad.tar"]
    (tmp_path / "packed.tar.gz").write_bytes(b"")
    with pytest.raises(SourceError) as caught:
        open_webdataset(tmp_path / "packed.tar.gz")
    assert "Unpack" in str(caught.value.hint)


def test_a_long_header_takes_no_memory(tmp_path):
    path = tmp_path / "t.tar"
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 64 << 20
    good = shard(tmp_path / "good.tar", {"1.jpg": b"x"}).read_bytes()[:1024]
    with path.open("wb") as file:
        file.write(good + header.tobuf(tarfile.USTAR_FORMAT))
        file.truncate(80 << 20)
    source = open_webdataset(path)
    assert len(source) == 1
    assert "damaged" in source.problems[0].reason
