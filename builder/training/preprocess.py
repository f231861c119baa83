"""Pictures to arrays as docs/FORMAT.md section 3 says, and the augmentations of training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from .settings import MEAN, SIZE, STD


def tensor(picture: Image.Image) -> NDArray[np.float32]:
    """RGB picture -> float32 [3, SIZE, SIZE]: squash, bilinear, normalise."""
    small = picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    values = np.asarray(small, dtype=np.float32) / 255
    scaled = (values - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def augment(picture: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    """A random crop, flip, and change of light and colour; `strength` from 0 to 1."""
    width, height = picture.size
    area = rng.uniform(1 - 0.55 * strength, 1.0)
    aspect = float(np.exp(rng.uniform(-0.25, 0.25)))
    w = min(width, round(width * (area * aspect) ** 0.5))
    h = min(height, round(height * (area / aspect) ** 0.5))
    x, y = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
    out = picture.crop((x, y, x + w, y + h))
    if rng.random() < 0.5:
        out = out.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        out = enhance(out).enhance(float(1 + strength * rng.uniform(-0.35, 0.35)))
    if rng.random() < 0.1 * strength:
        out = out.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 1.5))))
    return out
