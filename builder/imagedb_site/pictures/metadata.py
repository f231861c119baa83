"""What a file says about its picture: EXIF, IPTC and XMP, cleaned, bounded and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, SupportsFloat, SupportsIndex

from PIL import Image, ImageFile, IptcImagePlugin

from imagedb_site.dates import parse_date
from imagedb_site.pictures.xmp import read_xmp
from imagedb_site.records import FieldSpec, Value

METADATA_FIELDS: list[FieldSpec] = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("description", "Description", "text", fts=True),
    FieldSpec("keywords", "Keywords", "tags", fts=True, facet=True, column=True),
    FieldSpec("taken", "Taken", "date", facet=True, column=True),
    FieldSpec("camera", "Camera", "category", fts=True, facet=True, column=True),
    FieldSpec("lens", "Lens", "category", fts=True, facet=True, column=True),
    FieldSpec("focal_length", "Focal length", "number", facet=True, column=True, unit="mm"),
    FieldSpec("aperture", "Aperture", "number", facet=True, column=True, unit="f/"),
    FieldSpec("exposure_time", "Exposure time", "number", facet=True, column=True, unit="s"),
    FieldSpec("iso", "ISO", "number", facet=True, column=True),
    FieldSpec("rating", "Rating", "number", facet=True, column=True),
    FieldSpec("creator", "Creator", "category", fts=True, facet=True, column=True),
    FieldSpec("credit", "Credit", "text", fts=True),
    FieldSpec("copyright", "Copyright", "text", fts=True),
    FieldSpec("latitude", "Latitude", "number", column=True, unit="°"),
    FieldSpec("longitude", "Longitude", "number", column=True, unit="°"),
    FieldSpec("altitude", "Altitude", "number", column=True, unit="m"),
    FieldSpec("place", "Place", "tags", fts=True, facet=True, column=True),
    FieldSpec("owner", "Owner", "text"),
    FieldSpec("serial", "Serial number", "text"),
    FieldSpec("lens_serial", "Lens serial number", "text"),
]
"""The fields `read_metadata` may give, in the order they are shown in."""

PRIVATE_FIELDS = frozenset(
    {"latitude", "longitude", "altitude", "place", "owner", "serial", "lens_serial"}
)
"""Fields that reveal where or who somebody is; published only if the owner asks for it."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff\u202a-\u202e\u2066-\u2069]"
)
_LAST_YEAR = "2200"
_JUNK = re.compile(
    r"(olympus|sony|konica|minolta|samsung|kodak|canon|nikon|casio|dsc|dcim)\b.*|.*digital camera|"
    r"charset=.*|screenshot|untitled|default|jpeg picture|lead technologies.*|image|picture|"
    r"[\W\d_]+|copyright,?|\(c\) by .* user|file written by .*",
    re.IGNORECASE,
)
"""Descriptions and rights that cameras and programs write by themselves."""

_MAX_TAGS = 200
_UNKNOWN = {"unknown", "none", "n/a", "----", "-", "."}


def read_metadata(image: Image.Image) -> dict[str, Value]:
    """Returns the metadata of an opened file. Nothing a file contains makes this raise."""
    fields: dict[str, Value] = {}
    exif, detail, gps = _exif(image)
    iptc = _iptc(image)
    try:
        xmp = read_xmp(_xmp_packet(image))
    except Exception:  # hostile files: metadata is never worth a picture
        xmp = {}

    def put(name: str, value: Value | None) -> None:
        if value is not None and value != "" and value != []:
            fields[name] = value

    put("title", _first_text([*xmp.get("dc:title", ()), *iptc.get(5, ()), exif.get(0x9C9B)], 300))
    described = [
        *xmp.get("dc:description", ()),
        *iptc.get(120, ()),
        exif.get(0x010E),
        exif.get(0x9C9C),
    ]
    put("description", _first_text(described, 10_000, skip=_JUNK))
    tags = [
        *xmp.get("dc:subject", ()),
        *iptc.get(25, ()),
        *_text(exif.get(0x9C9E), 10_000).split(";"),
    ]
    put("keywords", _tags(tags))
    put("taken", _taken(exif, detail, xmp, iptc, image.info))
    put("camera", _camera(_text(exif.get(0x010F), 80), _text(exif.get(0x0110), 80)))
    lens = [detail.get(0xA434), *xmp.get("exifEX:LensModel", ()), *xmp.get("aux:Lens", ())]
    put("lens", _first_text(lens, 120))
    put("focal_length", _number(detail.get(0x920A), 0.1, 10_000))
    put("aperture", _number(detail.get(0x829D), 0.5, 256))
    put("exposure_time", _number(detail.get(0x829A), 1e-6, 86_400, digits=8))
    put("iso", _number(detail.get(0x8827), 1, 10_000_000))
    rating = _number(next(iter(xmp.get("xmp:Rating", ())), exif.get(0x4746)), 0.5, 5)
    put("rating", rating)
    creators = [
        *_joined(xmp.get("dc:creator")),
        *_joined(iptc.get(80)),
        exif.get(0x013B),
        exif.get(0x9C9D),
    ]
    put("creator", _first_text(creators, 200))
    put("credit", _first_text([*xmp.get("photoshop:Credit", ()), *iptc.get(110, ())], 300))
    rights = [*xmp.get("dc:rights", ()), *iptc.get(116, ()), exif.get(0x8298)]
    put("copyright", _first_text(rights, 500, skip=_JUNK))
    _put_private(put, detail, gps, xmp, iptc)
    return fields


