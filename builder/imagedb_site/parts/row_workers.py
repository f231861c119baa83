"""Work on blocks of rows by the workers of a runner: processes of this machine, or those of a cluster."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from imagedb_site.errors import StorageError
from imagedb_site.parts.answers import AGAIN, require_done, storage_errors
from imagedb_site.parts.block_files import BlockFiles
from imagedb_site.parts.block_task import BlockTask
from imagedb_site.parts.versions import versions_here
from imagedb_site.run import Arrays, Failure, Header, RowWork, Runner
from imagedb_site.stopwatch import Stopwatch
from imagedb_site.temporary import TemporaryFolder

ROUND = 256
"""How many blocks are in work or wait at most: that many lie in the folder, with their results."""
_PREFIX = "blocks-"


class RunnerRows:
    """`RowWorkers` on a runner, which `open_runner` starts for each work of more than one block.

    A single block is worked on in this process: starting a worker takes longer. `parent`: a folder that
    exists and that all machines see; in it there is one for the blocks while they are worked on. `clock` gets
    the time of all workers together.
    """

    def __init__(
        self,
        parent: Path,
        open_runner: Callable[[], AbstractContextManager[Runner]],
        clock: Stopwatch | None = None,
    ) -> None:
        self._parent = parent
        self._open_runner = open_runner
        self._clock = clock or Stopwatch()

    def map(
        self, step: str, work: RowWork, shared: Arrays, blocks: Iterable[Arrays]
    ) -> Iterator[Arrays]:
        """See `RowWorkers.map`. A block is done again once if its worker is lost or its result damaged."""
        todo = iter(blocks)
        first = list(itertools.islice(todo, 2))
        if len(first) < 2:
            yield from (work(shared, block) for block in first)
            return
        with self._folder() as folder:
            files = BlockFiles(folder)
            with storage_errors("blocks"):
                files.put_shared(shared)
            task = BlockTask(folder, work, versions_here(None, "cpu"))
            named = ((f"{n:08}", block) for n, block in enumerate(itertools.chain(first, todo)))
            del first
            with self._open_runner() as runner:
                for one in named:
                    group = itertools.chain([one], itertools.islice(named, ROUND - 1))
                    yield from _Round(runner, task, files, self._clock, step).results(group)

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with storage_errors("blocks"):
            folder = TemporaryFolder(_PREFIX, self._parent.absolute())
        with folder as name:
            yield Path(name)


class _Round:
    """Blocks that a runner is given together."""

    def __init__(
        self, runner: Runner, task: BlockTask, files: BlockFiles, clock: Stopwatch, step: str
    ) -> None:
        self._runner = runner
        self._task = task
        self._files = files
        self._clock = clock
        self._step = step
        self._order: deque[str] = deque()
        self._done: set[str] = set()

    def results(self, blocks: Iterable[tuple[str, Arrays]]) -> Iterator[Arrays]:
        """Yields the results in the order of the blocks."""
        lost: list[str] = []
        yield from self._try(self._stored(blocks), lost, ("crash",))
        if lost:
            again, lost = lost, []
            yield from self._try(again, lost, ())
        if lost:
            raise StorageError(f"The result of the block {lost[0]} is damaged or missing.", AGAIN)

    def _stored(self, blocks: Iterable[tuple[str, Arrays]]) -> Iterator[str]:
        for name, block in blocks:
            with storage_errors("blocks"):
                self._files.put_block(name, block)
            self._order.append(name)
            yield name

    def _try(
        self, names: Iterable[str], lost: list[str], forgiven: tuple[str, ...]
    ) -> Iterator[Arrays]:
        """Adds the names of blocks that have no result to `lost`; other failures than `forgiven` raise."""
        inputs: Iterator[tuple[str, Header]] = ((name, {"block": name}) for name in names)
        for name, result in self._runner.map(self._task, inputs):
            if isinstance(result, Failure) and result.cause in forgiven:
                lost.append(name)
                continue
            self._note(require_done(result, AGAIN))
            with storage_errors("blocks"):
                found = self._files.result(name)
            if found is None:
                lost.append(name)
                continue
            self._done.add(name)
            # Most results come in order. Others wait in their files, so that few are in memory.
            while self._order and self._order[0] in self._done:
                first = self._order.popleft()
                yield self._take(first, found if first == name else None)

    def _take(self, name: str, found: Arrays | None) -> Arrays:
        with storage_errors("blocks"):
            found = found or self._files.result(name)
            self._files.drop(name)
        if found is None:
            raise StorageError(f"The result of the block {name} is damaged or missing.", AGAIN)
        return found

    def _note(self, header: Header) -> None:
        """Adds what a block cost its worker."""
        began, ended = header["began"], header["ended"]
        self._clock.add(self._step, ended - began, 1, header["bytes"])
        self._clock.span(header["worker"], self._step, began, ended)
