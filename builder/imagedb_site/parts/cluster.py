"""Makes everything on a cluster: its workers store parts, and the build takes them as they are finished."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from imagedb_site.errors import StorageError
from imagedb_site.packs import ModelPack
from imagedb_site.parts.answers import require_done, storage_errors
from imagedb_site.parts.folder import PartFolder
from imagedb_site.parts.made import Made
from imagedb_site.parts.plan import cut, name_of, to_plan
from imagedb_site.parts.task import PartTask, place_of
from imagedb_site.parts.versions import versions_here
from imagedb_site.pictures import Recipe, Work
from imagedb_site.run import Header, Runner
from imagedb_site.stopwatch import Stopwatch

PARTS = "make parts"
_AGAIN = "The finished parts are kept: run the same command again to go on."


class ClusterMaker:
    """A `Maker` on a cluster. `open_runner` starts it; it is not called if all parts are finished already.

    `folder` has the parts. At the end those that `used` names stay, because the pictures in them are stored
    nowhere else; the others are removed. `size`: pictures per part. `workers`: decoding processes of each
    worker. `batch_size`: pictures that a worker embeds together. `clock` gets the time of all workers
    together. `bucket` is that of a `PartTask`.
    """

    def __init__(
        self,
        folder: Path,
        recipes: Sequence[Recipe],
        pack: ModelPack | None,
        open_runner: Callable[[], AbstractContextManager[Runner]],
        *,
        used: Callable[[], Collection[str]],
        size: int,
        workers: int,
        batch_size: int = 32,
        device: str = "cpu",
        clock: Stopwatch | None = None,
        bucket: tuple[str, Path] | None = None,
    ) -> None:
        self._recipes = tuple(recipes)
        self._versions = versions_here(pack, device)
        self._parts = PartFolder(folder.absolute(), self._recipes, self._versions)
        self._open_runner = open_runner
        self._used = used
        self._size = size
        self._clock = clock or Stopwatch()
        self._task = PartTask(
            *(folder.absolute(), self._recipes, self._versions, place_of(pack), device),
            workers,
            batch_size,
            bucket,
        )

    def __enter__(self) -> ClusterMaker:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            used = self._used()
            with storage_errors("parts"):
                self._parts.clear(used)

    def make(self, works: Iterable[Work], seen: Callable[[], None]) -> Iterator[Sequence[Made]]:
        """See `Maker.make`. A group is a part; its plan is removed once the group is stored."""
        with storage_errors("parts"):
            names = [self._plan(group) for group in cut(works, self._size)]
            self._parts.forget_tries()
        missing = []
        for name in names:
            made = self._get(name)
            if made is None:
                missing.append(name)
            else:
                yield from self._give(name, made, seen)
        if not missing:
            return
        with self._open_runner() as runner:
            for name, result in runner.map(
                self._task, ((name, {"part": name}) for name in missing)
            ):
                self._note(require_done(result, _AGAIN))
                made = self._get(name)
                if made is None:
                    raise StorageError(f"The part {name} is damaged or missing.", _AGAIN)
                yield from self._give(name, made, seen)

    def _plan(self, works: Sequence[Work]) -> str:
        plan = to_plan(works, self._recipes)
        name = name_of(plan, self._recipes, self._versions)
        self._parts.add_plan(name, plan)
        return name

    def _note(self, header: Header) -> None:
        """Adds what a part cost its worker."""
        if not header:
            return
        for step, cost in header["steps"].items():
            self._clock.add(step, cost["seconds"], cost["items"], cost["bytes"])
        self._clock.add(PARTS, header["ended"] - header["began"], 1, header["bytes"])
        self._clock.span(header["worker"], PARTS, header["began"], header["ended"])

    def _get(self, name: str) -> list[Made] | None:
        with storage_errors("parts"):
            return self._parts.get(name)

    def _give(
        self, name: str, made: Sequence[Made], seen: Callable[[], None]
    ) -> Iterator[Sequence[Made]]:
        for _ in made:
            seen()
        yield made
        with storage_errors("parts"):
            self._parts.taken(name)
