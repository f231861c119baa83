"""When a picture was taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagedb_site.dates import parse_date
from imagedb_site.pictures.texts import to_text

_LAST_YEAR = "2200"


def read_taken(
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
        found = parse_date(to_text(candidate, 100))
        # Programs write the first day of their calendar for "no date".
        if found and found[:4] <= _LAST_YEAR and not found.startswith("0001-01-01"):
            return found
    return ""
