"""Which frame of an animation, or page of a document, stands for the file.

The first one with something to see: the first frames of animations are often blank, and so is the first page
of some scans. The pages of a TIFF may also be one picture in several sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageFile

from imagedb_site.pictures.formats import DAMAGE

_ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF", "FLI"})
_COUNTED = frozenset({"WEBP", "PNG", "AVIF"})
"""Formats whose header says how many frames there are."""
_PAGED = frozenset({"TIFF", "DCX"})
_MAX_FRAMES = 60
_MAX_PAGES = 32
_MAX_PIXELS = 200_000_000
_ENOUGH = 24
_SIDE = 128
_SPECKS = 500
_SUBFILE_TYPE = 254
_REDUCED, _MASK = 1, 4
_LARGER = 4
_SAME_SHAPE = 0.02


def may_have_frames(image: ImageFile.ImageFile) -> bool:
    """Whether the file may hold several pictures of which one has to be chosen."""
    if image.format in _COUNTED:
        return bool(getattr(image, "is_animated", False))
    return image.format in _ANIMATED or image.format in _PAGED


def best_frame(image: ImageFile.ImageFile, max_pixels: int) -> int:
    """Returns the number of the frame or page to show; `image` is left at any frame.

    Of frames and pages the first whose tones differ by at least 24 of 255 is taken, or else the one in
    which they differ most. At most 60 frames or 32 pages are looked at, and 200 million pixels. A page
    that is marked as a smaller version, or has at most a quarter of the pixels of a page of the same
    shape, gives way to the larger one.
    """
    if image.format in _ANIMATED and getattr(image, "is_animated", False):
        return _first_with_content(image, range(_MAX_FRAMES), max_pixels)
    if image.format in _PAGED:
        pages = _pages(image)
        if len(pages) > 1:
            return _first_with_content(image, _by_rank(pages), max_pixels)
        return pages[0][0]
    return 0


def _first_with_content(image: ImageFile.ImageFile, numbers: Sequence[int], max_pixels: int) -> int:
    best, most, looked = numbers[0], -1, 0
    for number in numbers:
        try:
            image.seek(number)
            size = image.size[0] * image.size[1]
            looked += size
            if size > max_pixels or (looked > _MAX_PIXELS and number != numbers[0]):
                break
            image.load()
            difference = tones(image)
        except EOFError:
            break
        except DAMAGE:
            # The frames before a damaged one can still be used; the decoder refuses a damaged first one.
            if image.format in _ANIMATED:
                break
            continue
        if difference > most:
            best, most = number, difference
        if difference >= _ENOUGH:
            break
    return best


def tones(image: Image.Image) -> int:
    """Returns how far the lightest and the darkest value of a channel lie apart, 0 … 255.

    Two of a thousand pixels may be lighter and two darker. What is transparent counts as black, and opacity
    as a channel. Wide samples give 255 if they differ.
    """
    if image.mode.startswith("I") or image.mode == "F":
        lowest, highest = image.getextrema()
        return 255 if lowest != highest else 0
    seen = image.convert("RGBA").convert("RGBa")
    factor = max(1, max(seen.size) // _SIDE)
    pixels = np.asarray(seen.reduce(factor)).reshape(-1, 4)
    few = len(pixels) // _SPECKS
    ordered = np.partition(pixels, (few, len(pixels) - 1 - few), axis=0).astype(int)
    return int((ordered[-1 - few] - ordered[few]).max())


def _pages(image: ImageFile.ImageFile) -> list[tuple[int, int, int]]:
    """The pages that may be shown: number, width and height."""
    return list(_read_pages(image)) or [(0, *image.size)]


def _read_pages(image: ImageFile.ImageFile) -> Iterator[tuple[int, int, int]]:
    for number in range(_MAX_PAGES):
        try:
            image.seek(number)
            kind = getattr(image, "tag_v2", {}).get(_SUBFILE_TYPE, 0)
        except DAMAGE:
            return
        if not (isinstance(kind, int) and kind & (_REDUCED | _MASK)):
            yield number, *image.size


def _by_rank(pages: list[tuple[int, int, int]]) -> list[int]:
    """The numbers of the pages in the order in which they are looked at."""
    _, width, height = pages[0]
    larger = max(pages, key=lambda page: page[1] * page[2])
    ratio = larger[1] * height / max(1, larger[2] * width)
    is_version = larger[1] * larger[2] >= _LARGER * width * height
    numbers = [number for number, *_ in pages]
    if is_version and abs(ratio - 1) <= _SAME_SHAPE:
        numbers.remove(larger[0])
        numbers.insert(0, larger[0])
    return numbers
