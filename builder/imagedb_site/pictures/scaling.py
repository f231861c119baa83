"""How large a derivative is."""

from __future__ import annotations

import math

MAX_SIDE = 16_383
"""WebP's limit, in pixels."""

_PANORAMA = 3
"""Pictures longer than this keep a shorter side of a third of the size: the page crops them to this shape."""


def fitted(width: int, height: int, size: int) -> tuple[int, int]:
    """Returns width and height of a picture scaled for `size`, never larger than it is.

    Its longer side has `size` pixels. If it is more than three times as long as the shorter one, the
    shorter side has a third of `size` instead, or as much as makes it as many pixels as a square of `size`
    has, so that a panorama is not reduced to a line.
    """
    longer, shorter = max(width, height), min(width, height)
    least = min(size / _PANORAMA, size * math.sqrt(shorter / longer)) / shorter
    factor = min(1.0, max(size / longer, least), MAX_SIDE / longer)
    if factor == 1:
        return width, height
    return max(1, round(width * factor)), max(1, round(height * factor))
