"""Numbers out of metadata: checked, rounded, in the units of the fields."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import SupportsFloat, SupportsIndex

from imagedb_site.pictures.texts import to_text

_XMP_DEGREES = re.compile(
    r"(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?([NSEW])"
)


def to_number(value: object, low: float, high: float, digits: int = 4) -> int | float | None:
    """Returns a number, or a fraction as text, rounded to `digits`; None if it is not in range."""
    if value is None:
        return None
    if isinstance(value, (tuple, list)) and value:
        value = value[0]
    try:
        if isinstance(value, str):
            above, slash, below = value.strip()[:40].partition("/")
            number = float(above) / (float(below) if slash else 1.0)
        elif isinstance(value, (bytes, SupportsFloat, SupportsIndex)):
            number = float(value)
        else:
            return None
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not math.isfinite(number) or not low <= number <= high:
        return None
    number = round(number, digits)
    return int(number) if number.is_integer() else number


def exif_position(gps: Mapping[int, object]) -> tuple[float, float, float | None] | None:
    """Returns latitude, longitude (degrees) and altitude (metres, or None) of a GPS directory."""
    latitude = _degrees(gps.get(2), gps.get(1), "S", 90)
    longitude = _degrees(gps.get(4), gps.get(3), "W", 180)
    return _position(latitude, longitude, gps.get(6), gps.get(5) in (1, b"\x01"))


def xmp_position(xmp: Mapping[str, list[str]]) -> tuple[float, float, float | None] | None:
    """Returns the same of the properties `exif:GPSLatitude` and so on, written as `48,12.5N`."""

    def first(name: str) -> str:
        return next(iter(xmp.get(name, ())), "")

    latitude = _xmp_degrees(first("exif:GPSLatitude"), "NS", 90)
    longitude = _xmp_degrees(first("exif:GPSLongitude"), "EW", 180)
    below = first("exif:GPSAltitudeRef").strip() == "1"
    return _position(latitude, longitude, first("exif:GPSAltitude"), below)


def _position(
    latitude: float | None, longitude: float | None, altitude: object, below: bool
) -> tuple[float, float, float | None] | None:
    # Exactly 0°, 0° is what a receiver without a fix writes.
    if latitude is None or longitude is None or not (latitude or longitude):
        return None
    height = to_number(altitude, 0, 100_000, digits=1)
    return latitude, longitude, -height if height is not None and below else height


def _xmp_degrees(text: str, sides: str, limit: int) -> float | None:
    text = text.strip()[:60]
    match = _XMP_DEGREES.fullmatch(text.upper())
    if match is None:
        # Some programs write plain degrees.
        return to_number(text, -limit, limit, digits=6)
    degrees, minutes, seconds, side = match.groups()
    if side not in sides:
        return None
    return _degrees((degrees, minutes, seconds or "0"), side, sides[1], limit)


def _degrees(parts: object, side: object, negative: str, limit: int) -> float | None:
    if not isinstance(parts, (tuple, list)) or not 1 <= len(parts) <= 3:
        return None
    numbers = [to_number(part, 0, limit, digits=9) for part in parts]
    total = 0.0
    for number, weight in zip(numbers, (1, 60, 3600), strict=False):
        if number is None:
            return None
        total += number / weight
    if total > limit:
        return None
    west = to_text(side, 10).upper().startswith(negative)
    return round(-total if west else total, 6)
