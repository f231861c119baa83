"""Rows and embeddings of a build as the streams that the site writer reads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .derive import Recipes
from .errors import PictureError
from .keys import split_suffix
from .library import Placed
from .pictures import strip_private
from .site import Original, SiteRow

_CLEANED = (".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".png", ".apng", ".webp")


def can_be_cleaned(key: str) -> bool:
    """Whether private metadata can be removed from files of this kind."""
    return split_suffix(key)[1] in _CLEANED


@dataclass(frozen=True)
class PlacedRows:
    """The rows of a build in row order (`SiteRows`), with their pictures."""

    placed: Placed
    recipes: Recipes
    publish_location: bool

    def __len__(self) -> int:
        return len(self.placed)

    def __iter__(self) -> Iterator[SiteRow]:
        view = self.recipes.view
        sizes = self.placed.rows(self.recipes.thumbnail.hash, view.hash if view else None)
        for image_id, key, width, height, placeholder, fields, *pixels in sizes:
            shown = view is not None and not view.leaves_out(width, height)
            yield SiteRow(
                image_id,
                key,
                width,
                height,
                (pixels[0], pixels[1]),
                placeholder,
                fields,
                (pixels[2], pixels[3]) if shown else None,
            )

    def thumbnail(self, row: int) -> bytes | None:
        return self.placed.derivative(row, self.recipes.thumbnail.hash)

    def view(self, row: int) -> bytes | None:
        """The larger picture; None if there is none, because it would not be larger than the thumbnail."""
        view = self.recipes.view
        return self.placed.derivative(row, view.hash) if view else None

    def original(self, row: int) -> Original | bytes:
        """The file of a row, without positions and serial numbers unless they are published.

        Raises PictureError if the file cannot be read, if it is not the one any more that the row was made
        of, or if these cannot be removed.
        """
        path, content_hash = self.placed.original(row)
        if self.publish_location:
            return Original(path, content_hash)
        with warnings.catch_warnings():
            # What Pillow thinks of damaged metadata helps nobody.
            warnings.simplefilter("ignore")
            cleaned = strip_private(path, content_hash)
        if cleaned is not None:
            return cleaned
        _, suffix = split_suffix(path.name)
        kind = "" if can_be_cleaned(path.name) else f" from a file of this kind ({suffix})"
        raise PictureError(f"private metadata cannot be removed{kind}")


@dataclass(frozen=True)
class PlacedEmbeddings:
    """The embeddings of a build in row order (`Embeddings`)."""

    placed: Placed
    encoder_hash: str
    dim: int

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        return self.placed.embedding_blocks(self.encoder_hash)
