"""Chooses what makes thumbnails and embeddings: this machine, or the workers of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .config import BuildConfig
from .parts import LocalMaker, Maker
from .pictures import Recipe
from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from .packs import ModelPack

_PARTS = "parts"
"""The folder in the library that holds what the workers of a cluster have made."""


def open_maker(
    config: BuildConfig, recipes: Sequence[Recipe], pack: ModelPack | None, clock: Stopwatch
) -> Maker:
    """Returns the `Maker` of the engine that the settings name. Raises UsageError if it is not installed."""
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
        config.library_folder / _PARTS,
        recipes,
        pack,
        lambda: RayRunner(
            config.address, actors=config.actors, cpus=config.actor_cpus, gpus=config.actor_gpus
        ),
        size=config.part_size,
        workers=config.workers or config.actor_cpus,
        batch_size=config.batch_size,
        device=config.device,
        clock=clock,
        bucket=(str(config.bucket), config.pictures.resolve()) if config.bucket else None,
    )
