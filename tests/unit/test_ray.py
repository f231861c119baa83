"""The engine ray: the same site as the local engine, also if workers are killed; clear errors."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import row_work
from noise_pictures import draw, files

from imagedb_site.build import build
from imagedb_site.config import BuildConfig
from imagedb_site.errors import PackError, UsageError
from imagedb_site.mapping import fit
from imagedb_site.parts import cluster
from imagedb_site.parts.row_workers import RunnerRows
from imagedb_site.run import Arrays, Failure, Header, Message
from imagedb_site.run.base import ONE_THREAD
from imagedb_site.site import vectors
from imagedb_site.site.cell_vectors import CellCodes
from imagedb_site.stopwatch import Stopwatch
from ray_workers import ray_workers

ray = pytest.importorskip("ray", reason="Ray is missing: pip install 'imagedb-site[ray]'")

from imagedb_site.run.ray_runner import RayRunner, check_installed  # noqa: E402

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"


@pytest.fixture(scope="module", autouse=True)
def cluster_here() -> Iterator[None]:
    """One small Ray for all tests of this file; `RayRunner` uses a Ray that its process has already."""
    with pytest.MonkeyPatch.context() as patch:
        # Workers import this file, whose folder is not on their path.
        own = [str(folder) for folder in Path(__file__).parents[:2]]
        patch.setenv("PYTHONPATH", os.pathsep.join([*own, *_python_path()]))
        runner = RayRunner(cpus=1)
        yield
        runner.close()


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


@pytest.fixture
def config(tmp_path: Path) -> BuildConfig:
    """30 pictures, one of which is a copy and two are damaged."""
    for number in range(27):
        path = tmp_path / "pictures" / f"{number % 3}" / f"{number:02}.jpg"
        draw(path, number, (640, 480))
    (tmp_path / "pictures" / "copy.jpg").write_bytes(path.read_bytes())
    (tmp_path / "pictures" / "cut.jpg").write_bytes(path.read_bytes()[:3000])
    (tmp_path / "pictures" / "none.jpg").write_bytes(b"\xff\xd8\xff")
    return BuildConfig(tmp_path / "pictures", tmp_path / "dist", model=str(PACK), title="T")


def by_ray(config: BuildConfig) -> BuildConfig:
    return replace(config, output=config.output.with_name("ray"), engine="ray", part_size=4)


def test_the_site_has_the_same_bytes(config: BuildConfig, tmp_path: Path) -> None:
    here, there = build(config), build(by_ray(config), trace=tmp_path / "trace.json")
    assert here.problems == there.problems and here.damaged == there.damaged
    assert (here.count, here.derived) == (there.count, there.derived) == (29, 28)
    assert files(by_ray(config).output) == files(config.output)
    assert there.steps["decode"].items == here.steps["decode"].items == 29
    trace = json.loads((tmp_path / "trace.json").read_text())
    parts = sum(one["name"] == "make parts" for one in trace)
    assert there.steps["make parts"].items == parts == 8


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_killed_workers_are_replaced(config: BuildConfig) -> None:
    build(config)
    with Killing(every_s=1.5, most=3) as killed:
        build(by_ray(config))
    assert killed
    assert files(by_ray(config).output) == files(config.output)


class Killing:
    """Kills a worker of this Ray now and then, at most `most` times. A context manager with their ids."""

    def __init__(self, every_s: float, most: int) -> None:
        self._every_s, self._most = every_s, most
        self._killed: list[int] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> list[int]:
        self._thread.start()
        return self._killed

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while len(self._killed) < self._most and not self._end.wait(self._every_s):
            for pid in ray_workers():
                if pid not in self._killed:
                    os.kill(pid, signal.SIGKILL)
                    self._killed.append(pid)
                    break


@dataclass(frozen=True)
class Task:
    """Does what its input says."""

    def __call__(self, given: Header) -> Message:
        if given.get("fail"):
            raise KeyError("a bug")
        if given.get("memory"):
            raise MemoryError
        return {"pid": os.getpid()}, [bytes([given["byte"]])]


def test_results_belong_to_their_inputs() -> None:
    inputs: list[Header] = [{"byte": n} for n in range(20)]
    inputs += [{"fail": True}, {"memory": True}]
    with RayRunner(cpus=1) as runner:
        found = dict(runner.map(Task(), enumerate(inputs)))
    assert found.pop(20) == Failure("error", "KeyError: 'a bug'")
    assert found.pop(21) == Failure("memory")
    assert len(found) == 20
    for number, result in found.items():
        assert not isinstance(result, Failure)
        header, parts = result
        assert parts == [bytes([number])] and header["pid"] != os.getpid()


def rows_on_ray(folder: Path, clock: Stopwatch | None = None, cpus: int = 1) -> RunnerRows:
    return RunnerRows(folder, lambda: RayRunner(cpus=cpus, environment=ONE_THREAD), clock)


def blocks(count: int) -> Iterator[Arrays]:
    values = np.random.default_rng(8).normal(size=(count, 6)).astype(np.float32)
    for first in range(0, count, 10):
        yield {"rows": values[first : first + 10], "first": np.array([first], dtype=np.uint32)}


@pytest.mark.skipif(sys.platform != "linux", reason="signals")
def test_blocks_of_rows_come_in_order_and_none_is_lost(tmp_path: Path) -> None:
    folder, note = tmp_path / "library", tmp_path / "killed"
    folder.mkdir()
    shared = {"note": np.frombuffer(str(note).encode(), dtype=np.uint8)}
    clock = Stopwatch()
    found = list(rows_on_ray(folder, clock).map("turn", row_work.deadly, shared, blocks(80)))
    assert note.exists() and not list(folder.iterdir())
    assert [int(one["first"][0]) for one in found] == list(range(0, 80, 10))
    given = np.concatenate([one["rows"] for one in blocks(80)])
    assert np.array_equal(np.concatenate([one["rows"] for one in found]), given)
    assert clock.steps["turn"].items == 8


def test_workers_on_rows_have_one_thread(tmp_path: Path) -> None:
    """Ray gives a worker as many threads as processors otherwise."""
    pytest.importorskip("threadpoolctl", reason="pip install 'imagedb-site[map]'")
    workers = rows_on_ray(tmp_path, cpus=min(2, os.cpu_count() or 1))
    for one in workers.map("count", row_work.threads, {}, blocks(20)):
        assert one["threads"].tolist() == [1, 1]


def test_cells_and_maps_have_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build whose rows are placed in cells and on the map in blocks."""
    pytest.importorskip("umap", reason="pip install 'imagedb-site[map]'")
    monkeypatch.setattr(vectors, "CELLS_FROM", 40)
    monkeypatch.setattr(CellCodes, "block", 32)
    monkeypatch.setattr(fit, "FIT_LIMIT", 60)
    monkeypatch.setattr(fit, "PLACED_ROWS", 16)
    # UMAP itself takes many seconds to start, and runs in the process of the build with both engines.
    monkeypatch.setattr(
        fit, "fit", lambda rows: (fit.to_places(rows[:, :2]), fit.to_places(rows[:, :3]))
    )
    table = tmp_path / "records.csv"
    kinds = ["a puppy on a meadow", "a locomotive at a station", "a ship in a storm", "old maps"]
    rows = [f'{number:03},"{kinds[number % 4]}, number {number}"' for number in range(110)]
    table.write_text("\n".join(["id,text", *rows, ""]))
    config = BuildConfig(
        table, tmp_path / "here", source="table", embed="text", map=True, workers=1
    )
    build(config)
    there = build(replace(config, output=tmp_path / "ray", engine="ray"))
    assert there.steps["place rows in cells"].items == 4
    assert there.steps["place rows on the map"].items == 4
    assert any("/cell-vectors." in name for name in files(tmp_path / "ray"))
    assert files(config.output) == files(tmp_path / "ray")
    assert not list((tmp_path / "ray.library").glob("blocks-*"))


