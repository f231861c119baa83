"""Smaller pictures that stay in the parts beside a library: read, verified, repaired and found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from noise_pictures import draw, files

from imagedb_site.build import build
from imagedb_site.check.library_check import check_library
from imagedb_site.config import BuildConfig
from imagedb_site.errors import DamagedLibraryError
from imagedb_site.library import Library
from imagedb_site.library.part_files import PartFiles
from imagedb_site.parts.cluster import ClusterMaker
from imagedb_site.pictures import Recipe
from imagedb_site.report import BuildReport
from imagedb_site.run import LocalRunner
from imagedb_site.stopwatch import Stopwatch

pytest.importorskip("pyarrow", reason="pip install 'imagedb-site[ray]'")

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"
COUNT = 10
Used = Callable[[], set[str]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lets the builds of this test make parts with one worker; has an entry for each time one was started."""
    starts: list[int] = []

    def maker(
        config: BuildConfig, recipes: list[Recipe], pack: Any, clock: Stopwatch, used: Used
    ) -> ClusterMaker:
        def runner() -> LocalRunner:
            starts.append(1)
            return LocalRunner(1, timeout_s=120)

        parts = config.library_folder / "parts"
        return ClusterMaker(parts, recipes, pack, runner, used=used, size=4, workers=1)

    monkeypatch.setattr("imagedb_site.derive.open_maker", maker)
    return starts


@pytest.fixture
def config(tmp_path: Path, opened: list[int]) -> BuildConfig:
    """A collection that was built by parts."""
    for number in range(COUNT):
        draw(tmp_path / "pictures" / f"{number:02}.png", number)
    config = BuildConfig(tmp_path / "pictures", tmp_path / "dist", model=str(PACK), workers=1)
    build(config)
    assert opened == [1]
    return config


def parts(config: BuildConfig) -> list[Path]:
    return sorted((config.library_folder / "parts").iterdir())


def library_file(config: BuildConfig) -> Path:
    return config.library_folder / "library.db"


def rebuilt(config: BuildConfig, before: dict[str, bytes]) -> BuildReport:
    """Builds again, into another folder, and compares the sites."""
    other = config.output.with_name("again")
    report = build(replace(config, output=other, library=config.library_folder))
    assert files(other) == before
    return report


def test_the_library_has_no_pictures_of_its_own(config: BuildConfig) -> None:
    db = apsw.Connection(str(library_file(config)))
    assert db.execute("SELECT max(length(data)) FROM derivatives").get == 0
    db.close()
    assert len(parts(config)) == 3
    report = check_library(config.library_folder)
    assert report.ok
    assert report.counts["bytes"] > sum(path.stat().st_size for path in parts(config)) / 2


def test_a_damaged_picture_in_a_part_is_found_and_made_again(
    config: BuildConfig, opened: list[int]
) -> None:
    before = files(config.output)
    part = parts(config)[1]
    stored = bytearray(part.read_bytes())
    at = stored.index(b"WEBP")
    stored[at + 100] ^= 1
    part.write_bytes(stored)
    found = check_library(config.library_folder).findings
    assert len(found) == 1 and found[0].message == "Damaged: a smaller picture."
    report = rebuilt(config, before)
    assert report.derived == 1 and len(opened) == 2
    assert check_library(config.library_folder).ok


def test_pictures_of_a_lost_part_are_made_again(config: BuildConfig) -> None:
    before = files(config.output)
    parts(config)[0].unlink()
    assert len(check_library(config.library_folder).findings) in (2, 4)
    assert rebuilt(config, before).derived in (2, 4)
    assert check_library(config.library_folder).ok


def test_another_engine_reads_the_parts(
    config: BuildConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(config.output)
    monkeypatch.undo()
    assert rebuilt(config, before).derived == 0
    draw(config.pictures / "new.png", 99)
    assert build(config).derived == 1
    assert len(parts(config)) == 3


def test_the_parts_are_enough_if_the_library_is_lost(
    config: BuildConfig, opened: list[int]
) -> None:
    before = files(config.output)
    library_file(config).unlink()
    rebuilt(config, before)
    # No worker was needed.
    assert opened == [1]


def test_parts_that_nobody_needs_are_removed(config: BuildConfig) -> None:
    before = {path.name for path in parts(config)}
    (config.library_folder / "parts" / ("0" * 32 + ".parquet")).write_bytes(b"of another build")
    with Library.open(library_file(config)) as library:
        assert library.parts_in_use() == before
    draw(config.pictures / "new.png", 99)
    build(config)
    assert len(parts(config)) == 4 and before < {path.name for path in parts(config)}


def test_a_place_in_another_folder_is_not_read(config: BuildConfig) -> None:
    db = apsw.Connection(str(library_file(config)))
    content, recipe = next(db.execute("SELECT content_hash, recipe FROM derivatives"))
    for name in ("../library.db", "/etc/hostname", "0" * 32 + ".parquet", "x"):
        db.execute("UPDATE derivatives SET part_file = ?, part_start = 0, part_size = 4", (name,))
        with Library.open(library_file(config)) as library, pytest.raises(DamagedLibraryError):
            library.derivative(content, recipe)
    db.close()


def test_few_parts_are_open_and_short_ones_are_read_as_they_are(tmp_path: Path) -> None:
    reader = PartFiles(tmp_path)
    names = [f"{number:032x}.parquet" for number in range(20)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(b"%d" % number * 10)
    for _ in range(2):
        for number, name in enumerate(names):
            assert reader.picture(b"", name, 0, 2) == (b"%d" % number * 10)[:2]
    assert len(reader._open) == 8
    assert reader.picture(b"own", "", 5, 9) == b"own"
    assert reader.picture(b"", names[0], 8, 5) == b"00"
    assert reader.picture(b"", names[0], 0, 1 << 40) == b""
    assert reader.picture(b"", names[0], -1, 4) == b""
