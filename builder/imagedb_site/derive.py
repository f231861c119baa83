"""Derives what is missing: thumbnails, views, details and embeddings, stored by content hash.

What is made of the pictures comes from a `Maker`, here or on a cluster; this module stores it, in small
transactions, so that a build that was killed resumes where it stopped. A content that cannot be used is
remembered: it costs its time limit once, however many copies it has.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

from . import __version__
from .config import BuildConfig
from .library import Library, Stage, StoredImage
from .makers import open_maker
from .parts import Made, Maker
from .parts.pictures import Pictures
from .picture_files import digest_if_unchanged, digest_picture
from .pictures import (
    DETAILS_VERSION,
    DecodeError,
    Derived,
    Limits,
    Recipe,
    Work,
    view_recipe,
)
from .records import Progress
from .stopwatch import Stopwatch

if TYPE_CHECKING:
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
    pictures: Pictures | None = None,
) -> int:
    """Makes sure the library has everything the site needs of every staged record.

    `pictures` brings them to this machine if they are somewhere else.

    Returns how many pictures were decoded. Records that cannot be used have a reason in `stage`
    afterwards. It is remembered for the content, also if time or memory did not suffice: a build must not
    spend them each time. Another version of the program or its decoders, another recipe and
    `config.retry_failed` lead to a new attempt.
    """
    pictures = pictures or Pictures()
    names = [recipe.hash for recipe in recipes.all]
    encoder_hash = pack.encoder_hash if pack else None
    decoder = decoder_version(recipes)
    largest = Limits().max_bytes
    if config.retry_failed:
        library.forget_refusals()
    with clock("scan"):
        stage.fail_larger(largest, f"the file has more than {largest >> 20} MiB")
        # A picture that would have to be fetched for this is rather decoded.
        if pictures.here:
            _hash_new_files(stage, progress, twins=not library.stats()["files"])
        count = stage.plan(names, encoder_hash, decoder=decoder)
    done = 0
    deriver = _Deriver(library, stage, encoder_hash, decoder, pictures)
    opened = open_maker(config, recipes.all, pack, clock, library.parts_in_use)
    with clock("derive"), opened as maker:
        while count:
            done += deriver.run(maker, _works(stage, recipes), count, progress)
            # A copy takes the place of a file that has vanished since it was listed.
            count = stage.plan(names, encoder_hash, decoder=decoder) if deriver.vanished else 0
    clock.add("derive", items=done)
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
    """Has everything made and stores it group by group."""

    def __init__(
        self,
        library: Library,
        stage: Stage,
        encoder_hash: str | None,
        decoder: str,
        pictures: Pictures,
    ) -> None:
        self._pictures = pictures
        self.vanished = 0
        """How many files of the last run could not be read."""
        self._library = library
        self._stage = stage
        self._encoder_hash = encoder_hash
        self._decoder = decoder

    def run(self, maker: Maker, works: Iterable[Work], total: int, progress: Progress) -> int:
        """Derives everything; returns how many pictures were decoded."""
        self.vanished = 0
        seen = itertools.count(1)
        progress("derive", 0, total)
        here = self._pictures.works(works, self._stage.fail)
        groups = maker.make(here, lambda: progress("derive", next(seen), total))
        return sum(self._store(made) for made in groups)

    def _store(self, made: Sequence[Made]) -> int:
        """One transaction per group: files, details, derivatives and embeddings, or none of them.

        Returns how many pictures it has.
        """
        refused = [(one.work, one.result) for one in made if isinstance(one.result, DecodeError)]
        hashes = [self._hash_refused(*one) for one in refused]
        embedded: list[str] = []
        embeddings = []
        with self._library.transaction():
            for (work, error), content_hash in zip(refused, hashes, strict=True):
                self._refuse(self._pictures.listed(work), error, content_hash)
            for one in made:
                if isinstance(one.result, DecodeError):
                    continue
                self._put(self._pictures.listed(one.work), one.result)
                if one.embedding is not None:
                    embedded.append(one.result.content_hash)
                    embeddings.append(one.embedding)
            if self._encoder_hash is not None and embedded:
                self._library.put_embeddings(self._encoder_hash, embedded, np.stack(embeddings))
        for one in made:
            self._pictures.release(one.work)
        return len(made) - len(refused)

    def _put(self, work: Work, derived: Derived) -> None:
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
                *(derived.content_hash, recipe.hash, made.data, made.width, made.height),
                place=made.place,
            )
        self._library.put_files([(work.key, work.picture, derived.content_hash)])
        self._stage.set_hash(work.key, derived.content_hash)

    def _hash_refused(self, work: Work, error: DecodeError) -> str | None:
        """The content of a file that cannot be used; None if it is not there any more as it was listed."""
        if error.cause == "missing":
            self.vanished += 1
            return None
        return digest_if_unchanged(work.picture)

    def _refuse(self, work: Work, error: DecodeError, content_hash: str | None) -> None:
        """Leaves out a file that cannot be used, with its copies, and remembers its content."""
        if content_hash is None:
            self._stage.fail(work.key, str(error))
            return
        self._library.put_refusal(content_hash, str(error), decoder=self._decoder)
        self._library.put_files([(work.key, work.picture, content_hash)])
        self._stage.set_hash(work.key, content_hash)
        self._stage.refuse(content_hash, str(error))
