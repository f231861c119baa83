"""Pictures that tests draw."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from imagedb_site.pictures import DecodeError, Limits
from imagedb_site.pictures.decode import Source

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
LIMITS = Limits()


def corners(width: int = 60, height: int = 40) -> Image.Image:
    """Red, green, blue and white quarters, clockwise from the top left."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (width // 2, height // 2, width, height))
    image.paste(WHITE, (0, height // 2, width // 2, height))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def decode(data: bytes, want: int = 320, limits: Limits = LIMITS) -> Image.Image:
    return Source(data, limits).image(want)


def close(pixel: object, colour: tuple[int, int, int], by: int = 12) -> bool:
    return bool(np.abs(np.array(pixel, dtype=int)[:3] - colour).max() <= by)


def refusal(data: bytes, limits: Limits = LIMITS) -> DecodeError:
    with pytest.raises(DecodeError) as error:
        decode(data, limits=limits)
    return error.value
