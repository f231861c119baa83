"""The EXIF and IPTC blocks of a file, as the names of their tags and their raw values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageFile, IptcImagePlugin

from imagedb_site.pictures.texts import as_utf8, decode
from imagedb_site.pictures.user_comment import read_user_comment

_MAIN = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x4746: "Rating",
    0x4749: "RatingPercent",
    0x8298: "Copyright",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9D: "XPAuthor",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
    0xC62F: "CameraSerialNumber",
}
_DETAIL = {
    0x829A: "ExposureTime",
    0x829D: "FNumber",
    0x8827: "PhotographicSensitivity",
    0x920A: "FocalLength",
    0xA430: "CameraOwnerName",
    0xA431: "BodySerialNumber",
    0xA434: "LensModel",
    0xA435: "LensSerialNumber",
}
_USER_COMMENT = 0x9286
_IPTC = {
    5: "ObjectName",
    25: "Keywords",
    80: "By-line",
    90: "City",
    92: "Sublocation",
    95: "Province-State",
    101: "Country",
    105: "Headline",
    110: "Credit",
    116: "CopyrightNotice",
    120: "Caption",
}
_MAX_VALUES = 200


@dataclass
class Exif:
    """The directories of an EXIF block; each is empty if it is damaged.

    `values` are those of the main and the Exif directory by `EXIF name`.
    """

    main: dict[int, Any] = field(default_factory=dict)
    detail: dict[int, Any] = field(default_factory=dict)
    gps: dict[int, Any] = field(default_factory=dict)
    values: dict[str, list[object]] = field(default_factory=dict)


def read_exif(image: Image.Image) -> Exif:
    """Reads the EXIF block of an opened file."""
    try:
        block = image.getexif()
    except Exception:  # hostile files
        return Exif()
    main = _directory(lambda: block)
    detail = _directory(lambda: block.get_ifd(0x8769))
    found = Exif(main, detail, _directory(lambda: block.get_ifd(0x8825)))
    for names, directory in ((_MAIN, main), (_DETAIL, detail)):
        found.values |= {
            f"EXIF {name}": [directory[tag]] for tag, name in names.items() if tag in directory
        }
    big_endian = getattr(block, "endian", "<") == ">"
    comment = read_user_comment(detail.get(_USER_COMMENT), big_endian=big_endian)
    if comment:
        found.values["EXIF UserComment"] = [comment]
    return found


def _directory(read: Callable[[], Any]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    try:
        directory = read()
        for tag in list(directory):
            try:
                value = directory[tag]
                found[tag] = as_utf8(value) if isinstance(value, str) else value
            except Exception:  # noqa: S112  one damaged value
                continue
    except Exception:  # hostile files
        return found
    return found


def read_iptc(image: Image.Image) -> dict[int, list[str]]:
    """Returns the strings of IPTC record 2 by dataset number.

    They are UTF-8 if the block says so (`ESC % G`) or if they are valid UTF-8, else Windows-1252.
    """
    found: dict[int, list[str]] = {}
    if not isinstance(image, ImageFile.ImageFile):
        return found
    try:
        info = IptcImagePlugin.getiptcinfo(image) or {}
        marker = info.get((1, 90))
        utf8 = isinstance(marker, bytes) and b"\x1b%G" in marker
        for (record, dataset), value in info.items():
            if record == 2:
                values = value if isinstance(value, list) else [value]
                found[dataset] = [_decode(item, utf8) for item in values[:_MAX_VALUES]]
    except Exception:  # hostile files
        return found
    return found


def iptc_values(iptc: Mapping[int, list[str]]) -> dict[str, list[str]]:
    """Returns the datasets that are read by `IPTC name`."""
    return {f"IPTC {name}": iptc[number] for number, name in _IPTC.items() if number in iptc}


def _decode(value: object, utf8: bool) -> str:
    if not isinstance(value, bytes):
        return ""
    return value.decode("utf-8", "ignore") if utf8 else decode(value)
