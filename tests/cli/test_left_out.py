"""What a build leaves out is named once, and what cannot be decoded costs its time only once."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import imagedb_site.parts.local as deriving
import imagedb_site.sources.folder as walking
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.library import stage as staging
from imagedb_site.pictures import DecodeError
from imagedb_site.records import Progress
from imagedb_site.report import BuildReport

from .conftest import draw

BROKEN = {
    "cut.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "empty.png": b"",
    "text.webp": b"this is only text",
    "drawing.svg": b"<svg><unclosed>",
}


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are decoded, in order of their names; files called `slow` take too long."""
    names: list[str] = []
    real = deriving.derive_all

    def derive_all(works: Any, **options: Any) -> Any:
        works = list(works)
        names.extend(sorted(work.key for work in works))
        slow = [work for work in works if "slow" in work.key]
        yield from ((one, DecodeError("it takes too long", "timeout")) for one in slow)
        yield from real((work for work in works if work not in slow), **options)

    monkeypatch.setattr(deriving, "derive_all", derive_all)
    return names


def run(folder: Path, progress: Progress = lambda *_: None, **options: Any) -> BuildReport:
    output = folder.parent / "site"
    config = BuildConfig(folder, output, model="none", view_size=0, workers=1, **options)
    return build(config, progress)


def reasons(report: BuildReport) -> list[tuple[str, str]]:
    assert report.to_json()["problems"] == [
        {"path": problem.key, "reason": problem.reason} for problem in report.problems
    ]
    return [(problem.key, problem.reason) for problem in report.problems]


