"""What can still be seen of a damaged file.

A damaged file is taken if at least one row of it can be decoded, as browsers do. A row counts if an eighth of
its pixels were decoded. Which ones were is found by decoding onto two different grounds: where the results
differ, nothing was written. A JPEG decoder fills what is missing with middle grey itself, so rows at the
bottom with less than an eighth of other pixels count as missing too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from imagedb_site.pictures import formats
from imagedb_site.pictures.mend import largest_png, mend_jpeg, mend_png, mend_webp
from imagedb_site.pictures.types import DecodeError

Open = Callable[[bytes], ImageFile.ImageFile]

_SALVAGED = frozenset({"JPEG", "MPO", "PNG", "GIF", "WEBP", "TIFF", "BMP", "DIB"})
_FILLERS = (b"\0", b"\x5a\xc3\x96\x2d\x78", b"\xff")
_GREY = 128
_CUT = "the file is cut short"
_LEAST = 1 / 8


@dataclass(frozen=True)
class Salvaged:
    """What was decoded of a damaged file.

    `opened` is the file as Pillow reads it, for its metadata; `image` its pixels in any mode; `missing`
    bool [height, width], true where nothing was decoded; `rows` the share of rows that were decoded;
    `reason` what is wrong if the pixels are not.
    """

    opened: ImageFile.ImageFile
    image: Image.Image
    missing: NDArray[np.bool_]
    rows: float
    reason: str | None = None


def salvage(data: bytes, open_file: Open) -> Salvaged | None:
    """Decodes what is left of a file; None if not one row can be decoded.

    `open_file` opens bytes with Pillow and checks their size.
    """
    best: Salvaged | None = None
    with formats.tolerant():
        for versions, reason in _mended(data):
            found = _decode(versions, open_file, reason)
            if found is not None and (best is None or found.rows > best.rows):
                best = found
            if best is not None and best.rows == 1:
                break
    return best if best is not None and best.rows > 0 else None


def _mended(data: bytes) -> Iterator[tuple[tuple[bytes, ...], str | None]]:
    """Yields what to decode in turn: one version of the file, or two that differ in what is missing."""
    data = largest_png(data) or data
    if data[:3] == b"\xff\xd8\xff":
        yield (data,), None
        jpeg = mend_jpeg(data)
        if jpeg is not None:
            yield (jpeg,), None
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        png = mend_png(data)
        if png is not None:
            yield (png[0],), png[1]
    elif data[:4] == b"RIFF":
        padded = [webp for filler in _FILLERS if (webp := mend_webp(data, filler)) is not None]
        for first in range(len(padded)):
            yield (padded[first], padded[(first + 1) % len(padded)]), _CUT
    else:
        yield (data,), None


def _decode(versions: tuple[bytes, ...], open_file: Open, reason: str | None) -> Salvaged | None:
    try:
        opened = _load(versions[0], open_file, 0)
        second = _load(versions[-1], open_file, 255)
    except DecodeError as error:
        if error.cause == "too_large":
            raise
        return None
    one, two = np.asarray(opened), np.asarray(second)
    if one.shape != two.shape:
        return None
    missing: NDArray[np.bool_] = (one != two).reshape(*one.shape[:2], -1).any(axis=2)
    image: Image.Image = opened
    if opened.info.get("interlace") or _is_interlaced_gif(opened, missing):
        image, missing = _closed_up(opened, missing)
    empty = missing.mean(axis=1) > 1 - _LEAST
    if opened.format in ("JPEG", "MPO"):
        empty |= _grey_rest(one)
    return Salvaged(opened, image, missing, float(1 - empty.mean()), reason)


def _load(data: bytes, open_file: Open, ground: int) -> ImageFile.ImageFile:
    """Decodes onto a ground of this value, as far as the data go."""
    opened = open_file(data)
    if opened.format not in _SALVAGED:
        raise DecodeError("the picture is damaged", "damaged")
    if opened.format != "WEBP":
        try:
            opened.load_prepare()
            bands = len(opened.getbands())
            value = ground * 257 if opened.mode.startswith("I;16") else ground
            ink = value if bands == 1 else (value,) * bands
            opened.im.paste(ink, (0, 0, *opened.im.size))
        except formats.DAMAGE as error:
            raise DecodeError("the picture is damaged", "damaged") from error
        opened.load_prepare = lambda: None  # type: ignore[method-assign]
    try:
        opened.load()
    except formats.DAMAGE as error:
        if opened._im is None or opened.format == "WEBP":
            raise DecodeError("the picture is damaged", "damaged") from error
        opened.tile = []
    return opened


def _grey_rest(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which rows belong to a rest of middle grey at the bottom: bool [height]."""
    grey = (pixels >= _GREY - 1) & (pixels <= _GREY + 1)
    rows = grey.reshape(*grey.shape[:2], -1).all(axis=2).mean(axis=1) > 1 - _LEAST
    rest: NDArray[np.bool_] = np.logical_and.accumulate(rows[::-1])[::-1]
    return rest


def _is_interlaced_gif(opened: ImageFile.ImageFile, missing: NDArray[np.bool_]) -> bool:
    """Whether rows are missing above rows that are there, as only an interlaced GIF is cut."""
    empty = np.asarray(missing.all(axis=1))
    return opened.format == "GIF" and bool((empty[:-1] & ~empty[1:]).any())


def _closed_up(
    image: ImageFile.ImageFile, missing: NDArray[np.bool_]
) -> tuple[Image.Image, NDArray[np.bool_]]:
    """Fills the gaps of an interlaced picture with the pixel at the corner of their block of 2, 4 or 8.

    A GIF is interlaced by rows only.
    """
    pixels, gaps = np.array(image), np.array(missing)

    y, x = np.mgrid[0 : gaps.shape[0], 0 : gaps.shape[1]]
    for block in (2, 4, 8):
        across = 1 if image.format == "GIF" else block
        corner_y, corner_x = y // block * block, x // across * across
        fill = gaps & ~gaps[corner_y, corner_x]
        pixels[fill] = pixels[corner_y[fill], corner_x[fill]]
        gaps[fill] = False
    closed = Image.fromarray(pixels)
    if image.mode == "P":
        palette = image.getpalette("RGB")
        closed.putpalette(palette or [])
    closed.info = dict(image.info)
    return closed, gaps
