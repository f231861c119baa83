"""Derives what is missing: thumbnails, views, details and embeddings, stored by content hash.

Decoding runs in worker processes while this one embeds and stores. Everything is stored in small
transactions, so that a build that was killed resumes where it stopped. A content that cannot be used is
remembered: it costs its time limit once, however many copies it has.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from . import __version__
from .config import BuildConfig
from .library import Library, Stage, StoredImage
from .pictures import DETAILS_VERSION, DecodeError, Derived, Limits, Recipe, Work, derive_all
from .records import Progress, Record
from .report import Stopwatch

if TYPE_CHECKING:
    from .encoders import Encoder
    from .packs import ModelPack

_DECODERS = ("pillow", "pillow-heif", "resvg-py")
THUMBNAIL_QUALITY = 75
VIEW_QUALITY = 80


@dataclass(frozen=True)
class Recipes:
    """What is made of every picture."""

    thumbnail: Recipe
    view: Recipe | None

    @classmethod
    def of(cls, config: BuildConfig) -> Recipes:
        view = None
        if config.view_size:
            # A view that is not larger than the thumbnail would only cost bytes.
            view = Recipe("view", config.view_size, VIEW_QUALITY, over=config.thumbnail_size)
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
    count, records = stage.unhashed(twins=twins)
    for done, record in enumerate(records, 1):
        try:
            with record.path.open("rb") as file:
                stage.set_hash(record.key, hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            stage.fail(record.key, f"the file cannot be read: {_why(error)}")
        progress("look for known pictures", done, count)


def _why(error: OSError) -> str:
    return (error.strerror or "input/output error").lower()


def _hash_if_unchanged(record: Record) -> str | None:
    """Returns the content hash of a file, or None if it is not the file any more that was listed."""
    try:
        with record.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_mtime_ns, status.st_size) != (record.mtime_ns, record.size):
                return None
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _works(stage: Stage, recipes: Recipes) -> Iterator[Work]:
    for record, bits, wants_input in stage.works():
        wanted = tuple(recipe for at, recipe in enumerate(recipes.all) if bits >> at & 1)
        yield Work(record, wanted, input=wants_input)


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
        batch: list[tuple[Record, Derived]] = []
        progress("derive", 0, total)
        for done, (record, result) in enumerate(self._pool(works), 1):
            if isinstance(result, DecodeError):
                self._refuse(record, result)
            else:
                count += 1
                batch.append((record, result))
            if len(batch) >= self._config.batch_size:
                self._store(batch)
                batch = []
            progress("derive", done, total)
        if batch:
            self._store(batch)
        return count

    def _refuse(self, record: Record, error: DecodeError) -> None:
        """Leaves out a file that cannot be used, with its copies, and remembers its content."""
        content_hash = None
        if error.cause == "missing":
            self.vanished += 1
        else:
            content_hash = _hash_if_unchanged(record)
        if content_hash is None:
            self._stage.fail(record.key, str(error))
            return
        with self._library.transaction():
            self._library.put_refusal(content_hash, str(error), decoder=self._decoder)
            self._library.put_files([(record, content_hash)])
            self._stage.set_hash(record.key, content_hash)
            self._stage.refuse(content_hash, str(error))

    def _pool(self, works: Iterable[Work]) -> Iterator[tuple[Record, Derived | DecodeError]]:
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

    def _store(self, batch: Sequence[tuple[Record, Derived]]) -> None:
        """One transaction per batch: files, details, derivatives and embeddings, or none of them."""
        embedded = [(derived.content_hash, derived.input) for _, derived in batch]
        inputs = [(h, tensor) for h, tensor in embedded if tensor is not None]
        embeddings = self._embed([tensor for _, tensor in inputs])
        with self._library.transaction():
            for record, derived in batch:
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
                self._library.put_files([(record, derived.content_hash)])
                self._stage.set_hash(record.key, derived.content_hash)
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
