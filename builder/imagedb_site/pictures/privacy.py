"""What a text reveals about the camera's owner, its serial number or the place.

The rule for names: a camera writes the name that its owner has set into Artist and Copyright of every
picture. If that is the same name as in CameraOwnerName, it is the owner's name and private. A credit that
somebody wrote on purpose (`dc:creator`, By-line, Author of a PNG file) is published, whatever the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from imagedb_site.pictures.texts import fold

_NOTICE = re.compile(
    r"copyright|\(c\)|©|℗|all rights reserved|alle rechte vorbehalten|tous droits réservés|\bby\b|"
    r"(?:1[89]|20)\d\d|[\W_]+"
)
_TECHNICAL = re.compile(
    r"\b(?:gps(?:latitude|longitude|position)?|lat|latitude|lon|lng|longitude)\b"
    r"[\s:=\"']{1,4}[-+]?\d{1,3}[.,°]\d|"
    r"\b(?:serial(?:[ _-]?(?:number|no\.?|nr\.?|#))?|serialnumber|s/n|imei|meid)\b[\s:=#\"']{1,4}"
    r"[\w-]{0,20}\d{3}|\bsn[:=#] ?[\w-]{0,20}\d{3}|"
    r"[-+]?\d{1,2}\.\d{4,}\s*[,;/ ]\s*[-+]?\d{1,3}\.\d{4,}|"
    r"\d{1,3}°\s*\d{1,2}['′][^,]{0,12}[NS]\b",
    re.IGNORECASE,
)
_SHORTEST = 5
"""A shorter serial number may stand in a text by chance."""


@dataclass(frozen=True)
class Secrets:
    """The owners that a file names, and the serial numbers of its camera and its lens."""

    owners: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()

    def has(self, text: str) -> bool:
        """Returns whether a text that a camera wrote is the owner's name, or reveals something."""
        return is_owner(text, self.owners) or reveals(text, self.serials)


def is_owner(text: str, owners: Iterable[str]) -> bool:
    """Returns whether a name or a copyright notice has nothing but the name of one of `owners`."""
    name = _bare(text)
    return bool(name) and any(name == _bare(owner) for owner in owners)


def reveals(text: str, serials: Iterable[str]) -> bool:
    """Returns whether a text has one of `serials`, a position, or another device's serial number."""
    if _TECHNICAL.search(text):
        return True
    folded = fold(text)
    return any(
        re.search(rf"(?<!\w){re.escape(fold(serial))}(?!\w)", folded) is not None
        for serial in serials
        if len(serial) >= _SHORTEST
    )


def _bare(text: str) -> str:
    return "".join(_NOTICE.sub(" ", fold(text)).split())