def _put_private(
    put: Any,
    detail: Mapping[int, Any],
    gps: Mapping[int, Any],
    xmp: Mapping[str, list[str]],
    iptc: Mapping[int, list[str]],
) -> None:
    latitude = _degrees(gps.get(2), gps.get(1), "S", 90)
    longitude = _degrees(gps.get(4), gps.get(3), "W", 180)
    # Exactly 0°, 0° is what a receiver without a fix writes.
    if latitude is not None and longitude is not None and (latitude or longitude):
        put("latitude", latitude)
        put("longitude", longitude)
        altitude = _number(gps.get(6), 0, 100_000, digits=1)
        if altitude is not None:
            below = gps.get(5) in (1, b"\x01")
            put("altitude", -altitude if below else altitude)
    cities = [*xmp.get("photoshop:City", ()), *iptc.get(90, ())][:1]
    states = [*xmp.get("photoshop:State", ()), *iptc.get(95, ())][:1]
    lands = [*xmp.get("photoshop:Country", ()), *iptc.get(101, ())][:1]
    put("place", _tags([*cities, *states, *lands]))
    put("owner", _first_text([detail.get(0xA430), *xmp.get("aux:OwnerName", ())], 200))
    put("serial", _first_text([detail.get(0xA431), *xmp.get("aux:SerialNumber", ())], 100))
    put("lens_serial", _first_text([detail.get(0xA435)], 100))


def _exif(image: Image.Image) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
    """Returns the main, the Exif and the GPS directory; each empty if it is damaged."""
    try:
        exif = image.getexif()
    except Exception:  # hostile files
        return {}, {}, {}
    detail = _directory(lambda: exif.get_ifd(0x8769))
    return _directory(lambda: exif), detail, _directory(lambda: exif.get_ifd(0x8825))


def _directory(read: Any) -> dict[int, Any]:
    found: dict[int, Any] = {}
    try:
        directory = read()
        for tag in list(directory):
            try:
                value = directory[tag]
                found[tag] = _utf8(value) if isinstance(value, str) else value
            except Exception:  # noqa: S112  one damaged value
                continue
    except Exception:  # hostile files
        return found
    return found


