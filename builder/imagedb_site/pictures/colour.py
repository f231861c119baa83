"""Any pixel format to 8-bit sRGB on white."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_MAX_PROFILE = 8 << 20
_RGB_ALPHA = ("RGBA", "RGBa", "PA", "LA", "La")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Returns `image` as RGB in sRGB, white behind what is transparent.

    A damaged or unfitting colour profile is ignored, as browsers do.
    """
    image = _eight_bits(image)
    alpha = None
    if image.mode in _RGB_ALPHA or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode in ("P", "1", "HSV", "YCbCr"):
        image = image.convert("RGB")
    image = _managed(image, profile)
    if alpha is not None and alpha.getextrema() != (255, 255):
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(image, mask=alpha)
        image = white
    return image


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
    """Brings 16- and 32-bit samples to 8 bits, by their range if the format does not name one."""
    if not (image.mode.startswith("I;16") or image.mode in ("I", "F")):
        return image
    values = np.asarray(image).astype(np.float32)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= 0:
        # Sensors of 10 and 12 bits are stored in 16 without being scaled up.
        ranges = (1, 255, 65_535) if image.mode == "F" else (1_023, 4_095, 65_535)
        low, high = 0.0, float(next((limit for limit in ranges if high <= limit), high))
    scaled = np.nan_to_num((values - low) * (255.0 / ((high - low) or 1.0)))
    return Image.fromarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8))
