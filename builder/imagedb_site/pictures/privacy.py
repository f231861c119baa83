"""What a text reveals about the camera's owner, its serial number, the place, or the owner's computer.

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
_POSITION = re.compile(
    r"\b(?:gps(?:latitude|longitude|position)?|lat|latitude|lon|lng|longitude)\b"
    r"[\s:=\"']{1,4}[-+]?\d{1,3}[.,°]\d|"
    r"[-+]?\d{1,2}\.\d{4,}\s*[,;/ ]\s*[-+]?\d{1,3}\.\d{4,}|"
    r"\d{1,3}°\s*\d{1,2}['′][^,]{0,12}[NS]\b",
    re.IGNORECASE,
)
_SERIAL = re.compile(
    r"\b(?:serial(?:[ _-]?(?:number|no\.?|nr\.?|#))?|serialnumber|s/n|imei|meid)\b[\s:=#\"']{1,4}"
    r"[\w-]{0,20}\d{3}|\bsn[:=#] ?[\w-]{0,20}\d{3}",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?<![\w./:~-])/(?:home|Users|root|mnt|media|Volumes|private|tmp|var|srv|export)/[^\s/]|"
    r"(?<!\w)[A-Za-z]:\\[^\s\\]|(?<!\w)[A-Za-z]:/(?!/)[\w ]+[/.]|"
    r"(?<!\\)\\\\[\w.$-]+\\[\w$]|\bfile:/{1,3}\w"
)
"""Absolute paths of Unix, of Windows and of Windows networks."""
_PAIR = re.compile(
    r"\(?[-+]?\d{1,3}[.,]\d{3,}°?\s*[NS]?\s*[,;/ ]\s*[-+]?\d{1,3}[.,]\d{3,}°?\s*[EWO]?\)?|"
    r"\d{1,3}\s*(?:°|deg)[^A-Za-z]{0,20}[NS]\b.{0,3}\d{1,3}\s*(?:°|deg)[^A-Za-z]{0,20}[EWO]",
    re.IGNORECASE,
)
"""Two coordinates and nothing else."""
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})*\.[A-Za-z]{2,24}\b")
_SHORTEST = 5
"""A shorter serial number may stand in a text by chance."""
_LONGEST_VALUE = 1000
_SHOWN = 50
_WORD = re.compile(r"(?!file:)[^\W\d_]{2}")
"""How most values begin, and no path or position does."""
_REST = re.compile(r"\s.*", re.DOTALL)


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
    """Returns whether a text has one of `serials`, another device's, a position, or an absolute path."""
    if _POSITION.search(text) or _SERIAL.search(text) or _PATH.search(text):
        return True
    folded = fold(text)
    return any(
        re.search(rf"(?<!\w){re.escape(fold(serial))}(?!\w)", folded) is not None
        for serial in serials
        if len(serial) >= _SHORTEST
    )


def revealed(text: str) -> list[tuple[str, str]]:
    """Returns what a text reveals: the kind (`position`, `serial number`, `path`, `e-mail`) and the place."""
    return [
        (
            kind,
            _REST.sub("", text[match.start() : match.end() + _SHOWN])
            if kind == "path"
            else match[0],
        )
        for kind, pattern in (
            ("position", _POSITION),
            ("serial number", _SERIAL),
            ("path", _PATH),
            ("e-mail", _EMAIL),
        )
        if (match := pattern.search(text))
    ]


def is_private_value(value: object) -> bool:
    """Returns whether a value is nothing but an absolute path of somebody's computer, or a position."""
    if not isinstance(value, str):
        return False
    text = value.strip()
    if len(text) > _LONGEST_VALUE or "\n" in text or _WORD.match(text):
        return False
    return _PATH.match(text) is not None or _PAIR.fullmatch(text) is not None


def _bare(text: str) -> str:
    return "".join(_NOTICE.sub(" ", fold(text)).split())
