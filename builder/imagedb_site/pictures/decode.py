"""One file's bytes to pixels, in this process. Hostile files go through `pool` instead."""

from __future__ import annotations

import hashlib
import io
import math
import re
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

from imagedb_site.picture_files import read_picture
from imagedb_site.pictures import formats
from imagedb_site.pictures.colour import to_srgb
from imagedb_site.pictures.frames import best_frame, may_have_frames
from imagedb_site.pictures.ground import WHITE, Colour, choose_ground, flatten
from imagedb_site.pictures.named_colours import named_space
from imagedb_site.pictures.salvage import Salvaged, salvage
from imagedb_site.pictures.svg import Drawing
from imagedb_site.pictures.types import DecodeError, Limits
from imagedb_site.records import PictureRef

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
_UNTURNED = ("xmp", "XML:com.adobe.xmp", "Raw profile type exif")
"""Where an orientation counts for nothing, as in browsers: XMP, and EXIF in a text chunk of PNG."""
_UNKNOWN = "the file is damaged or its picture format is not supported"
_SMALL_DRAWING = 320
_MAX_STRETCH = 4
_TRUNCATED = ("truncated", "Truncated", "unexpected end", "not enough", "No more data")


def read_file(picture: PictureRef | Path, limits: Limits) -> bytes:
    """Returns a picture's bytes; raises `DecodeError` if it is empty, too large or unreadable."""
    try:
        data = read_picture(picture, limits.max_bytes + 1)
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
        self._rest: Salvaged | None = None
        self._fresh = True
        self._frame = 0
        self._ground: Colour | None = None
        self.damage: str | None = None
        """What is wrong with the file, if it was taken although it is damaged; complete after `image`."""
        self.drawing: Drawing | None = None
        self.opened: ImageFile.ImageFile | None = None
        """The file as Pillow opened it, for its metadata; `None` for drawings."""
        if formats.is_svg(data):
            self.drawing = Drawing(data, limits)
            self.width, self.height = self.drawing.width, self.drawing.height
            return
        self._space = named_space(data)
        try:
            self.opened = self._open()
            if self.opened.format == "PNG":
                # Its EXIF may follow the pixels, so that asking for it decodes them: errors must be seen.
                self._load(self.opened)
        except DecodeError as error:
            self.opened = self._salvage(error).opened
        size = self._choose_frame()
        self._orientation = _orientation(self.opened)
        if self._orientation >= 5:
            size = size[1], size[0]
        self.width, self.height = size

    def image(self, want: int) -> Image.Image:
        """Returns the picture as RGB, upright, sRGB, on the ground that `choose_ground` gives.

        Each side is at least the smaller of the original's and `2 * want`; a drawing, which has no
        pixels to lose, is drawn with a shorter side of `want` (see `_drawing_size`).
        """
        if self.drawing is not None:
            size = self._drawing_size(want)
            if size not in self._decoded:
                self._decoded[size] = self._draw(size)
            return self._decoded[size]
        scale = self._scale(want)
        if scale not in self._decoded:
            made = self._decode(scale)
            # A damaged file is decoded whole, whatever was asked for.
            self._decoded[self._scale(want)] = made
        return self._decoded[self._scale(want)]

    def _draw(self, size: int) -> Image.Image:
        assert self.drawing is not None
        if self._ground is None:
            # Chosen at one size, so that all derivatives have the same.
            self._flatten(*to_srgb(self.drawing.render(self._drawing_size(_SMALL_DRAWING)), None))
        return self._flatten(*to_srgb(self.drawing.render(size), None))

    def _flatten(self, image: Image.Image, alpha: Image.Image | None) -> Image.Image:
        if alpha is None:
            return image
        if self._ground is None:
            self._ground = choose_ground(image, alpha)
        return flatten(image, alpha, self._ground)

    def _drawing_size(self, want: int) -> int:
        """Returns the longer side in pixels: one size serves all small derivatives.

        Rasterising takes long, so that an icon is not drawn as large as a poster.
        """
        longer, shorter = max(self.width, self.height), min(self.width, self.height)
        stretch = min(longer / shorter, _MAX_STRETCH)
        return round(max(min(want, 2 * shorter), _SMALL_DRAWING) * stretch)

    def _scale(self, want: int) -> int:
        assert self.opened is not None
        if self._rest is not None or self.opened.format not in ("JPEG", "MPO") or want <= 0:
            return 1
        room = min(self.width, self.height) // (2 * want)
        return 8 if room >= 8 else 4 if room >= 4 else 2 if room >= 2 else 1

    def _open(self, data: bytes | None = None) -> ImageFile.ImageFile:
        stream = io.BytesIO(self.data if data is None else data)
        try:
            image = Image.open(stream, formats=formats.pillow_formats())
        except UnidentifiedImageError as error:
            raise DecodeError(_UNKNOWN, "unknown") from error
        except formats.DAMAGE as error:
            raise _reason(error) from error
        if not isinstance(image, ImageFile.ImageFile):
            raise DecodeError(_UNKNOWN, "unknown")
        self._check_size(*image.size)
        return image

    def _check_size(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise DecodeError("the picture has no pixels", "damaged")
        if width * height > self._limits.max_pixels:
            raise DecodeError(_too_many(width * height), "too_large")

    def _load(self, image: ImageFile.ImageFile) -> None:
        try:
            image.load()
        except MemoryError as error:
            raise DecodeError("decoding it needs too much memory", "memory") from error
        except formats.DAMAGE as error:
            raise _reason(error) from error

    def _choose_frame(self) -> tuple[int, int]:
        """Finds the frame or page to show; returns its width and height as stored."""
        assert self.opened is not None
        size = self.opened.size
        if self._rest is not None or not may_have_frames(self.opened):
            return size
        looked = self._open()
        self._frame = best_frame(looked, self._limits.max_pixels)
        if self._frame:
            looked.seek(self._frame)
            size = looked.size
            self._check_size(*size)
        return size

    def _salvage(self, error: DecodeError) -> Salvaged:
        """Takes what is left of a damaged file; raises `error` if that is nothing."""
        if error.cause not in ("damaged", "unknown"):
            raise error
        found = salvage(self.data, self._open)
        if found is None:
            raise error
        self._rest, self._frame = found, 0
        self.damage = found.reason or _text_of(error)
        if found.rows < 1:
            share = max(1, math.floor(100 * found.rows))
            self.damage += f"; {share} % of its rows can be read"
        return found

    def _decode(self, scale: int) -> Image.Image:
        try:
            if self._rest is None:
                try:
                    return self._finished(self._decoded_whole(scale))
                except DecodeError as error:
                    self._salvage(error)
            assert self._rest is not None
            result = self._finished(self._rest.image, turn=False)
            if self._rest.missing.any():
                gaps = Image.fromarray(self._rest.missing.astype("uint8") * 255)
                result.paste(WHITE, mask=gaps)
            return self._turned(result)
        except MemoryError as error:
            raise DecodeError("decoding it needs too much memory", "memory") from error
        except formats.DAMAGE as error:
            raise _reason(error) from error

    def _decoded_whole(self, scale: int) -> Image.Image:
        assert self.opened is not None
        image = self.opened if self._fresh and not self._frame else self._open()
        self._fresh = False
        if self._frame:
            image.seek(self._frame)
        if scale > 1:
            width, height = image.size
            image.draft(None, (width // scale, height // scale))
        self._load(image)
        if image.size[0] * image.size[1] > self._limits.max_pixels:
            raise DecodeError("the picture has more pixels than its header states", "too_large")
        return image

    def _finished(self, image: Image.Image, *, turn: bool = True) -> Image.Image:
        profile = image.info.get("icc_profile")
        colours = to_srgb(image, profile if isinstance(profile, bytes) else None, self._space)
        result = self._flatten(*colours)
        return self._turned(result) if turn else result

    def _turned(self, image: Image.Image) -> Image.Image:
        turn = _TRANSPOSE.get(self._orientation)
        return image if turn is None else image.transpose(turn)


def _orientation(image: ImageFile.ImageFile) -> int:
    """The orientation in EXIF, 1 if there is none."""
    # Pillow turns TIFF upright by itself, and the HEIF plugin does.
    if image.format in ("TIFF", "HEIF"):
        return 1
    packets = {name: image.info.pop(name) for name in _UNTURNED if name in image.info}
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # what hostile EXIF raises is anybody's guess
        return 1
    finally:
        image.info.update(packets)
        # Pillow keeps what it read; the metadata is read with all packets.
        image._exif = None
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


def _text_of(error: DecodeError) -> str:
    """What is wrong with a file that can be used all the same."""
    return "the file is damaged" if error.cause == "unknown" else str(error)


def _too_many(pixels: int) -> str:
    count = f"{math.ceil(pixels / 1e6):,} million" if pixels else "too many"
    return f"the picture has {count} pixels, more than allowed"
