"""The collection of tests/golden/queries.json. Everything in it is invented."""

from __future__ import annotations

import struct
import unicodedata
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

FOLDERS = [
    "2020/trips/italy",
    "2020/trips/norway",
    "2020/trips",
    "2020",
    "2021/New York, spring",
    "2021/trips/Italy - Rome",
    "archive/2020/scans",
    "archive/„old“",
]
"""Where the last pictures lie. The others have no folder."""

FLAT = 36
COUNT = FLAT + len(FOLDERS) + 16
_NFD = partial(unicodedata.normalize, "NFD")

TITLES = [
    "A red car at night",
    "Red apple and blue sky",
    "A car in winter",
    "Boats on the ocean",
    "Waves of the ocean, sea and sun",
    "Zürich in winter",
    "Café crème — “à emporter”",
    "猫と犬が走る",
    "北京 skyline at night",
    "한국의 바다",
    "Ελλάδα, το πρωί: ΘΆΛΑΣΣΑ",
    "Утро в горах",
    "שקיעה מעל הים",
    "Smile 😀 and wave 👋🏽",
    "<img src=x onerror=alert(1)>",
    "don't panic: C++ at 8k",
    "The old lighthouse by the sea",
    "One lighthouse, two cats",
    "Cats running; a cat sleeping, cats everywhere",
    "Running dogs on the beach",
    "A black dog on a leash",
    "Two dogs, no leash, green grass",
    "Castle ruin on a hill",
    "Old bridge and castle",
    "Fort by the old stone bridge",
    "NEAR OR AND NOT",
    "Line one\nline two\ttabbed",
    "Naïve façade in São Paulo",
    'Quotes " and \\ backslash',
    "Winter sun in the mountains",
    "",
    "x",
    "STRASSE und Straße in Gießen",
    "İstanbul ve Iğdır",
    "ﬁne ﬂowers, sunflower and sunflowers",
    "the of and",
    "Harbour wall",
    "Fjord ferry",
    "Suitcases",
    "Calendar page",
    "Yellow taxi",
    "Forum columns",
    "Scanned negative",
    "Albumen print",
    "Harbour of Tromsø",
    "Tromso at night, without its letter",
    "Résumé of a long trip",
    "resume of work",
    "Новогодняя ёлка",
    "ภาษาไทยง่ายมาก วัดพระแก้ว",
    "ສະບາຍດີ ປະເທດລາວ",
    "ស្ពានចាស់ នៅភ្នំពេញ",
    "မင်္ဂလာပါ ရန်ကုန်",
    _NFD("한글 사진"),
    "Kinder im Kindergarten",
    "Gartenhaus im Schulgarten",
    "Łódź, Æbleskiver, Straßenbahn",
    "हिन्दी में नई तस्वीर",
    "I ❤️ 🐱 👩🏽\u200d🚀 🇩🇪",
    "MyHolidayPhoto at 5 €, 20°",
]
FILES = {
    44: "trip/DSC01236.bmp",
    45: "trip/IMG_0042.bmp",
    46: "trip/P1040519 (2).bmp",
    53: _NFD("trip/한글 사진.bmp"),
    59: "trip/2019/Screenshot 3.15.07\u202fPM.bmp",
}
TAGS = ["cat", "dog", "black_cat", "sea", "winter", "city", "été", "猫", "New-York", "2021", "<i>"]
PLACES = ["Zürich", "Athens", "北京", "São Paulo", "Unknown & <co>", "New York City"]
DATES = [
    "1745-03-01",
    "0079-08-24",
    "1890",
    "1890-05",
    "1890-05-12",
    "1890-05-12T10",
    "1890-05-12T10:30",
    "1890-05-12T10:30:05",
    "1890-05-12T10:30:05.75",
    "1890-12-31T23:59:59",
    "1891-01-01",
    "1891",
    "1969-12-31T23:59",
    "1970",
    "2000-02",
    "2000-02-29",
    "2001",
    "9999-12-31",
]
"""Dates of every precision, in and out of the years that cameras know."""
AUTHORS = [
    "Doe, Jane",
    "Doe, John; Roe, Max",
    "O’Neil/Smith",
    'Jane "JD" Doe',
    "Müller-Lüdenscheidt (Köln)",
    "C++ Users’ Group",
    "हिन्दी संघ",
]
KEYWORDS = [
    "Places|Europe|Norway",
    "Places|Europe|Italy|Rome, Lazio",
    "Places|Asia",
    "Europe",
    "Music|AC/DC",
    "People|Doe, Jane",
    "Places|New York",
]
OBJECTS = ['5" disk', "12″ record", "cats, black", "black–cat", "「猫」"]
CAMERAS = ["Canon EOS 5D", "Canon IXUS", "Nikon D3", "SONY α7"]


