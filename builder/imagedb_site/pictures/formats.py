"""Which decoders may read a file, and the Pillow settings of a process that decodes."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageFile, PngImagePlugin

PILLOW_FORMATS = (
    *("AVIF", "BLP", "BMP", "CUR", "DCX", "DDS", "DIB", "FITS", "FLI", "FTEX", "GIF", "HEIF"),
    *("ICNS", "ICO", "IM", "JPEG", "JPEG2000", "MPO", "MSP", "PCX", "PNG", "PPM", "PSD", "QOI"),
    *("SGI", "SUN", "TGA", "TIFF", "WEBP", "XBM", "XPM", "XVTHUMB"),
)
"""Formats by Pillow's names. EPS runs Ghostscript, WMF needs Windows, the others are not pictures."""

DAMAGE = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError),
    *(EOFError, SyntaxError, RuntimeError, NotImplementedError, AssertionError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
"""What the decoders of broken files are seen to raise."""

_LOADED = False


def prepare(max_pixels: int) -> None:
    """Sets Pillow up in this process: plugins, limits, no truncated pictures, no warnings."""
    global _LOADED
    if not _LOADED:
        import pillow_heif

        Image.preinit()
        Image.init()
        # Pillow decodes AVIF itself; the plugin adds HEIF. Its own threads would outnumber the cores.
        pillow_heif.register_heif_opener(thumbnails=False)
        pillow_heif.options.DECODE_THREADS = 1
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        PngImagePlugin.MAX_TEXT_MEMORY = 16 << 20
        warnings.simplefilter("ignore")
        _LOADED = True
    # Pillow refuses above twice this number, in the middle of decoding as well.
    Image.MAX_IMAGE_PIXELS = max(1, max_pixels // 2)


@contextmanager
def tolerant() -> Iterator[None]:
    """Lets the decoders of this process give what they have of a damaged file, for a while."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def pillow_formats() -> list[str]:
    """Returns the formats of `PILLOW_FORMATS` that this installation can read."""
    return [name for name in PILLOW_FORMATS if name in Image.OPEN]


def is_svg(data: bytes) -> bool:
    """Returns whether the bytes begin like an SVG document, gzip-compressed or not."""
    if data[:2] == b"\x1f\x8b":
        return True
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = data[:4096].replace(b"\0", b"")[2:]
    drawing = head.startswith(b"<") and b"<svg" in head
    return drawing or head.startswith((b"<?xml", b"<!DOCTYPE svg"))
