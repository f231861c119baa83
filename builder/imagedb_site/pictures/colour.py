"""Any pixel format to 8-bit sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from imagedb_site.pictures.gamut import ColourSpace, to_standard_range

_SRGB = ImageCms.createProfile("sRGB")
_MAX_PROFILE = 8 << 20
_BITS_PER_SAMPLE = 258
_RGB_ALPHA = ("RGBA", "RGBa", "PA", "LA", "La")


def to_srgb(
    image: Image.Image, profile: bytes | None, space: ColourSpace | None = None
) -> tuple[Image.Image, Image.Image | None]:
    """Returns `image` as RGB in sRGB, and how opaque it is (L), None if it is opaque everywhere.

    `space` is the colour space if the file names one by numbers; it goes before `profile`. A damaged or
    unfitting profile is ignored, as browsers do.
    """
    image = _eight_bits(image)
    alpha = None
    if image.mode in _RGB_ALPHA or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode in ("P", "1", "HSV", "YCbCr") or space is not None:
        image = image.convert("RGB")
    if space is None:
        image = _managed(image, profile)
    elif space.is_srgb:
        image = image.convert("RGB")
    elif space.is_bright:
        image = to_standard_range(image, space)
    else:
        image = _managed(image, space.profile)
    opaque = alpha is None or alpha.getextrema() == (255, 255)
    return image, None if opaque else alpha


def _managed(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        transform = ImageCms.buildTransform(lab, _SRGB, "LAB", "RGB")
        return ImageCms.applyTransform(image, transform) or image
    if profile and len(profile) <= _MAX_PROFILE and image.mode in ("RGB", "L", "CMYK"):
        found = _transform(profile, image.mode)
        if found is not None:
            try:
                return ImageCms.applyTransform(image, found) or image
            except (ImageCms.PyCMSError, ValueError):
                pass
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Returns the transform to sRGB, `None` if it is damaged, does not fit, or is sRGB already."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}[mode] != space:
            return None
        if mode == "RGB" and _is_srgb(source):
            return None
        return ImageCms.buildTransform(
            source,
            _SRGB,
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Tells whether the transform would change no colour by more than rounding does."""
    steps = [0, 32, 64, 96, 128, 160, 192, 224, 255]
    cube = np.array([[r, g, b] for r in steps for g in steps for b in steps], dtype=np.uint8)
    probe = Image.fromarray(cube[None])
    transform = ImageCms.buildTransform(profile, _SRGB, "RGB", "RGB")
    changed = ImageCms.applyTransform(probe, transform)
    if changed is None:
        return False
    after = np.asarray(changed, dtype=np.int16)[0]
    return bool(np.abs(after - cube).max() <= 2)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Brings 16- and 32-bit samples to 8 bits; a dark picture stays dark.

    Samples of 16 bits are divided by 257, of 9 to 15 bits by their largest value. Whole numbers of 32 bits
    that fit into 16 are taken for those; floating-point numbers within 0 … 1, 0 … 255 or 0 … 65,535 (the
    smallest range they fit in) for numbers of that range. All others are stretched from their lowest value
    to their highest, because nothing says what black and white are.
    """
    if not (image.mode.startswith("I;16") or image.mode in ("I", "F")):
        return image
    values = np.asarray(image).astype(np.float32)
    low, limit = 0.0, _stated_limit(image)
    if limit is None:
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        ranges = (1, 255, 65_535) if image.mode == "F" else (65_535,)
        limit = next((float(one) for one in ranges if low >= 0 and high <= one), None)
        low, limit = (0.0, limit) if limit is not None else (low, high)
    scaled = np.nan_to_num((values - low) * (255.0 / ((limit - low) or 1.0)))
    return Image.fromarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8))


def _stated_limit(image: Image.Image) -> float | None:
    """The value of white that the format states; None if it is a matter of the values."""
    if not image.mode.startswith("I;16"):
        return None
    bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))
    found = bits[0] if isinstance(bits, tuple) and bits else 16
    return float((1 << found) - 1) if isinstance(found, int) and 8 < found < 16 else 65_535.0