def _utf8(text: str) -> str:
    """Returns `text` as UTF-8 if that is what the file holds: Pillow reads EXIF as Latin-1."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _iptc(image: Image.Image) -> dict[int, list[str]]:
    """Returns the strings of IPTC record 2 by dataset number."""
    found: dict[int, list[str]] = {}
    if not isinstance(image, ImageFile.ImageFile):
        return found
    try:
        info = IptcImagePlugin.getiptcinfo(image)
        utf8 = bool(info) and b"\x1b%G" in _bytes_of((info or {}).get((1, 90)))
        for (record, dataset), value in (info or {}).items():
            if record == 2:
                values = value if isinstance(value, list) else [value]
                found[dataset] = [_decode(item, utf8) for item in values[:_MAX_TAGS]]
    except Exception:  # hostile files
        return found
    return found


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _decode(value: object, utf8: bool = True) -> str:
    if not isinstance(value, bytes):
        return ""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if utf8 else value.decode("latin-1")


def _xmp_packet(image: Image.Image) -> bytes:
    for name in ("xmp", "XML:com.adobe.xmp"):
        packet = image.info.get(name)
        if isinstance(packet, str):
            return packet.encode("utf-8", "replace")
        if isinstance(packet, bytes):
            return packet
    return b""


def clean(text: str, limit: int) -> str:
    """Returns `text` without control characters and bidirectional overrides, at most `limit` long."""
    text = text[: 2 * limit + 64].replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).strip()[:limit].strip()


def _text(value: object, limit: int) -> str:
    if isinstance(value, (tuple, list)) and value and all(isinstance(v, int) for v in value):
        # Windows stores its XP… tags as bytes of UTF-16.
        try:
            value = bytes(value)
        except ValueError:
            return ""
    if isinstance(value, bytes):
        wide = len(value) >= 4 and value[1::2].count(0) * 2 > len(value[1::2])
        value = value.decode("utf-16-le", "ignore") if wide else _decode(value)
    if not isinstance(value, str):
        return ""
    return clean(value.partition("\0")[0], limit)


def _first_text(values: Iterable[object], limit: int, skip: re.Pattern[str] | None = None) -> str:
    for value in values:
        text = _text(value, limit)
        if text and text.casefold() not in _UNKNOWN and not (skip and _is_junk(text, skip)):
            return text
    return ""


def _is_junk(text: str, junk: re.Pattern[str]) -> bool:
    return len(text) <= 40 and junk.fullmatch(text) is not None


def _joined(values: list[str] | None) -> list[str]:
    return [", ".join(values[:8])] if values else []


def _tags(values: Iterable[str]) -> list[str]:
    tags = (_text(value, 100).replace("\n", " ") for value in values)
    return list(dict.fromkeys(tag for tag in tags if tag))[:_MAX_TAGS]


def _camera(make: str, model: str) -> str:
    """Returns maker and model without saying the maker twice."""
    make = make.removeprefix("Eastman ").removeprefix("EASTMAN ")
    make = "" if make.casefold() in _UNKNOWN else " ".join(make.split())
    model = " ".join(model.split())
    if not model or not make:
        return model or make
    short = re.sub(
        r"[ ,]+(corporation|corp|co|inc|ltd|company|imaging|optical|electronics|computer|"
        r"technologies|camera)\b.*$",
        "",
        make,
        flags=re.IGNORECASE,
    )
    short = short.title() if short.isupper() and len(short) > 3 else short
    if model.casefold().startswith(short.casefold()):
        return model
    return f"{short} {model}"


def _number(value: object, low: float, high: float, digits: int = 4) -> int | float | None:
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


def _degrees(parts: object, side: object, negative: str, limit: int) -> float | None:
    if not isinstance(parts, (tuple, list)) or not 1 <= len(parts) <= 3:
        return None
    numbers = [_number(part, 0, limit, digits=9) for part in parts]
    total = 0.0
    for number, weight in zip(numbers, (1, 60, 3600), strict=False):
        if number is None:
            return None
        total += number / weight
    if total > limit:
        return None
    west = _text(side, 10).upper().startswith(negative)
    return round(-total if west else total, 6)


def _taken(
    main: Mapping[int, Any],
    detail: Mapping[int, Any],
    xmp: Mapping[str, list[str]],
    iptc: Mapping[int, list[str]],
    chunks: Mapping[Any, Any],
) -> str:
    """Returns the first good date of those that a file may have, when it was taken before when it was made.

    `chunks` are the text chunks of a PNG.
    """
    candidates = [detail.get(0x9003)]
    for name in ("exif:DateTimeOriginal", "photoshop:DateCreated"):
        candidates += xmp.get(name, [])[:1]
    for day, hour in ((55, 60), (62, 63)):
        created = [*iptc.get(day, [])[:1], *iptc.get(hour, [])[:1]]
        candidates += ["T".join(created), *created[:1]]
    candidates.append(detail.get(0x9004))
    for name in ("exif:DateTimeDigitized", "xmp:CreateDate"):
        candidates += xmp.get(name, [])[:1]
    candidates.append(chunks.get("Creation Time"))
    # Without signs of a camera it says when a program changed the file.
    if main.get(0x010F) or main.get(0x0110) or detail.get(0x9003) or detail.get(0x9004):
        candidates.append(main.get(0x0132))
    for candidate in candidates:
        found = parse_date(_text(candidate, 100))
        # Programs write the first day of their calendar for "no date".
        if found and found[:4] <= _LAST_YEAR and not found.startswith("0001-01-01"):
            return found
    return ""
