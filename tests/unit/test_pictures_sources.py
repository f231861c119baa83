"""Every source that docs/guide/metadata.md names is read, and no other; the first one wins."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imagedb_site.pictures import METADATA_FIELDS
from imagedb_site.pictures.metadata import read_drawing, read_metadata, read_sidecar
from imagedb_site.pictures.sources import SOURCES
from metadata_samples import (
    bag,
    exif_block,
    jpeg,
    packet,
    with_comment,
    with_exif,
    with_iptc,
    with_png_texts,
    with_xmp,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "metadata.md"
MAIN = {
    "ImageDescription": 0x010E,
    "Make": 0x010F,
    "Model": 0x0110,
    "Artist": 0x013B,
    "Rating": 0x4746,
    "RatingPercent": 0x4749,
    "Copyright": 0x8298,
    "XPTitle": 0x9C9B,
    "XPComment": 0x9C9C,
    "XPAuthor": 0x9C9D,
    "XPKeywords": 0x9C9E,
    "XPSubject": 0x9C9F,
    "CameraSerialNumber": 0xC62F,
}
DETAIL = {
    "ExposureTime": 0x829A,
    "FNumber": 0x829D,
    "PhotographicSensitivity": 0x8827,
    "DateTimeOriginal": 0x9003,
    "DateTimeDigitized": 0x9004,
    "FocalLength": 0x920A,
    "CameraOwnerName": 0xA430,
    "BodySerialNumber": 0xA431,
    "LensModel": 0xA434,
    "LensSerialNumber": 0xA435,
}
IPTC = {
    "ObjectName": 5,
    "Keywords": 25,
    "DateCreated": 55,
    "DigitalCreationDate": 62,
    "By-line": 80,
    "City": 90,
    "Sublocation": 92,
    "Province-State": 95,
    "Country": 101,
    "Headline": 105,
    "Credit": 110,
    "CopyrightNotice": 116,
    "Caption": 120,
}
NUMBERS = {"focal_length": 50, "aperture": 8, "exposure_time": 2, "iso": 400, "rating": 4}
DATE = "2005-06-07"
DATES = {"EXIF": "2005:06:07 00:00:00", "IPTC": "20050607", "XMP": DATE, "PNG": DATE}
PATHS = {
    "XMP lr:hierarchicalSubject": "Places|Rome",
    "XMP mediapro:CatalogSets": "Places|Rome",
    "XMP digiKam:TagsList": "Places/Rome",
    "XMP MicrosoftPhoto:LastKeywordXMP": "Places/Rome",
    "XMP acdsee:categories": "&lt;Categories&gt;&lt;Category Assigned=&quot;0&quot;&gt;Places"
    "&lt;Category Assigned=&quot;1&quot;&gt;Rome&lt;/Category&gt;&lt;/Category&gt;&lt;/Categories&gt;",
}
PERCENT = ("XMP MicrosoftPhoto:Rating", "EXIF RatingPercent")
PROMPT = "a red boat\nNegative prompt: people\nSteps: 20, Sampler: Euler a, Seed: 1, Model: seas"
GENERATED = {"prompt": "a red boat", "negative_prompt": "people", "generator": "seas"}
LABELS = {"XMP xmp:Label": "Red", "XMP digiKam:ColorLabel": "1", "XMP darktable:colorlabels": "0"}
ALL = [(name, source) for name, sources in SOURCES.items() for source in sources]


def test_the_guide_has_the_same_table():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    table = {name: tuple(sources.split("; ")) for name, sources in rows}
    assert table.pop("private_text")
    assert table == {name: sources for name, sources in SOURCES.items() if sources}


def test_every_field_has_a_specification_and_sources():
    assert [spec.name for spec in METADATA_FIELDS] == list(SOURCES)


@pytest.mark.parametrize(("name", "source"), ALL, ids=" ".join)
def test_every_source_is_read(name: str, source: str):
    if name == "taken":
        kind = source.partition(" ")[0]
        assert written(source, DATES[kind])[name] in (DATE, f"{DATE}T00:00:00")
    elif name in ("latitude", "longitude", "altitude"):
        found = written(source, "")
        assert {one: found[one] for one in POSITION} == POSITION
    elif name in GENERATED:
        assert {one: written(source, PROMPT)[one] for one in GENERATED} == GENERATED
    elif name in NUMBERS:
        value = NUMBERS[name] if source not in PERCENT else 75
        assert written(source, value)[name] == NUMBERS[name]
    elif name == "color_label":
        assert written(source, LABELS[source])[name] == "Red"
    elif source in PATHS:
        assert written(source, PATHS[source])[name] == ["Places|Rome"]
    else:
        listed = name in ("keywords", "place")
        # A picture that has no description gets its comment as description.
        where = "description" if name == "comment" else name
        assert written(source, "Harbour 7")[where] == (["Harbour 7"] if listed else "Harbour 7")


POSITION = {"latitude": 41.5, "longitude": -12.25, "altitude": 30}


def written(source: str, value: object) -> dict[str, object]:
    """The metadata of a picture with one value in one place."""
    kind, _, name = source.partition(" ")
    return WRITERS[kind](name, value)


def _exif(name: str, value: object) -> dict[str, object]:
    if name.startswith("GPS"):
        gps = {1: "N", 2: (41, 30, 0), 3: "W", 4: (12, 15, 0), 5: b"\0", 6: 30}
        return with_exif(None, None, gps)
    if name == "UserComment":
        return with_exif(None, {0x9286: b"ASCII\0\0\0" + str(value).encode()})
    if name == "DateTime":
        return with_exif({0x010F: "Canon", 0x0132: value})
    if name.startswith("XP"):
        value = str(value).encode("utf-16-le") + b"\0\0"
    return (
        with_exif({MAIN[name]: value}) if name in MAIN else with_exif(None, {DETAIL[name]: value})
    )


def _xmp(name: str, value: object) -> dict[str, object]:
    if "GPS" in name:
        return with_xmp(
            "", 'exif:GPSLatitude="41,30.0N" exif:GPSLongitude="12,15,0W" exif:GPSAltitude="60/2"'
        )
    return with_xmp(bag(name, str(value)) if name != "xmp:Rating" else f"<{name}>{value}</{name}>")


def _gif(_: str, value: object) -> dict[str, object]:
    stream = io.BytesIO()
    Image.new("P", (4, 4)).save(stream, "GIF", comment=str(value).encode())
    return read_metadata(Image.open(stream), stream.getvalue())


def _png(name: str, value: object) -> dict[str, object]:
    return with_png_texts({"parameters" if name == "generation settings" else name: str(value)})


WRITERS: dict[str, Callable[[str, object], dict[str, object]]] = {
    "EXIF": _exif,
    "XMP": _xmp,
    "IPTC": lambda name, value: with_iptc((IPTC[name], str(value).encode())),
    "PNG": _png,
    "JPEG": lambda _, value: with_comment(str(value).encode()),
    "GIF": _gif,
    "SVG": lambda name, value: read_drawing(*((value, "") if name == "title" else ("", value))),
}


def test_the_first_source_of_a_field_wins():
    inner = "<dc:description>from XMP</dc:description><tiff:Artist>Cleo</tiff:Artist>"
    image = jpeg(
        exif=exif_block({0x010E: "from EXIF", 0x013B: "Ann", 0x4746: 5, 0x8298: "EXIF rights"}),
        xmp=packet(inner, 'xmp:Rating="2"'),
    )
    assert read_metadata(image) == {
        "description": "from XMP",
        "creator": "Ann",
        "rating": 2,
        "copyright": "EXIF rights",
    }
    assert with_iptc((5, b"name"), (105, b"headline")) == {"title": "name", "headline": "headline"}
    png = with_png_texts({"Description": "described", "Comment": "said", "Author": "Ann"})
    assert png == {"description": "described", "comment": "said", "creator": "Ann"}


def test_a_text_is_given_once():
    found = with_iptc((5, b"Harvest"), (105, b"harvest "), (120, b"Harvest"))
    assert found == {"title": "Harvest"}
    found = with_exif({0x010E: "Two boats"}, {0x9286: b"ASCII\0\0\0Two  boats"})
    assert found == {"description": "Two boats"}
    found = with_png_texts({"Description": "a red boat", "parameters": PROMPT})
    assert found == GENERATED


def test_a_sidecar_gives_the_same_as_the_packet_in_a_file():
    for inner, attributes in (
        ("<dc:title>Boat</dc:title><dc:description>At sea</dc:description>", 'xmp:Rating="3"'),
        (bag("lr:hierarchicalSubject", "Places|Rome") + bag("dc:subject", "Rome", "sea"), ""),
        ("<exif:GPSLatitude>41,30N</exif:GPSLatitude>", 'exif:GPSLongitude="12,15,0W"'),
    ):
        expected = with_xmp(inner, attributes)
        assert len(expected) >= 1
        assert read_sidecar(packet(inner, attributes)) == (expected, "")


def test_a_comment_of_a_sidecar_does_not_replace_a_description():
    inner = bag("exif:UserComment", "said")
    assert with_xmp(inner) == {"description": "said"}
    assert read_sidecar(packet(inner)) == ({"comment": "said"}, "")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([source[4:] for _, source in ALL if source.startswith("XMP ")]),
            st.text(max_size=12)
            | st.sampled_from(["1/0", "9" * 400, "nan", "41,30N", "<Category>"]),
        ),
        max_size=8,
    ),
    st.integers(0, 400),
)
def test_any_sidecar_gives_fields_or_a_reason(values, cut):
    inner = "".join(bag(name, escape(value)) for name, value in values)
    for data in (packet(inner), packet(inner)[: -cut or None], inner.encode("utf-8", "replace")):
        fields, damage = read_sidecar(data)
        assert damage != "the XMP sidecar cannot be read"
        assert set(fields) <= set(SOURCES)
