"""Parts: plans, files that are whole or not there, workers that differ, and builds that go on with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from noise_pictures import draw, files

from imagedb_site import makers
from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.errors import ImageDBError, PackError, SourceError, StorageError
from imagedb_site.library import Library
from imagedb_site.packs import load_pack
from imagedb_site.parts import Made, task
from imagedb_site.parts.cluster import ClusterMaker
from imagedb_site.parts.folder import PartFolder
from imagedb_site.parts.plan import cut, from_plan, name_of, to_plan
from imagedb_site.parts.versions import require_same, versions_here
from imagedb_site.pictures import DecodeError, Derivative, Derived, Recipe, Work
from imagedb_site.records import PictureRef
from imagedb_site.run import Failure, Function, Header, Message
from imagedb_site.run.base import Key
from imagedb_site.stopwatch import Stopwatch

pytest.importorskip("pyarrow", reason="pip install 'imagedb-site[ray]'")

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"
THUMBNAIL, VIEW = Recipe("thumbnail", 320, 75), Recipe("view", 1280, 80, over=320)
RECIPES = (THUMBNAIL, VIEW)
VERSIONS = {"imagedb-site": "1", "model": "m"}
HASH = "ab" * 32
Used = Callable[[], set[str]]


def works(count: int) -> list[Work]:
    # A name that is not UTF-8, and a member of a tar.
    odd = Path(os.fsdecode(b"/p/\xff.jpg"))
    plain = [
        Work(f"{n}", PictureRef(Path(f"/p/{n}.jpg"), n, 9), RECIPES, True) for n in range(count)
    ]
    return [
        *plain,
        Work("odd", PictureRef(odd, 1, 2, 3, 4), (VIEW,), False),
        Work("member", PictureRef(Path("/p/a.tar"), 1, 2, offset=512, length=7), (), True),
    ]


def results(given: list[Work]) -> list[Made]:
    derived = Derived(HASH, 30, 20, {"iso": 100, "f": 2.8, "tags": ["é", "ü"]}, b"\1\2")
    vector = np.array([0.1, -0.2, np.float32(1e-40)], dtype=np.float32)
    both = {THUMBNAIL: Derivative(b"webp", 30, 20), VIEW: Derivative(b"", 30, 20)}
    return [
        Made(given[0], replace(derived, derivatives=both, damage="it is cut short"), vector),
        Made(given[1], DecodeError("the file is empty", "empty")),
        Made(given[2], replace(derived, derivatives={VIEW: both[VIEW]})),
        Made(given[3], derived, vector),
    ]


def test_a_plan_is_read_as_it_was_written() -> None:
    given = works(2)
    plan = to_plan(given, RECIPES)
    assert from_plan(plan, RECIPES) == given
    assert [len(group) for group in cut(works(5), 3)] == [3, 3, 1]


def test_a_part_is_named_by_all_that_decides_what_is_in_it() -> None:
    given = works(1)
    changed = replace(given[0], picture=replace(given[0].picture, mtime_ns=5))
    names = {
        name_of(to_plan(given, RECIPES), RECIPES, VERSIONS),
        name_of(to_plan([changed, *given[1:]], RECIPES), RECIPES, VERSIONS),
        name_of(to_plan(given, RECIPES), (VIEW, THUMBNAIL), VERSIONS),
        name_of(to_plan(given, RECIPES), RECIPES, VERSIONS | {"model": "n"}),
    }
    assert len(names) == 4


@pytest.fixture
def folder(tmp_path: Path) -> PartFolder:
    """Has the part `a`."""
    folder = PartFolder(tmp_path / "parts", RECIPES, VERSIONS)
    given = works(2)
    folder.add_plan("a", to_plan(given, RECIPES))
    folder.put("a", results(given))
    return folder


def test_a_part_is_read_as_it_was_written(folder: PartFolder, tmp_path: Path) -> None:
    found = folder.get("a")
    assert found is not None
    stored = (tmp_path / "parts" / "a.parquet").read_bytes()
    for one, other in zip(found, results(works(2)), strict=True):
        assert one.work == other.work
        if isinstance(one.result, Derived):
            for picture in one.result.derivatives.values():
                if picture.data:
                    assert picture.place is not None
                    name, start = picture.place
                    assert name == "a.parquet" and stored[start:].startswith(picture.data)
        if isinstance(other.result, DecodeError):
            assert isinstance(one.result, DecodeError)
            assert (str(one.result), one.result.cause) == ("the file is empty", "empty")
            continue
        assert one.result == other.result
        if other.embedding is None:
            assert one.embedding is None
        else:
            assert one.embedding is not None
            assert one.embedding.tobytes() == other.embedding.tobytes()
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["a.parquet", "a.plan"]


def test_a_damaged_part_is_made_again(folder: PartFolder, tmp_path: Path) -> None:
    path = tmp_path / "parts" / "a.parquet"
    whole = path.read_bytes()
    at = whole.index(b"webp")
    for damaged in (b"", whole[:-1], whole[:100], whole[:at] + b"W" + whole[at + 1 :]):
        path.write_bytes(damaged)
        assert folder.get("a") is None and not path.exists()
        assert not folder.has("a")


def test_a_part_of_another_version_does_not_count(folder: PartFolder, tmp_path: Path) -> None:
    other = PartFolder(tmp_path / "parts", RECIPES, VERSIONS | {"model": "n"})
    assert other.get("a") is None


def test_workers_with_other_versions_are_refused() -> None:
    pack = load_pack(PACK)
    here = versions_here(pack, "cpu")
    require_same(here, versions_here(pack, "cpu"), "worker")
    with pytest.raises(PackError, match=r"worker has numpy 1\.0, but the build has"):
        require_same(here, here | {"numpy": "1.0"}, "worker")
    with pytest.raises(PackError, match="worker has model none"):
        require_same(here, versions_here(None, "cpu"), "worker")


class Here:
    """A `Runner` in this process, which may stop after some inputs; it counts what it was given."""

    def __init__(self, most: int = 1000) -> None:
        self.most, self.count = most, 0

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(
        self, function: Function, inputs: Iterable[tuple[Key, Header]]
    ) -> Iterator[tuple[Key, Message | Failure]]:
        for key, given in reversed(list(inputs)):
            if self.count == self.most:
                raise ImageDBError("the cluster is gone")
            self.count += 1
            yield key, function(given)


class Eager(Here):
    """Has everything done before it yields the first result, as the workers of a cluster may."""

    def map(
        self, function: Function, inputs: Iterable[tuple[Key, Header]]
    ) -> Iterator[tuple[Key, Message | Failure]]:
        return iter(list(super().map(function, inputs)))


@pytest.fixture
def config(tmp_path: Path) -> BuildConfig:
    """A collection of 14 usable pictures, two of them equal, and one that is damaged; built locally."""
    for number in range(13):
        draw(tmp_path / "pictures" / f"{number:02}.png", number)
    (tmp_path / "pictures" / "bad.png").write_bytes(b"\x89PNG")
    draw(tmp_path / "pictures" / "copy.png", 3)
    config = BuildConfig(tmp_path / "pictures", tmp_path / "dist", model=str(PACK), workers=1)
    build(config)
    return config


def kept(config: BuildConfig) -> list[str]:
    return sorted(path.name for path in (config.library_folder / "parts").iterdir())


def use(runner: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(
        config: BuildConfig, recipes: list[Recipe], pack: None, clock: Stopwatch, used: Used
    ) -> ClusterMaker:
        parts = config.library_folder / "parts"
        return ClusterMaker(parts, recipes, pack, lambda: runner, used=used, size=4, workers=1)

    monkeypatch.setattr("imagedb_site.derive.open_maker", opened)


def test_a_build_by_parts_makes_the_same_site(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Here()
    use(runner, monkeypatch)
    other = replace(config, output=tmp_path / "other" / "dist", engine="ray")
    report = build(other)
    assert runner.count == 4
    assert [problem.key for problem in report.problems] == ["bad.png"]
    assert files(other.output) == files(config.output)
    with Library.open(other.library_folder / "library.db") as library:
        assert len(kept(other)) == 4 and set(kept(other)) == library.parts_in_use()


def test_a_stopped_build_goes_on_with_its_parts(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Here(2), Here()
    use(first, monkeypatch)
    other = replace(config, output=tmp_path / "other" / "dist", engine="ray")
    with pytest.raises(ImageDBError, match="the cluster is gone"):
        build(other)
    assert not other.output.exists()
    parts = other.library_folder / "parts"
    # Two parts have been stored, two have a plan.
    waiting = next(path for path in parts.glob("*.plan"))
    assert len(list(parts.glob("*.plan"))) == 2
    use(second, monkeypatch)
    (parts / f"{waiting.stem}.abc.new").write_bytes(b"half")
    build(other)
    assert second.count == 2
    assert files(other.output) == files(config.output)
    assert len(kept(other)) == 4 and {Path(name).suffix for name in kept(other)} == {".parquet"}


def test_finished_parts_need_no_cluster(config: BuildConfig, tmp_path: Path) -> None:
    given = [
        Work(path.name, PictureRef(path, 1, path.stat().st_size), RECIPES)
        for path in sorted(config.pictures.iterdir())[:6]
    ]

    def maker(runner: Here) -> ClusterMaker:
        return ClusterMaker(
            tmp_path / "parts", RECIPES, None, lambda: runner, used=set, size=2, workers=1
        )

    taken = [one.work.key for one in next(maker(Eager()).make(given, lambda: None))]
    rest = [work for work in given if work.key not in taken]
    seen: list[int] = []
    with maker(Here(0)) as found:
        made = [one for group in found.make(rest, lambda: seen.append(1)) for one in group]
    assert [one.work.key for one in made] == [work.key for work in rest]
    assert len(seen) == 4
    # No library has these pictures.
    assert not (tmp_path / "parts").exists()


def test_a_part_that_costs_workers_their_life_is_given_up(
    config: BuildConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "_MOST_TRIES", 0)
    use(Here(), monkeypatch)
    other = replace(config, output=tmp_path / "other" / "dist", engine="ray")
    with pytest.raises(SourceError, match="Workers were lost 0 times at the part that begins with"):
        build(other)


def test_a_machine_without_the_folder_says_so(tmp_path: Path) -> None:
    job = task.PartTask(tmp_path / "parts", RECIPES, VERSIONS, None, "cpu", 1, 32)
    header, _ = job({"part": "a"})
    assert header["kind"] == StorageError.__name__
    assert "has no folder" in header["error"]


def test_the_local_engine_needs_no_parts(config: BuildConfig) -> None:
    maker = makers.open_maker(config, RECIPES, None, Stopwatch(), set)
    assert maker.__class__.__name__ == "LocalMaker"
    assert not (config.library_folder / "parts").exists()
