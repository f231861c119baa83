"""Pictures to image-tower input, exactly as docs/FORMAT.md section 3 describes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagedb_site.errors import PackError

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True)
class Preprocessing:
    """The `preprocessing` object of a pack. Sizes in pixels, `fill` in 0 … 255."""

    height: int
    width: int
    resize: str
    interpolation: str
    crop: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    fill: tuple[int, int, int]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Preprocessing:
        """Raises PackError for a value this version does not know."""
        try:
            height, width = (int(side) for side in value["size"])
            mean, std, fill = (tuple(value[key]) for key in ("mean", "std", "fill"))
            made = cls(
                height=height,
                width=width,
                resize=value["resize"],
                interpolation=value["interpolation"],
                crop=value["crop"],
                mean=(float(mean[0]), float(mean[1]), float(mean[2])),
                std=(float(std[0]), float(std[1]), float(std[2])),
                fill=(int(fill[0]), int(fill[1]), int(fill[2])),
            )
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise PackError("The pack's preprocessing is incomplete.") from error
        known = (
            made.resize in ("shortest", "squash", "longest")
            and made.interpolation in _FILTERS
            and made.crop in ("center", "none")
            and 1 <= made.height <= 4096
            and 1 <= made.width <= 4096
            and all(0 < s < math.inf for s in made.std)
            and all(map(math.isfinite, made.mean))
            and all(0 <= value <= 255 for value in made.fill)
        )
        if not known:
            raise PackError(
                "The pack's preprocessing has a value this version does not know.",
                "Update imagedb-site, or export the model again.",
            )
        return made

    @cached_property
    def tables(self) -> NDArray[np.float32]:
        """(value/255 − mean)/std for every byte value: float32 [3, 256]."""
        values = np.arange(256, dtype=np.float64) / 255
        mean = np.array(self.mean, dtype=np.float64)[:, None]
        std = np.array(self.std, dtype=np.float64)[:, None]
        return ((values - mean) / std).astype(np.float32)

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """The size (width, height) a picture is resized to, before it is cropped or padded."""
        if self.resize == "squash":
            return self.width, self.height
        if self.resize == "shortest" and self.width == self.height:
            side = self.width
            if width <= height:
                return side, max(side, side * height // width)
            return max(side, side * width // height), side
        ratios = width / self.width, height / self.height
        ratio = max(ratios) if self.resize == "longest" else min(ratios)
        return max(1, round(width / ratio)), max(1, round(height / ratio))

    def __call__(self, image: Image.Image) -> NDArray[np.float32]:
        """`apply`, so that a preprocessing is itself a picklable function."""
        return self.apply(image)

    def apply(self, image: Image.Image) -> NDArray[np.float32]:
        """float32 [3, height, width] of an oriented picture."""
        return self.normalised(self.pixels(image))

    def pixels(self, image: Image.Image) -> NDArray[np.uint8]:
        """uint8 [height, width, 3]: a quarter of the bytes, for a decoder in another process."""
        rgb = flatten(image)
        size = self.fitted(*rgb.size)
        if size != rgb.size:
            rgb = rgb.resize(size, _FILTERS[self.interpolation])
        if size != (self.width, self.height):
            rgb = self._frame(rgb)
        return np.asarray(rgb)

    def normalised(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32 [3, height, width] of `pixels`."""
        result = np.empty((3, self.height, self.width), dtype=np.float32)
        for channel in range(3):
            np.take(self.tables[channel], pixels[:, :, channel], out=result[channel])
        return result

    def _frame(self, image: Image.Image) -> Image.Image:
        """Cut the middle out, or pad around the picture if it is smaller."""
        width, height = image.size
        left = _offset(width, self.width)
        top = _offset(height, self.height)
        if left >= 0 and top >= 0:
            return image.crop((left, top, left + self.width, top + self.height))
        framed = Image.new("RGB", (self.width, self.height), self.fill)
        framed.paste(image, (-left, -top))
        return framed


def _offset(length: int, size: int) -> int:
    """Where the crop begins; negative if the picture is padded, by half of what is missing."""
    return round((length - size) / 2) if length >= size else -((size - length) // 2)


def flatten(image: Image.Image) -> Image.Image:
    """RGB, on white if the picture is transparent."""
    if image.mode == "RGB":
        return image
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