def test_pictures_that_are_left_out_are_not_counted(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        draw(folder / f"{number}.png", number)
    for name, data in BROKEN.items():
        (folder / name).write_bytes(data)
    for report in (run(folder), run(folder)):
        assert (report.count, report.pictures) == (3, 3)
        assert any("3 images" in line for line in report.lines())


@pytest.mark.parametrize("name", BROKEN)
def test_copies_of_a_broken_file_are_all_named_in_every_build(
    tmp_path: Path, tried: list[str], name: str
) -> None:
    folder = tmp_path / "pictures"
    draw(folder / "good.jpg", 1)
    for place in (name, f"copies/a-{name}", f"copies/deep/b-{name}"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(BROKEN[name])
    first = reasons(run(folder))
    assert sorted(key for key, _ in first) == sorted(
        [name, f"copies/a-{name}", f"copies/deep/b-{name}"]
    )
    assert len({reason for _, reason in first}) == 1
    assert len(tried) == 2
    assert [reasons(run(folder)), reasons(run(folder, rehash=True))] == [first, first]
    assert len(tried) == 2


def test_a_slow_file_costs_its_time_once_also_if_it_is_moved_or_copied(
    tmp_path: Path, tried: list[str]
) -> None:
    folder = tmp_path / "pictures"
    draw(folder / "good.jpg", 1)
    (folder / "slow.svg").write_bytes(b"<svg/>")
    expected = "it takes too long"
    assert reasons(run(folder)) == [("slow.svg", expected)]
    assert tried == ["good.jpg", "slow.svg"]
    assert reasons(run(folder)) == [("slow.svg", expected)]
    (folder / "slow.svg").rename(folder / "renamed.svg")
    shutil.copy(folder / "renamed.svg", folder / "copy.svg")
    assert reasons(run(folder)) == [("copy.svg", expected), ("renamed.svg", expected)]
    assert tried == ["good.jpg", "slow.svg"]
    assert not run(folder, strict=True).published
    # Under its new name the file of this test is fast.
    assert run(folder, strict=True, retry_failed=True).published
    assert tried[2:] == ["copy.svg"]


def test_other_settings_and_changed_files_are_tried_again(tmp_path: Path, tried: list[str]) -> None:
    folder = tmp_path / "pictures"
    draw(folder / "good.jpg", 1)
    (folder / "slow.svg").write_bytes(b"<svg/>")
    run(folder)
    run(folder, thumbnail_size=128)
    assert tried.count("slow.svg") == 2
    (folder / "slow.svg").write_bytes(b"<svg />")
    run(folder, thumbnail_size=128)
    assert tried.count("slow.svg") == 3


@pytest.mark.parametrize("way", ["in place", "replaced", "rehash"])
def test_other_content_with_the_same_size_and_time_is_noticed(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (40, 30), "red").save(folder / "a.bmp")
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "b.bmp")
    before = (folder / "a.bmp").stat()
    run(folder)
    if way == "replaced":
        (tmp_path / "b.bmp").replace(folder / "a.bmp")
    else:
        (folder / "a.bmp").write_bytes((tmp_path / "b.bmp").read_bytes())
    os.utime(folder / "a.bmp", ns=(before.st_atime_ns, before.st_mtime_ns))
    after = (folder / "a.bmp").stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    assert run(folder, rehash=way == "rehash").derived == 1


def test_another_inode_alone_leads_to_no_decoding(tmp_path: Path, tried: list[str]) -> None:
    folder = tmp_path / "pictures"
    draw(folder / "a.jpg", 1)
    draw(folder / "b.jpg", 2)
    run(folder)
    shutil.copytree(folder, tmp_path / "restored")
    shutil.rmtree(folder)
    (tmp_path / "restored").rename(folder)
    assert run(folder).derived == 0
    assert tried == ["a.jpg", "b.jpg"]


def save(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        image = Image.new("RGB", (60 + number, 40), (40 * number, 90, 200))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(folder / name)


def test_originals_that_cannot_be_cleaned_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    save(folder, "a.jpg", "b.png", "c.webp", "d.gif", "e.tif", "f.bmp", "g.jpg", "h.heic.jpg")
    # Bytes between two segments: viewers skip them, but they may hide metadata.
    data = (folder / "g.jpg").read_bytes()
    (folder / "g.jpg").write_bytes(data[:20] + b"\0\0\0" + data[20:])
    report = run(folder, originals="copy")
    named = dict(reasons(report))
    published = list((tmp_path / "site" / "originals").iterdir())
    assert report.count == len(published) + len(named) == 8
    assert set(named) == {"d.gif", "e.tif", "f.bmp", "g.jpg"}
    assert "(.gif)" in named["d.gif"] and "(" not in named["g.jpg"]
    assert reasons(run(folder, originals="copy")) == list(named.items())
    assert reasons(run(folder, originals="copy", publish_location=True)) == []
    assert len(list((tmp_path / "site" / "originals").iterdir())) == 8
    before = (tmp_path / "site" / "manifest.json").read_bytes()
    assert not run(folder, originals="copy", strict=True).published
    assert (tmp_path / "site" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("originals", "location"), [("copy", False), ("copy", True), ("link", True)]
)
@pytest.mark.parametrize(
    ("step", "moment"),
    [("gather", 4), ("look for known pictures", 2), ("derive", 0), ("documents", 1)],
)
def test_a_file_that_vanishes_is_named_and_the_build_goes_on(
    tmp_path: Path, step: str, moment: int, originals: Any, location: bool
) -> None:
    folder = tmp_path / "pictures"
    save(folder, "a.jpg", "b.jpg", "c/d.png")
    shutil.copy(folder / "b.jpg", folder / "copy.jpg")
    options = {"originals": originals, "publish_location": location}
    if step == "documents":
        run(folder, **options)

    def progress(now: str, done: int, total: int | None) -> None:
        if (now, done) == (step, moment):
            (folder / "b.jpg").unlink(missing_ok=True)

    report = run(folder, progress, **options)
    # The published copy of an unchanged original is taken over without reading the file again.
    kept = step == "documents" and originals == "copy" and location
    assert [key for key, _ in reasons(report)] == ([] if kept else ["b.jpg"])
    assert report.published
    assert report.count == (4 if step == "documents" else 3)
    assert reasons(run(folder, **options)) == []


def test_a_folder_that_vanishes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pictures"
    save(folder, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    real = walking.natural_key

    def natural_key(name: str) -> Any:
        if name == "1.jpg":
            shutil.rmtree(folder / "b")
        return real(name)

    monkeypatch.setattr(walking, "natural_key", natural_key)
    report = run(folder)
    assert reasons(report) == [("b/", "the folder cannot be read: no such file or directory")]
    assert report.count == 2


def test_links_to_originals_do_not_make_files_look_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Changes of the last two seconds are not trusted otherwise.
    monkeypatch.setattr(staging, "_SETTLED_NS", 0)
    folder = tmp_path / "pictures"
    save(folder, "a.jpg", "b.png")
    calls: list[str] = []
    options = {"originals": "link", "publish_location": True}
    run(folder, **options)
    for _ in range(2):
        run(folder, lambda step, done, total: calls.append(step), **options)
    assert "look for known pictures" not in calls
    assert (folder / "a.jpg").stat().st_nlink == 2


def test_long_lists_are_short_in_the_terminal_and_complete_in_json(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    save(folder, "good.jpg")
    for number in range(30):
        (folder / f"empty {number}.jpg").write_bytes(b"")
    rows = "".join(f"gone {number}.jpg,x\n" for number in range(200))
    (tmp_path / "table.csv").write_text(f"file,title\ngood.jpg,y\n{rows}")
    report = run(folder, metadata=(tmp_path / "table.csv",))
    lines = list(report.lines())
    assert len(report.to_json()["problems"]) == 230
    assert lines[0] == "Left out (230):"
    assert len(lines) < 30
    assert sum(line.endswith(": the file is empty") for line in lines) == 11
    assert "  … and 190 more: named in table.csv, but there is no such picture" in lines
    assert "  … and 20 more: the file is empty" in lines
    few = replace(report, problems=report.problems[:45])
    assert len(list(few.lines())) == 47
