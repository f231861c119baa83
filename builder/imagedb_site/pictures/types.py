"""What goes into decoding a picture and what comes out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from PIL import Image

from imagedb_site.errors import PictureError
from imagedb_site.pictures.scaling import fitted
from imagedb_site.records import PictureRef, Value

DETAILS_VERSION = "3"
"""Names how sizes, metadata and placeholders are found; after a change they are derived again."""

_VIEW_QUALITY = 80
_RECIPE_VERSION = 2

Cause = Literal[
    "missing",
    "empty",
    "unknown",
    "damaged",
    "too_large",
    "timeout",
    "memory",
    "crash",
]


class DecodeError(PictureError):
    """A picture that cannot be used. The message is a reason for people, without the file's name.

    `lasting`: the same bytes will fail again, so the failure may be remembered. A time-out
    or a lack of memory may be the machine's fault.
    """

    def __init__(self, reason: str, cause: Cause) -> None:
        super().__init__(reason)
        self.cause: Cause = cause

    @property
    def lasting(self) -> bool:
        return self.cause in ("empty", "unknown", "damaged", "too_large", "crash")


@dataclass(frozen=True)
class Limits:
    """What one picture may cost: its pixels, its file's bytes, seconds, and the decoder's memory."""

    max_pixels: int = 200_000_000
    max_bytes: int = 512 << 20
    timeout_s: float = 30.0
    memory_bytes: int = 4 << 30


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    `image` is RGB, 8 bits, upright, in sRGB, on white (or on the ground that `ground.choose_ground` gives)
    if it is transparent; it may be smaller than the
    original, but each side is at least the smaller of the original's and twice what was wanted (a
    drawing is made for what was wanted).
    `width` and `height` are the original's, upright. `metadata` has the fields of `METADATA_FIELDS`. `damage`
    says what is wrong with the file if it was taken although it is damaged.
    """

    image: Image.Image
    width: int
    height: int
    metadata: Mapping[str, Value]
    damage: str | None = None


@dataclass(frozen=True)
class Recipe:
    """Settings that fully determine a derivative: its size in pixels (`scaling.fitted`), WebP quality 0-100.

    Of a picture that is not larger than what a recipe of the size `over` makes of it, nothing is made: the
    derivative is empty.
    """

    kind: Literal["thumbnail", "view"]
    size: int
    quality: int
    over: int = 0

    def leaves_out(self, width: int, height: int) -> bool:
        """Whether nothing is made of a picture of this size."""
        return self.over > 0 and fitted(width, height, self.over) == (width, height)

    @property
    def hash(self) -> str:
        """16 hex digits that change with every setting."""
        text = json.dumps({**asdict(self), "version": _RECIPE_VERSION}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def view_recipe(view_size: int, thumbnail_size: int) -> Recipe | None:
    """What is made for the detail view; None with a size of 0, which asks for no views."""
    if not view_size:
        return None
    # A view that is not larger than the thumbnail would only cost bytes.
    return Recipe("view", view_size, _VIEW_QUALITY, over=thumbnail_size)


@dataclass(frozen=True)
class Derivative:
    """A WebP picture without metadata; `data` is empty if the recipe leaves the picture out.

    `place`: the name of the file that has these bytes already, and where in it they start.
    """

    data: bytes
    width: int
    height: int
    place: tuple[str, int] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Work:
    """What is to be derived from one picture: these recipes, and the encoder's input or not."""

    key: str
    picture: PictureRef
    recipes: tuple[Recipe, ...] = ()
    input: bool = False


@dataclass(frozen=True)
class Derived:
    """What was derived from one file.

    `content_hash` is the SHA-256 (hex) of the very bytes it was derived from; `placeholder` a
    ThumbHash; `input` what the `preprocess` function made of the picture, if it was asked for. `damage` says
    what is wrong with the file if it was taken although it is damaged.
    """

    content_hash: str
    width: int
    height: int
    metadata: Mapping[str, Value]
    placeholder: bytes
    derivatives: Mapping[Recipe, Derivative] = field(default_factory=dict)
    input: np.ndarray | None = None
    damage: str | None = None
