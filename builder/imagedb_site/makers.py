"""Chooses who makes thumbnails and embeddings and who works on rows: this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from .config import BuildConfig
from .library import PARTS
from .parts import LocalMaker, Maker
from .parts.row_workers import RunnerRows
from .pictures import Recipe
from .run import LocalRunner, RowWorkers, Runner
from .run.base import ONE_THREAD
from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from .packs import ModelPack

_BLOCK_S = 600.0
"""Seconds that a block of rows may take in a process of this machine; a few are usual."""


def open_maker(
    config: BuildConfig,
    recipes: Sequence[Recipe],
    pack: ModelPack | None,
    clock: Stopwatch,
    used: Callable[[], Collection[str]],
) -> Maker:
    """Returns the `Maker` of the engine that the settings name. Raises UsageError if it is not installed.

    `used` gives the names of the parts that the library needs.
    """
    if config.engine == "local":
        return LocalMaker(
            pack,
            device=config.device,
            workers=config.workers,
            batch_size=config.batch_size,
            clock=clock,
        )
    from .parts.cluster import ClusterMaker
    from .run.ray_runner import RayRunner, check_installed

    check_installed()
    return ClusterMaker(
        config.library_folder / PARTS,
        recipes,
        pack,
        lambda: RayRunner(
            config.address, actors=config.actors, cpus=config.actor_cpus, gpus=config.actor_gpus
        ),
        used=used,
        size=config.part_size,
        workers=config.workers or config.actor_cpus,
        batch_size=config.batch_size,
        device=config.device,
        clock=clock,
        bucket=(str(config.bucket), config.pictures.resolve()) if config.bucket else None,
    )


def row_workers(config: BuildConfig, clock: Stopwatch) -> RowWorkers:
    """Returns who works on blocks of rows with the engine that the settings name.

    Each worker has one processor and one thread with both engines, so that they give the same bytes.
    """

    def open_runner() -> AbstractContextManager[Runner]:
        if config.engine == "local":
            return LocalRunner(config.workers, timeout_s=_BLOCK_S)
        from .run.ray_runner import RayRunner

        actors = None if config.actors is None else config.actors * config.actor_cpus
        return RayRunner(config.address, actors=actors, environment=ONE_THREAD)

    return RunnerRows(config.library_folder, open_runner, clock)
