"""What is put behind a transparent picture: white, unless it would hardly be seen on it."""

from __future__ import annotations

import numpy as np
from PIL import Image

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
GREY: Colour = (128, 128, 128)
DARK: Colour = (32, 32, 32)

_SIDE = 256
_LIGHT, _SHADE = 200, 64
_LIGHT_SHARE, _DARK_SHARE = 0.95, 0.01
_LEAST_TRANSPARENT = 0.01
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def choose_ground(image: Image.Image, alpha: Image.Image) -> Colour:
    """Returns the colour that goes behind an RGB picture with this opacity (L, of the same size).

    White, unless at least 95 % of what is visible is lighter than 200 of 255 (luma) and at least 1 % of
    the picture is transparent: then dark grey, or middle grey if at least 1 % of what is visible is darker
    than 64.
    """
    premultiplied = Image.merge("RGBA", (*image.split(), alpha)).convert("RGBa")
    factor = max(1, max(image.size) // _SIDE)
    pixels = np.asarray(premultiplied.reduce(factor), dtype=np.float32).reshape(-1, 4)
    weight = pixels[:, 3]
    visible = float(weight.sum())
    if visible < 1 or visible > 255 * len(pixels) * (1 - _LEAST_TRANSPARENT):
        return WHITE
    luma = pixels[:, :3] @ _WEIGHTS / np.maximum(weight, 1) * 255
    if weight[luma >= _LIGHT].sum() < _LIGHT_SHARE * visible:
        return WHITE
    return GREY if weight[luma < _SHADE].sum() >= _DARK_SHARE * visible else DARK


def flatten(image: Image.Image, alpha: Image.Image, ground: Colour) -> Image.Image:
    """Returns the RGB picture on a ground of one colour."""
    flat = Image.new("RGB", image.size, ground)
    flat.paste(image, mask=alpha)
    return flat
