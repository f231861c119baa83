"""XMP sidecars in builds: what they override, when they are read again, and what is reported."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

import imagedb_site.xmp_sidecars as reading
from imagedb_site import open as open_collection
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.reader import open_site
from imagedb_site.report import BuildReport
from metadata_samples import bag, exif_block, packet

from .conftest import draw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.jpg", "b.jpg", "sub/c.png")):
        draw(tmp_path / "pictures" / name, number)
    return tmp_path / "pictures"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each sidecar that is parsed: how many bytes it has."""
    sizes: list[int] = []
    real = reading.read_sidecar

    def read_sidecar(data: bytes) -> Any:
        sizes.append(len(data))
        return real(data)

    monkeypatch.setattr(reading, "read_sidecar", read_sidecar)
    return sizes


def run(folder: Path, **options: Any) -> BuildReport:
    output = folder.parent / "site"
    return build(BuildConfig(folder, output, model="none", view_size=0, workers=1, **options))


def fields(folder: Path) -> dict[str, dict[str, Any]]:
    """The fields of the published pictures that come from metadata, by path."""
    with open_site(folder.parent / "site") as site:
        found = [site.document(row) for row in range(site.count)]
    own = ("name", "file", "width", "height", "folder", "label")
    return {
        one["path"]: {name: value for name, value in one["fields"].items() if name not in own}
        for one in found
    }


def titled(title: str, attributes: str = "") -> bytes:
    return packet(f"<dc:title>{title}</dc:title>", attributes)


def test_sidecars_override_pictures_and_tables_override_both(folder):
    from PIL import Image

    with Image.open(folder / "a.jpg") as image:
        image.save(
            folder / "a.jpg", exif=exif_block({0x010E: "in the file", 0x013B: "Ann", 0x4746: 4})
        )
    run(folder)
    assert fields(folder)["a.jpg"] == {"description": "in the file", "creator": "Ann", "rating": 4}
    inner = "<dc:description>in a.xmp</dc:description><dc:title>a.xmp</dc:title>"
    (folder / "a.xmp").write_bytes(packet(inner + bag("dc:subject", "sea"), 'xmp:Rating="2"'))
    run(folder)
    general = {"description": "in a.xmp", "title": "a.xmp", "keywords": ["sea"], "rating": 2}
    assert fields(folder)["a.jpg"] == {**general, "creator": "Ann"}
    (folder / "a.jpg.XMP").write_bytes(titled("a.jpg.xmp", 'xmp:Rating="0"'))
    run(folder)
    del general["rating"]
    assert fields(folder)["a.jpg"] == {**general, "title": "a.jpg.xmp", "creator": "Ann"}
    table = folder.parent / "table.csv"
    table.write_text("file,title\na.jpg,table\n")
    run(folder, metadata=[table])
    assert fields(folder)["a.jpg"] == {**general, "title": "table", "creator": "Ann"}


