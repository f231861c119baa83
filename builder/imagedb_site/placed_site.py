"""Rows and embeddings of a build as the streams that the site writer reads."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .derive import Recipes
from .errors import PictureError
from .keys import split_suffix
from .library import Placed
from .parts.pictures import Pictures
from .picture_files import read_picture
from .pictures import strip_private
from .records import PictureRef
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
    pictures: Pictures = field(default_factory=Pictures)

    def __len__(self) -> int:
        return len(self.placed)

    def __iter__(self) -> Iterator[SiteRow]:
        view = self.recipes.view
        sizes = self.placed.rows(self.recipes.thumbnail.hash, view.hash if view else None)
        for image_id, key, width, height, placeholder, fields, remote, *pixels in sizes:
            has_picture = pixels[0] is not None
            shown = has_picture and view is not None and not view.leaves_out(width, height)
            yield SiteRow(
                image_id,
                key,
                width,
                height,
                (pixels[0], pixels[1]) if has_picture else None,
                placeholder,
                fields,
                (pixels[2], pixels[3]) if shown else None,
                remote,
            )

    def thumbnail(self, row: int) -> bytes | None:
        return self.placed.derivative(row, self.recipes.thumbnail.hash)

    def view(self, row: int) -> bytes | None:
        """The larger picture; None if there is none, because it would not be larger than the thumbnail."""
        view = self.recipes.view
        return self.placed.derivative(row, view.hash) if view else None

    def original(self, row: int) -> Original | bytes | None:
        """The file of a row if it has one, without positions and serial numbers unless they are published.

        Raises PictureError if the file cannot be read, if it is not the one any more that the row was made
        of, or if these cannot be removed.
        """
        found = self.placed.original(row)
        if found is None:
            return None
        picture, content_hash = found
        if self.publish_location and self.pictures.here and picture.length is None:
            return Original(picture.path, content_hash)
        with self.pictures.file_of(picture) as file, warnings.catch_warnings():
            if self.publish_location:
                return _part(file, content_hash)
            # What Pillow thinks of damaged metadata helps nobody.
            warnings.simplefilter("ignore")
            cleaned = strip_private(file, content_hash)
        if cleaned is not None:
            return cleaned
        key = self.placed.key(row)
        _, suffix = split_suffix(key)
        kind = "" if can_be_cleaned(key) else f" from a file of this kind ({suffix})"
        raise PictureError(f"private metadata cannot be removed{kind}")


def _part(picture: PictureRef, content_hash: str) -> bytes:
    """Returns the bytes of a picture that cannot be linked."""
    try:
        data = read_picture(picture, picture.bytes)
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        raise PictureError(f"the file cannot be read: {reason}") from error
    if hashlib.sha256(data).hexdigest() != content_hash:
        raise PictureError("the file changed during the build")
    return data


@dataclass(frozen=True)
class PlacedEmbeddings:
    """The embeddings of a build in row order (`Embeddings`)."""

    placed: Placed
    encoder_hash: str
    dim: int

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        return self.placed.embedding_blocks(self.encoder_hash)
