"""What a build leaves out is named once, and what cannot be decoded costs its time only once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import imagedb_site.derive as deriving
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.pictures import DecodeError
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
        names.extend(sorted(work.record.key for work in works))
        slow = [work for work in works if "slow" in work.record.key]
        yield from ((one.record, DecodeError("it takes too long", "timeout")) for one in slow)
        yield from real((work for work in works if work not in slow), **options)

    monkeypatch.setattr(deriving, "derive_all", derive_all)
    return names


def run(folder: Path, **options: Any) -> BuildReport:
    output = folder.parent / "site"
    return build(BuildConfig(folder, output, model="none", view_size=0, workers=1, **options))


def reasons(report: BuildReport) -> list[tuple[str, str]]:
    assert report.to_json()["problems"] == [
        {"path": problem.key, "reason": problem.reason} for problem in report.problems
    ]
    return [(problem.key, problem.reason) for problem in report.problems]


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
