"""Work on blocks of rows: the same results from any number of processes, and none lost with its worker."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import row_work
from cell_samples import clustered
from site_samples import sample_input, tree

from imagedb_site.errors import FormatError, ImageDBError, PackError, StorageError
from imagedb_site.mapping import fit
from imagedb_site.parts import row_workers
from imagedb_site.parts.block_files import BlockFiles
from imagedb_site.parts.row_workers import RunnerRows
from imagedb_site.run import Arrays, Failure, Function, Header, LocalRunner, Message, WorkHere
from imagedb_site.run.base import Key
from imagedb_site.site import ArrayEmbeddings, Layout, SiteInput, write_site
from imagedb_site.site.cell_vectors import CellCodes
from imagedb_site.stopwatch import Stopwatch

MATRIX = np.random.default_rng(5).normal(size=(6, 6)).astype(np.float32)
ROWS = np.random.default_rng(6).normal(size=(95, 6)).astype(np.float32)

Change = Callable[[Path, str], None]


def blocks(count: int = len(ROWS)) -> Iterator[Arrays]:
    for first in range(0, count, 10):
        yield {
            "rows": ROWS[first : min(first + 10, count)],
            "first": np.array([first], dtype=np.uint32),
        }


def local(folder: Path, workers: int = 2, clock: Stopwatch | None = None) -> RunnerRows:
    return RunnerRows(folder, lambda: LocalRunner(workers, timeout_s=60), clock)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("most", [256, 3])
def test_results_come_in_order_from_any_number_of_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, most: int
) -> None:
    monkeypatch.setattr(row_workers, "ROUND", most)
    clock = Stopwatch()
    made = local(tmp_path, workers, clock).map(
        "turn", row_work.turned, {"matrix": MATRIX}, blocks()
    )
    found = list(made)
    here = list(WorkHere().map("turn", row_work.turned, {"matrix": MATRIX}, blocks()))
    assert len(found) == 10
    for one, other in zip(found, here, strict=True):
        assert one["first"] == other["first"]
        assert one["rows"].tobytes() == other["rows"].tobytes()
        assert one["rows"].shape == other["rows"].shape
        assert one["pid"] != os.getpid()
    assert len({int(one["pid"][0]) for one in found}) == workers
    assert clock.steps["turn"].items == 10 and clock.steps["turn"].bytes > ROWS.nbytes
    assert not list(tmp_path.iterdir())


def test_one_block_needs_no_worker(tmp_path: Path) -> None:
    workers = RunnerRows(tmp_path, lambda: pytest.fail("a runner was opened"))
    shared = {"matrix": MATRIX}
    (found,) = workers.map("turn", row_work.turned, shared, blocks(10))
    assert found["pid"] == os.getpid()
    assert list(workers.map("turn", row_work.turned, shared, [])) == []


def test_workers_have_one_thread(tmp_path: Path) -> None:
    pytest.importorskip("threadpoolctl", reason="pip install 'imagedb-site[map]'")
    for one in local(tmp_path).map("count", row_work.threads, {}, blocks(30)):
        assert one["threads"].tolist() == [1, 1]


def test_only_a_few_blocks_are_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_workers, "ROUND", 4)
    taken = 0

    def counted() -> Iterator[Arrays]:
        nonlocal taken
        for block in blocks():
            taken += 1
            yield block

    for at, _ in enumerate(
        local(tmp_path).map("turn", row_work.turned, {"matrix": MATRIX}, counted())
    ):
        # Two are taken first to see that there is more than one.
        assert taken <= at // 4 * 4 + 4 + 1
        assert len(list(next(tmp_path.iterdir()).glob("*.block"))) <= 4
    assert taken == 10


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    folder, note = tmp_path / "library", tmp_path / "killed"
    folder.mkdir()
    shared = {"note": np.frombuffer(str(note).encode(), dtype=np.uint8)}
    found = list(local(folder, 1).map("turn", row_work.deadly, shared, blocks()))
    assert note.exists() and not list(folder.iterdir())
    assert np.array_equal(np.concatenate([one["rows"] for one in found]), ROWS)
    # As the first input of its worker, which is then not given to another one by the runner itself.
    note.unlink()
    last = blocks_from(20)
    found = list(local(folder, 1).map("turn", row_work.deadly, shared, last))
    assert note.exists()
    assert np.array_equal(np.concatenate([one["rows"] for one in found]), ROWS[20:])


def blocks_from(first: int) -> list[Arrays]:
    return [block for block in blocks() if block["first"][0] >= first]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (row_work.fatal, r"A worker failed \(crash\)\."),
        (row_work.wrong, r"A worker failed \(error\): KeyError"),
        (row_work.too_large, r"A worker failed \(memory\)\."),
    ],
)
def test_work_that_cannot_be_done_is_an_error(
    tmp_path: Path, work: Callable[[Arrays, Arrays], Arrays], message: str
) -> None:
    with pytest.raises(ImageDBError, match=message) as caught:
        list(local(tmp_path).map("fail", work, {}, blocks(30)))
    assert caught.value.hint == "What is finished is kept: run the same command again to go on."
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_blocks_is_raised_as_it_is(tmp_path: Path) -> None:
    def failing() -> Iterator[Arrays]:
        yield from blocks(40)
        raise FormatError("not finite")

    with pytest.raises(FormatError, match="not finite"):
        list(local(tmp_path).map("turn", row_work.turned, {"matrix": MATRIX}, failing()))
    assert not list(tmp_path.iterdir())


class Changing(LocalRunner):
    """A runner that changes the folder after a result was stored, `times` times for each block."""

    def __init__(self, change: Change, times: int) -> None:
        super().__init__(2, timeout_s=60)
        self.change, self.times = change, times
        self.seen: dict[str, int] = {}

    def map(
        self, function: Function, inputs: Iterable[tuple[Key, Header]]
    ) -> Iterator[tuple[Key, Message | Failure]]:
        for key, result in super().map(function, inputs):
            name = str(key)
            self.seen[name] = self.seen.get(name, 0) + 1
            if int(name) in (2, 7) and self.seen[name] <= self.times:
                self.change(function.folder, name)  # type: ignore[attr-defined]
            yield key, result


def flip(folder: Path, name: str) -> None:
    path = folder / f"{name}.result"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def cut(folder: Path, name: str) -> None:
    path = folder / f"{name}.result"
    path.write_bytes(path.read_bytes()[:-9])


def empty(folder: Path, name: str) -> None:
    (folder / f"{name}.result").write_bytes(b"")


def lose(folder: Path, name: str) -> None:
    (folder / f"{name}.result").unlink()


def other(folder: Path, name: str) -> None:
    """The result of another block, which is whole."""
    BlockFiles(folder).put_result("99", {"rows": ROWS[:10]})
    (folder / "99.result").replace(folder / f"{name}.result")


@pytest.mark.parametrize("change", [flip, cut, empty, lose, other])
def test_a_damaged_result_is_made_again(tmp_path: Path, change: Change) -> None:
    opened: list[Changing] = []

    def work(times: int) -> list[Arrays]:
        def open_runner() -> Changing:
            opened.append(Changing(change, times))
            return opened[-1]

        made = RunnerRows(tmp_path, open_runner).map(
            "turn", row_work.turned, {"matrix": MATRIX}, blocks()
        )
        return list(made)

    here = WorkHere().map("turn", row_work.turned, {"matrix": MATRIX}, blocks())
    assert [one["rows"].tobytes() for one in work(1)] == [one["rows"].tobytes() for one in here]
    assert opened[0].seen["00000002"] == opened[0].seen["00000007"] == 2
    assert sum(opened[0].seen.values()) == 12
    with pytest.raises(StorageError, match=r"The result of the block 0000000[27] is damaged"):
        work(2)
    assert not list(tmp_path.iterdir())


def test_a_damaged_block_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = BlockFiles.put_block

    def damaged(self: BlockFiles, name: str, arrays: Arrays) -> None:
        put(self, name, arrays)
        path = self._file(name, "block")
        path.write_bytes(path.read_bytes()[:-1])

    monkeypatch.setattr(BlockFiles, "put_block", damaged)
    with pytest.raises(
        StorageError, match=r"cannot read the block 0000000[0-9] in .* it is damaged"
    ):
        list(local(tmp_path).map("turn", row_work.turned, {"matrix": MATRIX}, blocks()))


def test_workers_of_another_version_stop_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = row_workers.versions_here
    monkeypatch.setattr(
        row_workers, "versions_here", lambda *given: here(*given) | {"numpy": "0.1"}
    )
    with pytest.raises(PackError, match=r"has numpy [1-9][\d.]+, but the build has 0\.1"):
        list(local(tmp_path).map("turn", row_work.turned, {"matrix": MATRIX}, blocks()))


def test_a_folder_that_cannot_be_written_to_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="The blocks of the build cannot be stored: no such"):
        list(local(tmp_path / "none").map("turn", row_work.turned, {"matrix": MATRIX}, blocks()))


def cells_input(count: int) -> SiteInput:
    """A site of cells; some rows have no embedding, and none of the second block of 64."""
    values, _ = clustered(count, 24, 9)
    values[[5, 130]] = 0
    values[64:128] = 0
    made = sample_input(count, dim=24, cells=True)
    return dataclasses.replace(made, embeddings=ArrayEmbeddings(values))


def test_cells_have_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CellCodes, "block", 64)
    made = cells_input(400)
    report = write_site(made, tmp_path / "here")
    clocks = {}
    for number in (1, 2):
        folder = tmp_path / f"library {number}"
        folder.mkdir()
        clocks[number] = Stopwatch()
        workers = local(folder, number, clocks[number])
        write_site(dataclasses.replace(made, workers=workers), tmp_path / f"{number}")
        assert tree(tmp_path / f"{number}") == tree(tmp_path / "here")
        assert clocks[number].steps["place rows in cells"].items == 7
    # Rows that were added wait in the tail, and two texts have changed.
    grown = cells_input(420)
    assert isinstance(grown.embeddings, ArrayEmbeddings)
    values = np.concatenate(list(grown.embeddings.blocks()))
    values[[200, 201]] = values[[10, 11]]
    cells = report.layout.cells
    assert cells is not None
    kept = cells.moved(np.where(np.arange(420) < 400, np.arange(420), -1))
    layout = Layout(quantizer=report.layout.quantizer, cells=kept)
    grown = dataclasses.replace(grown, embeddings=ArrayEmbeddings(values), layout=layout)
    write_site(grown, tmp_path / "grown")
    grown = dataclasses.replace(grown, workers=local(tmp_path / "library 1"))
    write_site(grown, tmp_path / "grown by two")
    assert tree(tmp_path / "grown by two") == tree(tmp_path / "grown")
    assert tree(tmp_path / "grown") != tree(tmp_path / "here")


def test_rows_on_the_map_have_the_same_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(3)
    base, rows = clustered(150, 16, 5)[0], clustered(331, 16, 5, seed=4)[0]
    flat, space = (random.integers(0, 65_534, (150, dims)).astype(np.uint16) for dims in (2, 3))
    whole = fit.place(rows, base, flat, space)
    monkeypatch.setattr(fit, "PLACED_ROWS", 50)
    here = fit.place(rows, base, flat, space, workers=WorkHere())
    clock = Stopwatch()
    for count in (1, 2):
        found = fit.place(rows, base, flat, space, workers=local(tmp_path, count, clock))
        for one, other, large in zip(found, here, whole, strict=True):
            assert one.dtype == np.uint16 and np.array_equal(one, other)
            # A sum may have other last bits in a larger product.
            assert np.abs(one.astype(int) - large.astype(int)).max() <= 1
    assert [one.shape for one in here] == [(331, 2), (331, 3)]
    assert clock.steps["place rows on the map"].items == 14
