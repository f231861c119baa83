"""What is done with one picture, inside a worker process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imagedb_site.pictures.decode import Source, read_file
from imagedb_site.pictures.derive import render
from imagedb_site.pictures.metadata import read_drawing, read_metadata
from imagedb_site.pictures.placeholder import placeholder
from imagedb_site.pictures.types import (
    DecodeError,
    Derivative,
    Derived,
    Limits,
    Picture,
    Recipe,
)
from imagedb_site.records import PictureRef
from imagedb_site.run import Header, Message

Preprocess = Callable[[Image.Image], np.ndarray]

_PLACEHOLDER_WANT = 320


def open_here(picture: PictureRef | Path, limits: Limits, want: int) -> Picture:
    """Decodes a file in this process, without the protection of a worker."""
    source = Source(read_file(picture, limits), limits)
    image = source.image(want)
    return Picture(image, source.width, source.height, _metadata(source), source.damage)


def derive_here(
    picture: PictureRef | Path,
    limits: Limits,
    recipes: tuple[Recipe, ...],
    preprocess: Preprocess | None,
    input_want: int,
) -> Derived:
    """Derives everything that is wanted from a file, in this process."""
    source = Source(read_file(picture, limits), limits)
    # The largest picture first: an SVG or a damaged file fails before any time is spent on it.
    derivatives = {
        recipe: Derivative(b"", source.width, source.height)
        if recipe.leaves_out(source.width, source.height)
        else render(source.image(recipe.size), recipe)
        for recipe in sorted(recipes, key=lambda recipe: -recipe.size)
    }
    made = preprocess(source.image(input_want)) if preprocess else None
    hashed = placeholder(source.image(_PLACEHOLDER_WANT))
    return Derived(
        source.content_hash,
        source.width,
        source.height,
        _metadata(source),
        hashed,
        derivatives,
        made,
        source.damage,
    )


def _metadata(source: Source) -> dict[str, Any]:
    if source.drawing is not None:
        return read_drawing(*source.drawing.texts)
    return read_metadata(source.opened, source.data) if source.opened is not None else {}


@dataclass(frozen=True)
class DecodeTask:
    """What a worker does with a picture; picklable.

    `preprocess` turns a picture, decoded for `input_want` pixels, into the encoder's input.
    """

    limits: Limits
    preprocess: Preprocess | None = None
    input_want: int = 224

    def __call__(self, given: Header) -> Message:
        """Opens or derives. A picture that cannot be used gives `error` and `cause`."""
        try:
            if given.get("open") is not None:
                return _opened(open_here(_picture(given), self.limits, given["open"]))
            derived = derive_here(
                _picture(given),
                self.limits,
                tuple(Recipe(*recipe) for recipe in given["recipes"]),
                self.preprocess if given["input"] else None,
                self.input_want,
            )
        except DecodeError as error:
            return {"error": str(error), "cause": error.cause}, []
        return _message(derived)


def _picture(given: Header) -> PictureRef:
    return PictureRef(Path(given["path"]), 0, 0, offset=given["offset"], length=given["length"])


def _opened(picture: Picture) -> Message:
    header = {
        "size": picture.image.size,
        "width": picture.width,
        "height": picture.height,
        "metadata": picture.metadata,
        "damage": picture.damage,
    }
    return header, [picture.image.tobytes()]


def _message(derived: Derived) -> Message:
    parts: list[bytes | memoryview] = [derived.placeholder]
    made: list[object] = []
    header: Header = {
        "content_hash": derived.content_hash,
        "width": derived.width,
        "height": derived.height,
        "metadata": derived.metadata,
        "damage": derived.damage,
        "derivatives": made,
    }
    for recipe, derivative in derived.derivatives.items():
        made.append([*asdict(recipe).values(), derivative.width, derivative.height])
        parts.append(derivative.data)
    if derived.input is not None:
        array = np.ascontiguousarray(derived.input)
        header["input"] = {"dtype": array.dtype.str, "shape": array.shape}
        parts.append(array.tobytes())
    return header, parts
