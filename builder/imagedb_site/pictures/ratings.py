"""Stars and colour labels, as the programs that write them mean them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagedb_site.pictures.quantities import to_number
from imagedb_site.pictures.texts import known_text

_PERCENT = frozenset({"XMP MicrosoftPhoto:Rating", "EXIF RatingPercent"})
_DIGIKAM = "None Red Orange Yellow Green Blue Magenta Gray Black White"
_DARKTABLE = "Red Yellow Green Blue Purple"


def read_rating(found: Mapping[str, list[Any]]) -> int | float | None:
    """Returns 1 to 5 stars, -1 for a rejected picture, 0 if there is expressly no rating, else None."""
    for name in (
        *("XMP xmp:Rating", "XMP MicrosoftPhoto:Rating", "EXIF Rating", "EXIF RatingPercent"),
    ):
        value = next(iter(found.get(name, ())), None)
        stars = _of_percent(value) if name in _PERCENT else to_number(value, -1, 5)
        if stars is not None and (stars == -1 or stars == 0 or stars >= 0.5):
            return stars
    return None


def _of_percent(value: object) -> int | None:
    """Returns the stars that Windows writes as 1, 25, 50, 75 and 99 percent."""
    percent = to_number(value, 0, 100)
    if percent is None:
        return None
    return 0 if percent < 1 else min(5, 1 + round(percent / 25))


def read_color_label(found: Mapping[str, list[Any]]) -> str:
    """Returns the label as its program names it; digiKam and darktable write numbers instead."""
    label = next(iter(found.get("XMP xmp:Label", ())), None)
    text = known_text(label, 60)
    if text:
        return text
    for name, words in (
        ("XMP digiKam:ColorLabel", _DIGIKAM),
        ("XMP darktable:colorlabels", _DARKTABLE),
    ):
        colours = words.split()
        number = to_number(next(iter(found.get(name, ())), None), 0, len(colours) - 1)
        if isinstance(number, int) and colours[number] != "None":
            return colours[number]
    return ""
