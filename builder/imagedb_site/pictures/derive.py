"""Thumbnails and views: WebP pictures without metadata, the same bytes every time."""

from __future__ import annotations

import io

from PIL import Image

from imagedb_site.pictures.types import DecodeError, Derivative, Recipe

_METHODS = {"thumbnail": 4, "view": 2}
"""libwebp's effort. Measured on 150 photographs at 320 pixels: method 2 takes half the time (3.5 for 6.5
ms) for 5 % more bytes at the same error, method 6 twice the time for 4 % fewer. Thumbnails are fetched
by every visitor and worth it; views are looked at rarely, and this setting takes a third less time."""
_MAX_SIDE = 16_383


def render(image: Image.Image, recipe: Recipe) -> Derivative:
    """Returns the derivative of an upright RGB picture: within a square of `recipe.size`, never larger
    than the picture."""
    size = _fit(image.width, image.height, min(recipe.size, _MAX_SIDE))
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    stream = io.BytesIO()
    try:
        image.save(
            stream,
            "WEBP",
            quality=recipe.quality,
            method=_METHODS[recipe.kind],
            exif=b"",
            xmp=b"",
            icc_profile=b"",
        )
    except (OSError, ValueError) as error:
        raise DecodeError("the picture cannot be scaled down", "damaged") from error
    return Derivative(stream.getvalue(), *size)


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    longer = max(width, height)
    if longer <= side:
        return width, height
    return max(1, round(width * side / longer)), max(1, round(height * side / longer))
