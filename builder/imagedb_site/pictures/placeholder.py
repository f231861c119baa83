"""ThumbHash: a picture's colours and rough shape in up to 25 bytes.

The algorithm is Evan Wallace's (https://evanw.github.io/thumbhash/), for opaque pictures, as matrix
products. The `thumbhash` package of PyPI computes the same with loops, which takes longer than all the
rest of a picture's work.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image

_SIDE = 100


def placeholder(image: Image.Image) -> bytes:
    """Returns the ThumbHash of an opaque RGB picture, at most 25 bytes."""
    scale = min(1.0, _SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size != image.size:
        image = image.resize(size, Image.Resampling.BOX)
    return _encode(np.asarray(image, dtype=np.float64) / 255)


@lru_cache(maxsize=64)
def _cosines(length: int, count: int) -> np.ndarray:
    """Returns `cos(π/length · c · (x + ½))` as float64 `[count, length]`."""
    at = np.arange(length) + 0.5
    table: np.ndarray = np.cos(np.pi / length * np.arange(count)[:, None] * at)
    return table


def _channel(plane: np.ndarray, nx: int, ny: int) -> tuple[float, list[float], float]:
    """Returns the constant, the other coefficients scaled to 0 … 1, and their scale."""
    height, width = plane.shape
    table = _cosines(height, ny) @ plane @ _cosines(width, nx).T / (width * height)
    parts = [
        float(table[cy, cx])
        for cy in range(ny)
        for cx in range(-(-nx * (ny - cy) // ny))
        if cx or cy
    ]
    scale = max((abs(part) for part in parts), default=0.0)
    if scale > 0:
        parts = [0.5 + 0.5 / scale * part for part in parts]
    return float(table[0, 0]), parts, scale


def _round(number: float) -> int:
    # Halves upwards, as in the reference.
    return math.floor(number + 0.5)


def _encode(rgb: np.ndarray) -> bytes:
    height, width, _ = rgb.shape
    longer = max(width, height)
    lx = max(1, _round(7 * width / longer))
    ly = max(1, _round(7 * height / longer))
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    l_dc, l_ac, l_scale = _channel((red + green + blue) / 3, max(3, lx), max(3, ly))
    p_dc, p_ac, p_scale = _channel((red + green) / 2 - blue, 3, 3)
    q_dc, q_ac, q_scale = _channel(red - green, 3, 3)
    landscape = width > height
    header = (
        _round(63 * l_dc)
        | _round(31.5 + 31.5 * p_dc) << 6
        | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18
    )
    tail = (
        (ly if landscape else lx)
        | _round(63 * p_scale) << 3
        | _round(63 * q_scale) << 9
        | int(landscape) << 15
    )
    nibbles = [_round(15 * part) for part in (*l_ac, *p_ac, *q_ac)]
    if len(nibbles) % 2:
        nibbles.append(0)
    packed = bytes(a | b << 4 for a, b in zip(nibbles[::2], nibbles[1::2], strict=True))
    return header.to_bytes(3, "little") + tail.to_bytes(2, "little") + packed
