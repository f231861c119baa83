"""Derive what is missing: thumbnails, views, details and embeddings, cached by content hash.

Decoding runs in worker processes while this one embeds and stores. Everything is stored in small
transactions, so that a killed build goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .config import BuildConfig
from .library import Library, StoredImage
from .pictures import DETAILS_VERSION, DecodeError, Derived, Recipe, Work, derive_all
from .records import Problem, Progress, Record
from .report import Stopwatch

if TYPE_CHECKING:
    from .encoders import Encoder
    from .packs import ModelPack

THUMBNAIL_QUALITY = 75
VIEW_QUALITY = 80


@dataclass(frozen=True)
class Recipes:
    """What every picture is rendered to."""

    thumbnail: Recipe
    view: Recipe | None

    @classmethod
    def of(cls, config: BuildConfig) -> Recipes:
        view = None
        if config.view_size:
            # A view no larger than the thumbnail would only cost bytes.
            view = Recipe("view", config.view_size, VIEW_QUALITY, over=config.thumbnail_size)
        return cls(Recipe("thumbnail", config.thumbnail_size, THUMBNAIL_QUALITY), view)

    @property
    def all(self) -> tuple[Recipe, ...]:
        return (self.thumbnail, self.view) if self.view else (self.thumbnail,)


@dataclass
class Outcome:
    """The usable pictures in the order of the records, how many were decoded, and the others."""

    images: list[tuple[Record, StoredImage]] = field(default_factory=list)
    count: int = 0
    problems: list[Problem] = field(default_factory=list)


def derive(
    records: Sequence[Record],
    library: Library,
    recipes: Recipes,
    pack: ModelPack | None,
    config: BuildConfig,
    clock: Stopwatch,
    progress: Progress,
) -> Outcome:
    """Make sure the library holds everything the site needs of every record.

    A picture that cannot be used is a problem of the outcome, remembered until its file changes.
    """
    outcome = Outcome()
    with clock("scan"):
        failed = dict(
            zip(
                (r.key for r in records),
                library.failures(records, details=DETAILS_VERSION),
                strict=True,
            )
        )
        hashes = _content_hashes(records, failed, library, outcome, progress)
    works = _works(records, hashes, failed, library, recipes, pack)
    if works:
        with clock("derive"):
            worker = _Deriver(library, hashes, pack, config, clock)
            worker.run(works, outcome, progress)
    for record in records:
        reason = failed[record.key]
        if reason is not None:
            outcome.problems.append(Problem(record.key, reason))
    stored = library.find_images({h for h in hashes.values() if h})
    for record in records:
        content_hash = hashes.get(record.key)
        if content_hash in stored:
            outcome.images.append((record, stored[content_hash]))
    return outcome


def _content_hashes(
    records: Sequence[Record],
    failed: dict[str, str | None],
    library: Library,
    outcome: Outcome,
    progress: Progress,
) -> dict[str, str | None]:
    """The content hash of every record by key, None where it is found only when decoding.

    New files are hashed first, so that a moved or copied picture costs no decoding; except in the
    first build, where nothing can be known.
    """
    hashes = dict(zip((r.key for r in records), library.known(records), strict=True))
    new = [r for r in records if hashes[r.key] is None and failed[r.key] is None]
    if not new or not library.stats()["images"]:
        return hashes
    for done, record in enumerate(new, 1):
        try:
            with record.path.open("rb") as file:
                hashes[record.key] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            outcome.problems.append(Problem(record.key, f"cannot be read: {error.strerror}"))
        progress("look for known pictures", done, len(new))
    return hashes


def _works(
    records: Sequence[Record],
    hashes: dict[str, str | None],
    failed: dict[str, str | None],
    library: Library,
    recipes: Recipes,
    pack: ModelPack | None,
) -> list[Work]:
    """What is to be derived, once for each content."""
    by_hash = {recipe.hash: recipe for recipe in recipes.all}
    missing = library.missing(
        {h for h in hashes.values() if h},
        list(by_hash),
        pack.encoder_hash if pack else None,
        details=DETAILS_VERSION,
    )
    works: list[Work] = []
    planned: set[str] = set()
    relocated: list[tuple[Record, str]] = []
    known = dict(zip((r.key for r in records), library.known(records), strict=True))
    for record in records:
        content_hash = hashes[record.key]
        if failed[record.key] is not None:
            continue
        if content_hash is None:
            works.append(Work(record, recipes.all, input=pack is not None))
        elif content_hash in missing:
            if content_hash not in planned:
                lack = missing[content_hash]
                wanted = tuple(by_hash[recipe] for recipe in lack.recipes)
                works.append(Work(record, wanted, input=lack.embedding))
                planned.add(content_hash)
            elif known[record.key] is None:
                relocated.append((record, content_hash))
        elif known[record.key] is None:
            relocated.append((record, content_hash))
    if relocated:
        library.put_files(relocated)
    return works


class _Deriver:
    """Runs the decoding pool and stores its results batch by batch."""

    def __init__(
        self,
        library: Library,
        hashes: dict[str, str | None],
        pack: ModelPack | None,
        config: BuildConfig,
        clock: Stopwatch,
    ) -> None:
        self._library = library
        self._hashes = hashes
        self._pack = pack
        self._config = config
        self._clock = clock
        self._encoder: Encoder | None = None

    def run(self, works: Sequence[Work], outcome: Outcome, progress: Progress) -> None:
        batch: list[tuple[Record, Derived]] = []
        progress("derive", 0, len(works))
        for done, (record, result) in enumerate(self._pool(works), 1):
            if isinstance(result, DecodeError):
                outcome.problems.append(Problem(record.key, str(result)))
                if result.lasting:
                    self._library.put_failure(record, str(result), details=DETAILS_VERSION)
            else:
                outcome.count += 1
                batch.append((record, result))
                self._hashes[record.key] = result.content_hash
            if len(batch) >= self._config.batch_size:
                self._store(batch)
                batch = []
            progress("derive", done, len(works))
        if batch:
            self._store(batch)

    def _pool(self, works: Sequence[Work]) -> Iterator[tuple[Record, Derived | DecodeError]]:
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
        """One transaction a batch: files, details, derivatives and embeddings, or none of them."""
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
                    ),
                    details=DETAILS_VERSION,
                )
                for recipe, made in derived.derivatives.items():
                    self._library.put_derivative(
                        derived.content_hash, recipe.hash, made.data, made.width, made.height
                    )
                self._library.put_files([(record, derived.content_hash)])
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
