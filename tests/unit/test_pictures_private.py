"""Owners, serial numbers and positions: private wherever they stand."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from imagedb_site.pictures import PRIVATE_FIELDS, strip_private
from imagedb_site.pictures.metadata import read_metadata, read_sidecar
from imagedb_site.pictures.privacy import is_owner, reveals
from metadata_samples import (
    bag,
    exif_block,
    jpeg_bytes,
    packet,
    with_exif,
    with_png_texts,
    with_segments,
    with_xmp,
)

ARTIST, COPYRIGHT, DESCRIPTION, OWNER, SERIAL, LENS_SERIAL = (
    0x013B,
    0x8298,
    0x010E,
    0xA430,
    0xA431,
    0xA435,
)


def public(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in PRIVATE_FIELDS}


@pytest.mark.parametrize(
    ("artist", "owner"),
    [("Ann Example", "Ann Example"), ("ANN  EXAMPLE", "Ann Example"), ("José Núñez", "josé núñez")],
)
def test_an_artist_with_the_owners_name_is_the_owner(artist, owner):
    found = with_exif({ARTIST: artist.encode()}, {OWNER: owner.encode()})
    assert found == {"owner": owner} and public(found) == {}
    inner = f"<aux:OwnerName>{owner}</aux:OwnerName><tiff:Artist>{artist}</tiff:Artist>"
    assert with_xmp(inner) == {"owner": owner}
    assert read_sidecar(packet(inner))[0] == {"owner": owner}


@pytest.mark.parametrize(
    "notice",
    [
        "© 2019 Ann Example",
        "(c) Ann Example",
        "Copyright Ann Example. All rights reserved.",
        "Ann Example",
    ],
)
def test_a_copyright_of_the_camera_with_nothing_but_the_owners_name_is_private(notice):
    assert public(with_exif({COPYRIGHT: notice.encode()}, {OWNER: "Ann Example"})) == {}
    found = with_exif({COPYRIGHT: notice.encode()}, {OWNER: "Bob Other"})
    assert public(found) == {"copyright": notice}


def test_other_names_and_credits_on_purpose_are_published():
    assert public(with_exif({ARTIST: "Ann Example"}, {OWNER: "Studio Ltd"})) == {
        "creator": "Ann Example"
    }
    assert public(with_exif({ARTIST: "Ann Example"})) == {"creator": "Ann Example"}
    inner = bag("dc:creator", "Ann Example") + "<aux:OwnerName>Ann Example</aux:OwnerName>"
    assert public(with_xmp(inner)) == {"creator": "Ann Example"}
    assert public(with_png_texts({"Author": "Ann Example"})) == {"creator": "Ann Example"}
    notice = "© Museum of Ann Example, CC BY 4.0"
    assert public(with_exif({COPYRIGHT: notice.encode()}, {OWNER: "Ann Example"})) == {
        "copyright": notice
    }


def test_names_are_compared_without_marks_of_copyright():
    assert is_owner("© 2020–2021 Ann Example", ["ann example"])
    assert not is_owner("Ann Example and Bob", ["Ann Example"])
    assert not is_owner("", [""]) and not is_owner("© 2020", ["2020"])


@pytest.mark.parametrize(
    "text",
    [
        "Body 380319450, firmware 1.2",
        "Shot with SN: 0012345",
        "S/N 4411223",
        "Serial number: A-99812 of the camera",
        "IMEI: 490154203237518",
        "Latitude: 43.68739354 Longitude: -85.48351891",
        "GPS 48.8583, 2.2945",
        "48.858370, 2.294481",
        "48° 51′ 30″ N, 2° 17′ 40″ E",
        "lat=48.85 lon=2.29",
    ],
)
def test_texts_with_serial_numbers_or_positions_are_private(text):
    secret = {SERIAL: "380319450"}
    for found in (
        with_exif({DESCRIPTION: text.encode()}, secret),
        with_exif(None, {0x9286: b"UNICODE\0" + text.encode("utf-16-le"), **secret}),
        with_segments((0xFE, text.encode()), exif=exif_block(None, secret)),
        read_sidecar(
            packet(f"<dc:description>{text}</dc:description>", 'aux:SerialNumber="380319450"')
        )[0],
    ):
        assert public(found) == {}
        assert found["private_text"] == text and found["serial"] == "380319450"


@pytest.mark.parametrize(
    "text",
    [
        "A long 12.5 m boat",
        "Serial novels in a shop",
        "Serial number plates of old cars",
        "Gps track of my hike",
        "Temperature 21.5, humidity 40.2",
        "Lot 12345 at the auction",
        "Flight LH 4711, 12.05.2019",
        "Ratio 1.618 to 3.14159",
    ],
)
def test_other_texts_with_numbers_stay(text):
    assert not reveals(text, ["380319450", "12"])
    assert public(with_exif({DESCRIPTION: text}, {SERIAL: "380319450"})) == {"description": text}


def test_keywords_with_positions_are_private():
    found = with_xmp(bag("dc:subject", "geotagged", "geo:lat=57.64911", "geo:lon=10.40744", "sea"))
    assert public(found) == {"keywords": ["geotagged", "sea"]}
    assert found["private_text"] == "geo:lat=57.64911\ngeo:lon=10.40744"


@pytest.mark.parametrize(
    ("latitude", "longitude", "position"),
    [
        ("41,30.5N", "12,15.25W", (41.508333, -12.254167)),
        ("41,30,30S", "12,15,0E", (-41.508333, 12.25)),
        ("41.5", "-12.25", (41.5, -12.25)),
    ],
)
def test_positions_in_xmp_are_private(latitude, longitude, position):
    attributes = (
        f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}" '
        'exif:GPSAltitude="250/2" exif:GPSAltitudeRef="1" photoshop:City="Mainz"'
    )
    for found in (with_xmp("", attributes), read_sidecar(packet("", attributes))[0]):
        assert (found["latitude"], found["longitude"], found["altitude"]) == (*position, -125)
        assert found["place"] == ["Mainz"] and public(found) == {}


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("91,0N", "1,0E"),
        ("41,30N", ""),
        ("41,30E", "12,0N"),
        ("0,0N", "0,0E"),
        ("x", "y"),
        ("4" * 99, "1"),
    ],
)
def test_invalid_positions_in_xmp_are_ignored(latitude, longitude):
    assert with_xmp("", f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"') == {}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_originals_lose_the_owners_name_and_texts_with_serial_numbers(tmp_path, kind):
    image = Image.new("RGB", (16, 16), "red")
    secret = exif_block(
        {ARTIST: "Ann Example", COPYRIGHT: "(c) Ann Example", DESCRIPTION: "Body 380319450"},
        {OWNER: "Ann Example", SERIAL: "380319450"},
    )
    harmless = exif_block({ARTIST: "Ann Example", DESCRIPTION: "A boat"}, {OWNER: "Studio Ltd"})
    for block, kept in (
        (secret, {}),
        (harmless, {"creator": "Ann Example", "description": "A boat"}),
    ):
        image.save(tmp_path / "a", kind, exif=block)
        data = strip_private(tmp_path / "a")
        assert data is not None and b"380319450" not in data and b"Studio" not in data
        assert (b"Ann" in data) == bool(kept)
        assert read_metadata(Image.open(io.BytesIO(data)), data) == kept


def test_originals_lose_the_name_of_an_owner_in_xmp(tmp_path):
    xmp = packet("", 'aux:OwnerName="Ann Example" aux:SerialNumber="380319450"')
    block = exif_block({ARTIST: "Ann Example", DESCRIPTION: "no. 380319450"})
    (tmp_path / "a.jpg").write_bytes(jpeg_bytes(exif=block, xmp=xmp))
    data = strip_private(tmp_path / "a.jpg")
    assert data is not None and b"Ann" not in data and b"380319450" not in data
