"""Which columns of a table say where somebody is, which device took a picture, or whose it is.

The name of the column decides, as people in several languages and exiftool write it. The site publishes such
columns only if its owner asks for it (docs/guide/site-owner.md, "Privacy").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_PRIVATE_PARTS = (
    "gps latitude longitude altitude latitudine longitudine altitudine "
    "breitengrad langengrad breedtegraad lengtegraad coordinat coordonn coordenad koordinat "
    "geolocation geoposition geolokation geohash geotag geocode geopunkt geopoint geodaten georeferenc "
    "pluscode what3words seehohe meereshohe "
    "serialnumber serialno serialnr seriennummer seriennr numerodeserie numerodiserie numerodeserie "
    "numdeserie nserie serienummer ownername cameraowner eigentumer besitzer proprietaire propietario "
    "proprietario eigenaar "
    "緯度 経度 纬度 经度 緯経度 經度 坐标 座標 위도 경도 좌표 고도 海拔 標高 широта долгота координаты "
    "シリアル 序列号 序號 序列號 일련번호 серийный 所有者 소유자 владелец"
)
_PARTS = tuple(_PRIVATE_PARTS.split())
"""A name that contains one of these, without spaces and accents, is private."""
_PRIVATE_WORDS = (
    "altitud geo gps lat latitud lng lon longitud coords coord mgrs serial owner agare ejer eier"
)
_WORDS = frozenset(_PRIVATE_WORDS.split())
"""A name that has one of these words is private."""
_CREDIT = ("copyright", "rights", "rechte", "urheber", "licens", "lizenz")
"""The owner of the rights is a credit that is meant to be published."""
_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


def private_labels(labels: Sequence[str]) -> frozenset[str]:
    """Returns those of the columns' `labels` that are private.

    "Long" is a longitude only in a table that has a latitude.
    """
    words = {label: _words(label) for label in labels}
    found = {label for label in labels if _is_private(words[label])}
    if any({"lat", "latitude"} & set(words[label]) for label in found):
        found |= {label for label in labels if words[label] == ["long"]}
    return frozenset(found)


def _is_private(words: list[str]) -> bool:
    whole = "".join(words)
    if any(part in whole for part in _CREDIT):
        return False
    return not _WORDS.isdisjoint(words) or any(part in whole for part in _PARTS)


def _words(label: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", label[:1000].replace("ß", "ss"))
    # Marks on Latin letters are dropped; those of other scripts are parts of the letters.
    plain = re.sub("(?<=[A-Za-z])[\u0300-\u036f]+", "", apart)
    plain = unicodedata.normalize("NFC", plain)
    return [word.lower() for word in _BREAK.split(plain) if word]