def test_workers_of_another_version_stop_the_build(
    config: BuildConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: Callable[..., dict[str, str]] = cluster.versions_here
    monkeypatch.setattr(cluster, "versions_here", lambda *given: here(*given) | {"numpy": "0.1"})
    with pytest.raises(PackError, match=r"has numpy [1-9][\d.]+, but the build has 0\.1"):
        build(by_ray(config))
    assert not by_ray(config).output.exists()


def test_a_machine_that_is_too_small_is_noticed_early() -> None:
    with pytest.raises(UsageError, match="has 1000 processors for a worker"):
        RayRunner(cpus=1000)
    with pytest.raises(UsageError, match="has 1 processors and 9 GPUs"):
        RayRunner(cpus=1, gpus=9)


def test_missing_ray_is_said(config: BuildConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else find(name)
    )
    with pytest.raises(UsageError) as caught:
        check_installed()
    assert caught.value.hint == "Install it with: pip install 'imagedb-site[ray]'"
    with pytest.raises(UsageError, match="needs Ray"):
        build(by_ray(config))


def test_an_address_where_nobody_answers_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    started = time.monotonic()
    with pytest.raises(UsageError, match=r"cannot be reached at 127\.0\.0\.1:9"):
        RayRunner("127.0.0.1:9")
    assert time.monotonic() - started < 20


def test_an_address_without_the_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="is that of a Ray cluster"):
        BuildConfig(Path("pictures"), address="10.0.0.1:6379")
