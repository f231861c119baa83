"""Derives what is missing: thumbnails, views, details and embeddings, stored by content hash.

Decoding runs in worker processes while this one embeds and stores. Everything is stored in small
transactions, so that a build that was killed resumes where it stopped. A content that cannot be used is
remembered: it costs its time limit once, however many copies it has.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from . import __version__
from .config import BuildConfig
from .library import Library, Stage, StoredImage
from .picture_files import digest_if_unchanged, digest_picture
from .pictures import (
    DETAILS_VERSION,
    DecodeError,
    Derived,
    Limits,
    Recipe,
    Work,
    derive_all,
    view_recipe,
)
from .records import PictureRef, Progress
from .report import Stopwatch

if TYPE_CHECKING:
    from .encoders import Encoder
    from .packs import ModelPack

_DECODERS = ("pillow", "pillow-heif", "resvg-py")
THUMBNAIL_QUALITY = 75


@dataclass(frozen=True)
class Recipes:
    """What is made of every picture."""

    thumbnail: Recipe
    view: Recipe | None

    @classmethod
    def of(cls, config: BuildConfig) -> Recipes:
        view = view_recipe(config.view_size, config.thumbnail_size)
        return cls(Recipe("thumbnail", config.thumbnail_size, THUMBNAIL_QUALITY), view)

    @property
    def all(self) -> tuple[Recipe, ...]:
        return (self.thumbnail, self.view) if self.view else (self.thumbnail,)


def derive(
    stage: Stage,
    library: Library,
    recipes: Recipes,
    pack: ModelPack | None,
    config: BuildConfig,
    clock: Stopwatch,
    progress: Progress,
) -> int:
    """Makes sure the library has everything the site needs of every staged record.

    Returns how many pictures were decoded. Records that cannot be used have a reason in `stage`
    afterwards. It is remembered for the content, also if time or memory did not suffice: a build must not
    spend them each time. Another version of the program or its decoders, another recipe and
    `config.retry_failed` lead to a new attempt.
    """
    names = [recipe.hash for recipe in recipes.all]
    encoder_hash = pack.encoder_hash if pack else None
    decoder = decoder_version(recipes)
    largest = Limits().max_bytes
    if config.retry_failed:
        library.forget_refusals()
    with clock("scan"):
        stage.fail_larger(largest, f"the file has more than {largest >> 20} MiB")
        _hash_new_files(stage, progress, twins=not library.stats()["files"])
        count = stage.plan(names, encoder_hash, decoder=decoder)
    done = 0
    deriver = _Deriver(library, stage, pack, config, clock, decoder)
    while count:
        with clock("derive"):
            done += deriver.run(_works(stage, recipes), count, progress)
        # A copy takes the place of a file that has vanished since it was listed.
        count = stage.plan(names, encoder_hash, decoder=decoder) if deriver.vanished else 0
    stage.check(names, encoder_hash)
    return done


def decoder_version(recipes: Recipes) -> str:
    """Returns what a refusal depends on, besides the content: the decoders and the sizes asked for."""
    found = [__version__, DETAILS_VERSION, *(recipe.hash for recipe in recipes.all)]
    for package in _DECODERS:
        try:
            found.append(version(package))
        except PackageNotFoundError:
            found.append("none")
    return " ".join(found)


def _hash_new_files(stage: Stage, progress: Progress, *, twins: bool) -> None:
    """Finds the content hash of new files, so that a moved or copied picture is not decoded again.

    In a first build nothing can be known yet. Only files that have the size of another one (`twins`) are
    hashed then, because they may be copies.
    """
    count, pictures = stage.unhashed(twins=twins)
    for done, (key, picture) in enumerate(pictures, 1):
        try:
            stage.set_hash(key, digest_picture(picture))
        except OSError as error:
            stage.fail(key, f"the file cannot be read: {_why(error)}")
        progress("look for known pictures", done, count)


def _why(error: OSError) -> str:
    return (error.strerror or "input/output error").lower()


def _works(stage: Stage, recipes: Recipes) -> Iterator[Work]:
    for key, picture, bits, wants_input in stage.works():
        wanted = tuple(recipe for at, recipe in enumerate(recipes.all) if bits >> at & 1)
        yield Work(key, picture, wanted, input=wants_input)


class _Deriver:
    """Runs the decoding pool and stores its results batch by batch."""

    def __init__(
        self,
        library: Library,
        stage: Stage,
        pack: ModelPack | None,
        config: BuildConfig,
        clock: Stopwatch,
        decoder: str,
    ) -> None:
        self.vanished = 0
        """How many files of the last run could not be read."""
        self._decoder = decoder
        self._library = library
        self._stage = stage
        self._pack = pack
        self._config = config
        self._clock = clock
        self._encoder: Encoder | None = None

    def run(self, works: Iterable[Work], total: int, progress: Progress) -> int:
        """Derives everything; returns how many pictures were decoded."""
        count = self.vanished = 0
        batch: list[tuple[str, PictureRef, Derived]] = []
        progress("derive", 0, total)
        for done, (work, result) in enumerate(self._pool(works), 1):
            if isinstance(result, DecodeError):
                self._refuse(work, result)
            else:
                count += 1
                batch.append((work.key, work.picture, result))
            if len(batch) >= self._config.batch_size:
                self._store(batch)
                batch = []
            progress("derive", done, total)
        if batch:
            self._store(batch)
        return count

    def _refuse(self, work: Work, error: DecodeError) -> None:
        """Leaves out a file that cannot be used, with its copies, and remembers its content."""
        content_hash = None
        if error.cause == "missing":
            self.vanished += 1
        else:
            content_hash = digest_if_unchanged(work.picture)
        if content_hash is None:
            self._stage.fail(work.key, str(error))
            return
        with self._library.transaction():
            self._library.put_refusal(content_hash, str(error), decoder=self._decoder)
            self._library.put_files([(work.key, work.picture, content_hash)])
            self._stage.set_hash(work.key, content_hash)
            self._stage.refuse(content_hash, str(error))

    def _pool(self, works: Iterable[Work]) -> Iterator[tuple[Work, Derived | DecodeError]]:
        workers = self._config.workers
        if self._pack is None:
            return derive_all(works, workers=workers)
        from .encoders.preprocess import Preprocessing

        preprocessing = Preprocessing.from_json(self._pack.manifest["image"]["preprocessing"])
        return derive_all(
            works,
            preprocess=preprocessing.apply,
            input_want=max(preprocessing.height, preprocessing.width),
            workers=workers,
        )

    def _store(self, batch: Sequence[tuple[str, PictureRef, Derived]]) -> None:
        """One transaction per batch: files, details, derivatives and embeddings, or none of them."""
        embedded = [(derived.content_hash, derived.input) for *_, derived in batch]
        inputs = [(h, tensor) for h, tensor in embedded if tensor is not None]
        embeddings = self._embed([tensor for _, tensor in inputs])
        with self._library.transaction():
            for key, picture, derived in batch:
                self._library.put_image(
                    StoredImage(
                        derived.content_hash,
                        derived.width,
                        derived.height,
                        derived.metadata,
                        derived.placeholder,
                        derived.damage,
                    ),
                    details=DETAILS_VERSION,
                )
                for recipe, made in derived.derivatives.items():
                    self._library.put_derivative(
                        derived.content_hash, recipe.hash, made.data, made.width, made.height
                    )
                self._library.put_files([(key, picture, derived.content_hash)])
                self._stage.set_hash(key, derived.content_hash)
            if self._pack is not None and inputs:
                self._library.put_embeddings(
                    self._pack.encoder_hash, [h for h, _ in inputs], embeddings
                )

    def _embed(self, tensors: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        if self._pack is None or not tensors:
            return np.empty((0, 0), dtype=np.float32)
        if self._encoder is None:
            from .encoders import Encoder

            self._encoder = Encoder(self._pack, device=self._config.device)
        start = time.monotonic()
        embeddings = self._encoder.encode_inputs(np.stack(tensors))
        self._clock.add("model inference", time.monotonic() - start)
        return embeddings
