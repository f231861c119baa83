"""The cover of a site: a picture above the title of its start page."""

from __future__ import annotations

import io

from PIL import Image

from .errors import UsageError
from .owner_picture import open_owner_picture

MOST_BYTES = 60_000
"""The largest cover: it must not delay the first pictures."""
_MOST_FILE = 64 << 20
_MOST_PIXELS = 100_000_000
_WIDTHS = (1600, 1280, 960, 640, 320)
_QUALITIES = (80, 68, 56, 44)
_TALLEST = 0.75
"""A taller picture is cut to this height per width: more is never shown."""


def make_cover(data: bytes, name: str) -> bytes:
    """Returns a WebP file of at most `MOST_BYTES`, at most 1,600 pixels wide and without any metadata.

    `data` is the file of a picture called `name`. Raises UsageError if it is too large, damaged or not a
    picture.
    """
    advice = "Use a PNG, JPEG, WebP, GIF or AVIF file; one of 1,600 x 600 pixels looks best."
    if len(data) > _MOST_FILE:
        raise UsageError(f"The cover {name} is larger than 64 MB.", advice)
    image = _opaque(open_owner_picture(data, f"cover {name}", _MOST_PIXELS, advice))
    height = max(1, round(image.width * _TALLEST))
    if image.height > height:
        top = (image.height - height) // 2
        image = image.crop((0, top, image.width, top + height))
    written = b""
    for width in _WIDTHS:
        size = (width, max(1, round(image.height * width / image.width)))
        part = image if image.width <= width else image.resize(size, Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            written = _webp(part, quality)
            if len(written) <= MOST_BYTES:
                return written
    return written


def _opaque(image: Image.Image) -> Image.Image:
    """The picture on white."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "#ffffff")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _webp(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=quality, method=6)
    return stream.getvalue()
