"""The EXIF block of a file, as the names of its tags and their raw values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from imagedb_site.pictures.texts import as_utf8
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
