"""What the parity gate compares towers on when no pictures are given: drawn scenes and prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from imagedb_site.encoders.preprocess import flatten
from imagedb_site.errors import SourceError

_THINGS = [
    "dog",
    "cat",
    "red car",
    "motorbike",
    "sunflower",
    "old man reading",
    "child on a swing",
    "castle",
    "pizza",
    "laptop",
    "snowy mountain",
    "beach at sunset",
    "city street at night",
    "tree in fog",
    "wooden chair",
    "sailing boat",
    "violin",
    "elephant",
    "butterfly",
    "airplane",
    "wedding",
    "football match",
    "market stall",
    "bridge",
    "bookshelf",
]
_FRAMES = (
    "{}",
    "a photo of a {}",
    "a black and white drawing of a {}",
    "two of them: {}, outdoors",
)
_EXTRA = ["", "!", "something to play music on", "Zürich im Winter", "東京の夜", "😀 👍🏽",
          "word " * 120, "R&amp;D — “quoted”"]  # fmt: skip
SIZE = (240, 180)


def prompts() -> list[str]:
    """108 texts: things in four frames, and some that are not plain English."""
    return [frame.format(thing) for frame in _FRAMES for thing in _THINGS] + _EXTRA


def drawn_pictures(count: int = 48) -> list[Image.Image]:
    """Deterministic scenes of coloured shapes, textures and light, in several shapes of frame."""
    generator = np.random.default_rng(4)
    pictures = []
    for index in range(count):
        width, height = SIZE if index % 3 else SIZE[::-1]
        colours = generator.integers(0, 256, (4, 3))
        y, x = np.mgrid[0:height, 0:width]
        slope = (x / width * (index % 2) + y / height)[..., None] / 2
        ground = colours[0] * (1 - slope) + colours[1] * slope
        ground = ground + generator.normal(0, 4 * (index % 4), ground.shape)
        picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
        pen = ImageDraw.Draw(picture)
        for _ in range(1 + index % 7):
            left, top = (int(generator.integers(0, side)) for side in (width, height))
            wide, high = (int(generator.integers(8, side // 2)) for side in (width, height))
            colour = tuple(int(value) for value in generator.integers(0, 256, 3))
            box = (left, top, left + wide, top + high)
            if index % 5 == 0:
                pen.polygon([(left, top + high), (left + wide, top + high), (left, top)], colour)
            elif index % 2:
                pen.ellipse(box, colour)
            else:
                pen.rectangle(box, colour)
        blur = index % 4
        pictures.append(picture.filter(ImageFilter.GaussianBlur(blur)) if blur else picture)
    return pictures


def pictures_of(folder: Path, count: int) -> list[Image.Image]:
    """Up to `count` pictures spread over a folder of your own, opened with Pillow.

    Raises SourceError when none can be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    step = max(1, len(paths) // count)
    found = list(_readable(paths[::step]))[:count]
    if not found:
        raise SourceError(f"{folder} has no picture that can be read.")
    return found


def _readable(paths: Sequence[Path]) -> Iterator[Image.Image]:
    for path in paths:
        try:
            with Image.open(path) as opened:
                opened.load()
                yield flatten(opened).copy()
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
