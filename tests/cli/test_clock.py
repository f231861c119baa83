"""A clock that jumps: nothing is taken for unchanged that has changed, and no time gets into a site."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.library import Library
from imagedb_site.records import PictureRef, Record
from imagedb_site.report import BuildReport

from .conftest import draw, make_pictures, tree

YEAR = 365 * 24 * 3600


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return make_pictures(tmp_path / "pictures", 4)


def shift(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now, now_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: now() + seconds)
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + seconds * 10**9)


def run(pictures: Path, out: str = "dist") -> BuildReport:
    return build(BuildConfig(pictures, pictures.parent / out, model="none", workers=1))


def test_no_time_gets_into_a_site(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(pictures, "now")
    for number, years in enumerate((-40, 40)):
        with monkeypatch.context() as patch:
            shift(patch, years * YEAR)
            stamp = time.time()
            for path in pictures.rglob("*"):
                os.utime(path, (stamp, stamp))
            report = run(pictures, f"then-{number}")
        assert report.problems == []
        assert tree(pictures.parent / f"then-{number}") == tree(pictures.parent / "now")


@pytest.mark.parametrize("years", [-20, 20])
def test_a_changed_picture_is_noticed_whatever_the_clock_says(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    """The clock is set back or forward between two builds; the file keeps its size and modification time."""
    file = pictures / "cat" / "image_00.jpg"
    run(pictures)
    stat = file.stat()
    draw(pictures.parent / "other.jpg", 77)
    changed = (pictures.parent / "other.jpg").read_bytes()
    size = max(stat.st_size, len(changed))
    file.write_bytes(changed.ljust(size, b"\0"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    shift(monkeypatch, years * YEAR)
    assert run(pictures).derived == 1
    assert run(pictures).derived == 0
    run(pictures, "fresh")
    assert tree(pictures.parent / "dist") == tree(pictures.parent / "fresh")


def test_a_file_that_has_just_changed_is_read_again(tmp_path: Path) -> None:
    """A second change within the same moment of a coarse clock leaves the same size and times."""
    now = time.time_ns()

    def known(ctime_ns: int) -> bool:
        record = Record("a.jpg", {}, PictureRef(Path("a.jpg"), 5, 6, ctime_ns, inode=7))
        with Library.open(tmp_path / "library.db") as library:
            for _ in range(2):
                with library.stage([record]) as stage:
                    found = stage.content_hash("a.jpg") is not None
                    stage.set_hash("a.jpg", "0" * 64)
                    stage.plan([], None)
        return found

    assert known(now - 10 * 10**9)
    assert not known(now - 10**9)
    # The clock was set back after the file was written.
    assert not known(now + YEAR * 10**9)
