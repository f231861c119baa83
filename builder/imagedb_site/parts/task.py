"""What a worker of a cluster does: it makes parts with its own decoders and its own model."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from imagedb_site.buckets import open_bucket
from imagedb_site.errors import SourceError, StorageError
from imagedb_site.packs import BUILTIN_FOLDER, ModelPack, load_pack
from imagedb_site.parts.answers import answer_of
from imagedb_site.parts.folder import PartFolder
from imagedb_site.parts.local import LocalMaker
from imagedb_site.parts.made import Made
from imagedb_site.parts.pictures import FetchedPictures
from imagedb_site.parts.versions import require_same, versions_here
from imagedb_site.pictures import DecodeError, Recipe, Work
from imagedb_site.run import Header, Message
from imagedb_site.sources import RemoteFiles
from imagedb_site.stopwatch import Stopwatch
from imagedb_site.temporary import TemporaryFolder

_MOST_TRIES = 12
"""A part that has cost this many workers their life is not tried again."""


@dataclass(frozen=True)
class PartTask:
    """A picklable function that makes the part `given["part"]` in `folder`.

    It answers what it cost, or an `error` with its `kind` and `hint`. The worker must have the same
    `versions` as the build. `pack` is the folder of the model, which all machines see; None without a model,
    "" for the built-in one, which each machine has. `bucket`: its address and the folder that stands for it
    in the works, if the pictures are in one.
    """

    folder: Path
    recipes: tuple[Recipe, ...]
    versions: Mapping[str, str]
    pack: str | None
    device: str
    workers: int
    batch_size: int
    bucket: tuple[str, Path] | None = None

    def __call__(self, given: Header) -> Message:
        return answer_of(lambda: self._part(str(given["part"])), self.folder)

    def _part(self, name: str) -> Header:
        began = time.time()
        if self._parts.has(name):
            # Made by a worker that was lost before it could say so.
            return {}
        self._begin(name)
        works = self._parts.works(name)
        made = self._made(works) if self.bucket is None else self._made_of(works, *self.bucket)
        size = self._parts.put(name, made)
        return {
            "bytes": size,
            "began": began,
            "ended": time.time(),
            "steps": {step: asdict(cost) for step, cost in self._clock.take().items()},
            "worker": f"{platform.node()} {os.getpid()}",
        }

    def _made(self, works: Iterable[Work]) -> list[Made]:
        return [one for group in self._maker.make(works, _ignore) for one in group]

    def _made_of(self, works: Sequence[Work], address: str, root: Path) -> list[Made]:
        """The same of pictures in a bucket, which are fetched with the credentials of this machine."""
        by_key = {work.key: work for work in works}
        made: list[Made] = []

        def fail(key: str, reason: str) -> None:
            made.append(Made(by_key[key], DecodeError(reason, "missing")))

        with TemporaryFolder("imagedb-part-") as folder:
            remote = RemoteFiles(open_bucket(address), root)
            pictures = FetchedPictures(remote, Path(folder))
            for group in self._maker.make(pictures.works(works, fail), _ignore):
                for one in group:
                    made.append(replace(one, work=pictures.listed(one.work)))
                    pictures.release(one.work)
        return made

    def _begin(self, name: str) -> None:
        """Raises ImageDBError if this part has cost too many workers their life."""
        tries = self._parts.begin(name)
        if tries > _MOST_TRIES:
            first = self._parts.works(name)[0].key
            raise SourceError(
                f"Workers were lost {tries - 1} times at the part that begins with {first}.",
                "Give them more memory, or make the parts smaller with --part-size.",
            )

    @cached_property
    def _parts(self) -> PartFolder:
        if not self.folder.is_dir():
            raise StorageError(
                f"{platform.node()} has no folder {self.folder}.",
                "The pictures and the library must be where all machines of the cluster see them.",
            )
        return PartFolder(self.folder, self.recipes, dict(self.versions))

    @cached_property
    def _clock(self) -> Stopwatch:
        return Stopwatch()

    @cached_property
    def _maker(self) -> LocalMaker:
        pack = self._load()
        require_same(self.versions, versions_here(pack, self.device), platform.node())
        return LocalMaker(
            pack,
            device=self.device,
            workers=self.workers,
            threads=self.workers,
            batch_size=self.batch_size,
            clock=self._clock,
        )

    def _load(self) -> ModelPack | None:
        if self.pack is None:
            return None
        return load_pack(Path(self.pack) if self.pack else BUILTIN_FOLDER)


def place_of(pack: ModelPack | None) -> str | None:
    """Returns the `pack` of a `PartTask`."""
    if pack is None:
        return None
    return "" if pack.path == BUILTIN_FOLDER else str(pack.path.absolute())


def _ignore() -> None:
    """Nobody watches the single pictures of a part."""
