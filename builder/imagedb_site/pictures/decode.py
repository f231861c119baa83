"""One file's bytes to pixels, in this process. Hostile files go through `pool` instead."""

from __future__ import annotations

import hashlib
import io
import math
import re
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

from imagedb_site.pictures import formats
from imagedb_site.pictures.colour import to_srgb
from imagedb_site.pictures.svg import Drawing
from imagedb_site.pictures.types import DecodeError, Limits

_ORIENTATION = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SMALL_DRAWING = 320
_MAX_STRETCH = 4
_TRUNCATED = ("truncated", "Truncated", "unexpected end", "not enough", "No more data")
_DAMAGE = (
    *(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError),
    *(EOFError, SyntaxError, RuntimeError, NotImplementedError, AssertionError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
"""What the decoders of broken files are seen to raise."""


def read_file(path: Path, limits: Limits) -> bytes:
    """Returns the file's bytes; raises `DecodeError` if it is empty, too large or unreadable."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limits.max_bytes + 1)
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        raise DecodeError(f"the file cannot be read: {reason}", "missing") from error
    if not data:
        raise DecodeError("the file is empty", "empty")
    if len(data) > limits.max_bytes:
        raise DecodeError(f"the file has more than {limits.max_bytes >> 20} MiB", "too_large")
    return data


class Source:
    """A picture's bytes, decoded on demand and no larger than needed.

    What `image(want)` returns depends on the bytes and on `want` alone, never on what was asked for
    before: a derivative comes out the same whether made alone or together with others.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        formats.prepare(limits.max_pixels)
        self.content_hash = hashlib.sha256(data).hexdigest()
        self.data = data
        self._limits = limits
        self._decoded: dict[int, Image.Image] = {}
        self._fresh = True
        self.drawing: Drawing | None = None
        self.opened: ImageFile.ImageFile | None = None
        """The file as Pillow opened it, for its metadata; `None` for drawings."""
        if formats.is_svg(data):
            self.drawing = Drawing(data, limits)
            self.width, self.height = self.drawing.width, self.drawing.height
            return
        self.opened = self._open()
        width, height = self.opened.size
        if self.opened.format == "PNG":
            # Its EXIF may follow the pixels, so that asking for it decodes them: errors must be seen.
            try:
                self.opened.load()
            except _DAMAGE as error:
                raise _reason(error) from error
        # Pillow turns TIFF upright by itself, and the HEIF plugin does.
        turned = self.opened.format in ("TIFF", "HEIF")
        self._orientation = 1 if turned else _orientation(self.opened)
        if self._orientation >= 5:
            width, height = height, width
        self.width, self.height = width, height

    def image(self, want: int) -> Image.Image:
        """Returns the picture as RGB, upright, sRGB, on white.

        Each side is at least the smaller of the original's and `2 * want`; a drawing, which has no
        pixels to lose, is drawn with a shorter side of `want` (see `_drawing_size`).
        """
        if self.drawing is not None:
            size = self._drawing_size(want)
            if size not in self._decoded:
                self._decoded[size] = to_srgb(self.drawing.render(size), None)
            return self._decoded[size]
        scale = self._scale(want)
        if scale not in self._decoded:
            self._decoded[scale] = self._decode(scale)
        return self._decoded[scale]

    def _drawing_size(self, want: int) -> int:
        """Returns the longer side in pixels: one size serves all small derivatives.

        Rasterising takes long, so that an icon is not drawn as large as a poster.
        """
        longer, shorter = max(self.width, self.height), min(self.width, self.height)
        stretch = min(longer / shorter, _MAX_STRETCH)
        return round(max(min(want, 2 * shorter), _SMALL_DRAWING) * stretch)

    def _scale(self, want: int) -> int:
        assert self.opened is not None
        if self.opened.format not in ("JPEG", "MPO") or want <= 0:
            return 1
        room = min(self.width, self.height) // (2 * want)
        return 8 if room >= 8 else 4 if room >= 4 else 2 if room >= 2 else 1

    def _open(self) -> ImageFile.ImageFile:
        try:
            image = Image.open(io.BytesIO(self.data), formats=formats.pillow_formats())
        except UnidentifiedImageError as error:
            raise DecodeError(
                "the file is damaged or its picture format is not supported", "unknown"
            ) from error
        except _DAMAGE as error:
            raise _reason(error) from error
        if not isinstance(image, ImageFile.ImageFile):
            raise DecodeError(
                "the file is damaged or its picture format is not supported", "unknown"
            )
        width, height = image.size
        if width < 1 or height < 1:
            raise DecodeError("the picture has no pixels", "damaged")
        if width * height > self._limits.max_pixels:
            raise DecodeError(_too_many(width * height), "too_large")
        return image

    def _decode(self, scale: int) -> Image.Image:
        assert self.opened is not None
        try:
            image = self.opened if self._fresh else self._open()
            self._fresh = False
            if scale > 1:
                width, height = image.size
                image.draft(None, (width // scale, height // scale))
            image.load()
            if image.size[0] * image.size[1] > self._limits.max_pixels:
                raise DecodeError("the picture has more pixels than its header states", "too_large")
            profile = image.info.get("icc_profile")
            result = to_srgb(image, profile if isinstance(profile, bytes) else None)
            turn = _TRANSPOSE.get(self._orientation)
            return result if turn is None else result.transpose(turn)
        except DecodeError:
            raise
        except MemoryError as error:
            raise DecodeError("decoding it needs too much memory", "memory") from error
        except _DAMAGE as error:
            raise _reason(error) from error


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # what hostile EXIF raises is anybody's guess
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _reason(error: BaseException) -> DecodeError:
    text = str(error)
    if isinstance(error, Image.DecompressionBombError):
        found = re.search(r"\((\d{1,18}) pixels\)", text)
        return DecodeError(_too_many(int(found.group(1)) if found else 0), "too_large")
    if isinstance(error, MemoryError):
        return DecodeError("decoding it needs too much memory", "memory")
    if any(word in text for word in _TRUNCATED) or isinstance(error, EOFError):
        return DecodeError("the file is cut short", "damaged")
    return DecodeError("the picture is damaged", "damaged")


def _too_many(pixels: int) -> str:
    count = f"{math.ceil(pixels / 1e6):,} million" if pixels else "too many"
    return f"the picture has {count} pixels, more than allowed"