def test_a_changed_sidecar_is_noticed_although_the_picture_is_the_same(folder, read, monkeypatch):
    # An hour later: a file that has just changed could change again within the same times.
    now = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: now() + 3_600_000_000_000)
    (folder / "a.xmp").write_bytes(titled("one"))
    (folder / "sub" / "c.xmp").write_bytes(titled("three"))
    first = run(folder)
    assert fields(folder)["a.jpg"] == {"title": "one"}
    assert first.derived == 3 and len(read) == 2
    again = run(folder)
    assert again.derived == 0 and len(read) == 2
    # The same size and the same time: the time of the change tells.
    stat = (folder / "a.xmp").stat()
    (folder / "a.xmp").write_bytes(titled("ONE"))
    os.utime(folder / "a.xmp", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed = run(folder)
    assert changed.derived == 0 and len(read) == 3
    assert fields(folder)["a.jpg"] == {"title": "ONE"}
    (folder / "a.xmp").unlink()
    (folder / "b.xmp").write_bytes(titled("two"))
    run(folder)
    assert fields(folder) == {
        "a.jpg": {},
        "b.jpg": {"title": "two"},
        "sub/c.png": {"title": "three"},
    }
    run(folder, rehash=True)
    assert len(read) == 6


def test_the_same_picture_twice_with_different_sidecars(folder):
    for name in ("copy.jpg", "sub/copy.jpg"):
        shutil.copy2(folder / "a.jpg", folder / name)
    (folder / "a.xmp").write_bytes(titled("first"))
    (folder / "copy.jpg.xmp").write_bytes(titled("second"))
    run(folder)
    found = fields(folder)
    assert (found["a.jpg"], found["copy.jpg"]) == ({"title": "first"}, {"title": "second"})
    assert found["sub/copy.jpg"] == {}
    # A moved picture takes its sidecar along if both are moved.
    (folder / "a.jpg").rename(folder / "sub" / "a.jpg")
    (folder / "a.xmp").rename(folder / "sub" / "a.xmp")
    assert run(folder).derived == 0
    assert fields(folder)["sub/a.jpg"] == {"title": "first"}


@pytest.mark.parametrize(
    ("data", "reason", "kept"),
    [
        (b"", "the XMP sidecar is empty", {}),
        (b"\x00\x01\x02 not XML", "the XMP sidecar is not XMP", {}),
        (b"<html><body>no</body></html>", "the XMP sidecar is not XMP", {}),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + titled("&a;"), "the XMP sidecar is not XMP", {}),
        (
            titled("Boat").partition(b"</rdf:Desc")[0],
            "the XMP sidecar is damaged",
            {"title": "Boat"},
        ),
        (titled("x") + b" " * (8 << 20), "the XMP sidecar has more than 8 MiB", {}),
    ],
)
def test_a_sidecar_that_cannot_be_read_is_one_problem_and_the_picture_stays(
    folder, data, reason, kept
):
    (folder / "sub" / "c.xmp").write_bytes(data)
    for _ in range(2):
        report = run(folder)
        [problem] = report.problems
        assert problem.key == "sub/c.xmp" and problem.reason.startswith(reason)
        assert fields(folder)["sub/c.png"] == kept
    (folder / "sub" / "c.xmp").write_bytes(titled("good"))
    assert run(folder).problems == []
    assert fields(folder)["sub/c.png"] == {"title": "good"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_a_sidecar_without_permission_is_tried_again(folder):
    (folder / "a.xmp").write_bytes(titled("one"))
    (folder / "a.xmp").chmod(0)
    [problem] = run(folder).problems
    assert problem.key == "a.xmp" and "permission denied" in problem.reason
    (folder / "a.xmp").chmod(0o600)
    assert run(folder).problems == []


def test_a_sidecar_of_several_pictures_is_read_and_reported_once(folder, read):
    shutil.copy2(folder / "b.jpg", folder / "a.jpeg")
    (folder / "a.xmp").write_bytes(titled("both") + b"<")
    report = run(folder)
    assert [problem.key for problem in report.problems] == ["a.xmp"] and len(read) == 1
    found = fields(folder)
    assert found["a.jpg"] == found["a.jpeg"] == {"title": "both"}


def test_strict_refuses_a_damaged_sidecar(folder):
    (folder / "a.xmp").write_bytes(b"no XMP")
    report = run(folder, strict=True)
    assert not report.published and len(report.problems) == 1


def test_private_values_of_sidecars_are_published_on_request_only(folder):
    gps = 'exif:GPSLatitude="41,30N" exif:GPSLongitude="12,15W" aux:SerialNumber="380319450" '
    names = 'aux:OwnerName="Ann Example" photoshop:City="Mainz"'
    inner = "<dc:title>Boat</dc:title><dc:description>No. 380319450</dc:description>"
    (folder / "a.xmp").write_bytes(packet(inner, gps + names))
    run(folder)
    site = folder.parent / "site"
    assert fields(folder)["a.jpg"] == {"title": "Boat"}
    published = b"".join(file.read_bytes() for file in site.rglob("*") if file.is_file())
    assert not any(secret in published for secret in (b"380319450", b"Ann Example", b"Mainz"))
    run(folder, publish_location=True)
    assert fields(folder)["a.jpg"] == {
        "title": "Boat",
        "latitude": 41.5,
        "longitude": -12.25,
        "place": ["Mainz"],
        "owner": "Ann Example",
        "serial": "380319450",
        "private_text": "No. 380319450",
    }
    run(folder)
    assert fields(folder)["a.jpg"] == {"title": "Boat"}


def test_keywords_of_sidecars_and_tables_are_paths(folder):
    (folder / "a.xmp").write_bytes(packet(bag("lr:hierarchicalSubject", "Places|Europe|Norway")))
    table = folder.parent / "table.csv"
    table.write_text("file,keywords\nb.jpg,sea; sky\n")
    run(folder, metadata=[table])
    found = fields(folder)
    assert found["a.jpg"] == {"keywords": ["Places|Europe|Norway"]}
    assert found["b.jpg"] == {"keywords": ["sea", "sky"]}
    with open_collection(folder.parent / "site") as site:
        for query in ("keywords:europe", 'keywords:"places|europe"', "keywords:places"):
            assert [hit.document["path"] for hit in site.search(query).hits] == ["a.jpg"]
        assert [hit.document["path"] for hit in site.search("keywords:sea").hits] == ["b.jpg"]


def test_the_command_line_names_what_cannot_be_read(folder, cli):
    (folder / "a.xmp").write_bytes(b"no XMP")
    (folder / "gone.xmp").write_bytes(titled("x"))
    options = ("--model", "none", "-o", folder.parent / "dist", "--json")
    done = cli("build", folder, *options, check=True)
    problems = json.loads(done.stdout)["problems"]
    assert [(one["path"], one["reason"][:26]) for one in problems] == [
        ("gone.xmp", "an XMP sidecar without a p"),
        ("a.xmp", "the XMP sidecar is not XMP"),
    ]