def metadata() -> list[dict[str, Any]]:
    """The rows of the sidecar table, unknown values left out."""
    rows = []
    for index, title in enumerate(TITLES):
        row: dict[str, Any] = {"file": path(index)}
        if title:
            row["title"] = title
        tags = list(dict.fromkeys(TAGS[(index * step) % len(TAGS)] for step in (1, 3, 5)))
        if index % 4:
            row["tags"] = tags[: index % 4]
        if index % 6 != 5:
            row["place"] = PLACES[index // 2 % len(PLACES)]
        if index % 5:
            row["camera"] = CAMERAS[index % len(CAMERAS)]
        if index % 3:
            row["rating"] = index % 5 - 1
        if index % 4 != 1:
            row["aperture"] = [1.4, 2.8, 4, 5.6][index % 4]
        if index % 7:
            row["taken"] = f"{2018 + index % 4}-{1 + index % 12:02}-{1 + index % 28:02}" + (
                f"T{index % 24:02}:30:{index % 60:02}" if index % 2 else ""
            )
        if index >= len(DATES):
            row["printed"] = DATES[(index * 5) % len(DATES)]
        if index % 2:
            row["favourite"] = index % 3 == 0
        if index % 8 != 7:
            row["author"] = AUTHORS[index % len(AUTHORS)]
        if index % 3 == 1:
            row["objects"] = [OBJECTS[index % 5], OBJECTS[index % 4]][: 1 + index % 2]
        rows.append(row)
    return rows


def sidecar(index: int) -> str | None:
    """The XMP file beside a picture, as Lightroom writes it; None if it has no keywords."""
    if index % 3:
        return None
    paths = [KEYWORDS[index % len(KEYWORDS)], KEYWORDS[index * 2 % len(KEYWORDS)]]
    items = "".join(f"<rdf:li>{escape(path)}</rdf:li>" for path in dict.fromkeys(paths))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:lr="http://ns.adobe.com/lightroom/1.0/">'
        f"<lr:hierarchicalSubject><rdf:Bag>{items}</rdf:Bag></lr:hierarchicalSubject>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def path(index: int) -> str:
    """The path of a picture's file."""
    if index in FILES:
        return FILES[index]
    folder = FOLDERS[index - FLAT] + "/" if FLAT <= index < FLAT + len(FOLDERS) else ""
    return f"{folder}picture-{index:02}.bmp"


def picture(index: int) -> bytes:
    """A BMP (no compressor, so the same bytes, and the same image id, everywhere)."""
    width, height = 48 + 8 * (index % 5), 40 + 8 * (index % 3)
    lines = bytearray()
    for y in range(height):
        line = bytearray()
        for x in range(width):
            spot = (x - width // 2) ** 2 + (y - height // 2) ** 2 < (4 + index % 9) ** 2 * 4
            line += bytes(
                (
                    (index * 53 + x * (index % 4)) % 256,
                    (index * 97 + y * (index % 5)) % 256,
                    200 if spot else (index * 31 + x + y) % 256,
                )
            )
        lines += line + bytes(-len(line) % 4)
    header = struct.pack("<2sIHHI", b"BM", 54 + len(lines), 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(lines), 2835, 2835, 0, 0)
    return header + info + bytes(lines)
