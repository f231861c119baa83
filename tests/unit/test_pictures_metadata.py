"""EXIF, IPTC and XMP: values are in the right field, checked and limited, whatever the file contains."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from corpora import COLLECTED, MADE, Corpus, each_corpus, needs_collected
from imagedb_site.dates import date_span
from imagedb_site.pictures import METADATA_FIELDS, PRIVATE_FIELDS, Limits
from imagedb_site.pictures.metadata import read_metadata
from imagedb_site.pictures.task import open_here
from imagedb_site.pictures.texts import clean
from imagedb_site.pictures.xmp import read_xmp
from metadata_samples import jpeg, packet, with_exif, with_iptc, with_xmp

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def test_a_picture_without_metadata_has_no_fields():
    assert read_metadata(jpeg()) == {}
    assert read_metadata(Image.new("RGB", (2, 2))) == {}


def test_what_a_camera_writes():
    found = with_exif(
        {
            0x010F: "Canon",
            0x0110: "Canon EOS 7D",
            0x010E: "A boat",
            0x013B: "Ann",
            0x8298: "© Ann".encode(),
        },
        {
            0x9003: "2010:07:11 13:53:00",
            0x829A: IFDRational(1, 250),
            0x829D: IFDRational(28, 10),
            0x8827: 400,
            0x920A: IFDRational(50, 1),
            0xA434: "EF50mm f/1.8 STM",
        },
    )
    assert found == {
        "camera": "Canon EOS 7D",
        "description": "A boat",
        "creator": "Ann",
        "copyright": "© Ann",
        "taken": "2010-07-11T13:53:00",
        "exposure_time": 0.004,
        "aperture": 2.8,
        "iso": 400,
        "focal_length": 50,
        "lens": "EF50mm f/1.8 STM",
    }


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("SONY", "CYBERSHOT", "Sony CYBERSHOT"),
        ("OLYMPUS IMAGING CORP.", "E-M5", "Olympus E-M5"),
        ("Apple", "iPhone 4", "Apple iPhone 4"),
        ("HTC", "Desire", "HTC Desire"),
        ("", "Pixel 7", "Pixel 7"),
        ("Leica", "", "Leica"),
    ],
)
def test_cameras_are_named_once(make, model, camera):
    assert with_exif({0x010F: make, 0x0110: model})["camera"] == camera


def test_positions_and_serial_numbers_are_private():
    found = with_exif(
        None,
        {0xA430: "Ann Example", 0xA431: "12345", 0xA435: "lens-1"},
        {1: "S", 2: (10, 30, 36), 3: "E", 4: (20, 0, 0), 5: b"\x01", 6: IFDRational(125, 10)},
    )
    assert found == {
        "latitude": -10.51,
        "longitude": 20,
        "altitude": -12.5,
        "owner": "Ann Example",
        "serial": "12345",
        "lens_serial": "lens-1",
    }
    assert set(found) <= PRIVATE_FIELDS
    assert {spec.name for spec in METADATA_FIELDS} >= PRIVATE_FIELDS
    place = with_iptc((90, b"Mainz"), (101, b"Germany"))
    assert place == {"place": ["Mainz", "Germany"]} and set(place) <= PRIVATE_FIELDS


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0, 0, 0), 3: "E", 4: (0, 0, 0)},
        {1: "N", 2: (91, 0, 0), 3: "E", 4: (1, 0, 0)},
        {1: "N", 2: (1, 0, 0)},
        {1: "N", 2: (IFDRational(1, 0), 0, 0), 3: "E", 4: (1, 0, 0)},
        {1: "N", 2: (89, 3000, 0), 3: "E", 4: (1, 0, 0)},
    ],
)
def test_invalid_positions_are_ignored(gps):
    assert with_exif(None, None, gps) == {}


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2010:07:11 13:53:00", "2010-07-11T13:53:00"),
        ("2010-07-11T13:53:00.123+02:00", "2010-07-11T13:53:00.123"),
        ("2010-07-11", "2010-07-11"),
        ("2010:07:11 13:53:60", "2010-07-11T13:53:59"),
        ("1993:  :     :  :  ", "1993"),
        ("1993:05:00 00:00:00", "1993-05"),
        ("1745:03:01 00:00:00", "1745-03-01T00:00:00"),
        ("0000:00:00 00:00:00", None),
        ("0001:01:01 00:00:00", None),
        ("2010:02:30 10:00:00", None),
        ("9999:01:01 10:00:00", None),
        ("    :  :     :  :  ", None),
        ("yesterday", None),
    ],
)
def test_dates(text, date):
    assert with_exif(None, {0x9003: text}).get("taken") == date


GOOD = "2005:06:07 08:09:10"


@pytest.mark.parametrize(
    "empty", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2005:13:01 00:00:00"]
)
@pytest.mark.parametrize(
    ("main", "detail", "inner"),
    [
        ({}, {0x9004: GOOD}, ""),
        ({0x0132: GOOD}, {}, ""),
        ({0x0132: "2020:01:01 00:00:00"}, {0x9004: GOOD}, ""),
        ({}, {}, "<xmp:CreateDate>2005-06-07T08:09:10</xmp:CreateDate>"),
        ({}, {}, "<exif:DateTimeOriginal>2005-06-07T08:09:10</exif:DateTimeOriginal>"),
        (
            {},
            {0x9004: "0000:00:00"},
            "<photoshop:DateCreated>2005-06-07T08:09:10</photoshop:DateCreated>",
        ),
    ],
)
def test_a_good_date_is_taken_if_the_first_one_is_empty(empty, main, detail, inner):
    exif = Image.Exif()
    for tag, value in main.items():
        exif[tag] = value
    exif.get_ifd(0x8769).update({0x9003: empty, **detail})
    image = jpeg(exif=exif.tobytes(), xmp=packet(inner))
    assert read_metadata(image)["taken"] == "2005-06-07T08:09:10"


def test_the_date_the_picture_was_taken_has_priority():
    assert "taken" not in with_exif({0x0132: "2020:01:01 00:00:00"})
    found = with_exif(None, {0x9003: "2001:01:01 01:01:01", 0x9004: "2002:02:02 02:02:02"})
    assert found["taken"] == "2001-01-01T01:01:01"
    assert with_xmp("<xmp:CreateDate>2003-03-03</xmp:CreateDate>")["taken"] == "2003-03-03"
    assert with_iptc((55, b"20040404"), (60, b"101112"))["taken"] == "2004-04-04T10:11:12"
    assert with_iptc((55, b"20040404"), (60, b"101112+0200"))["taken"] == "2004-04-04T10:11:12"
    assert with_iptc((55, b"20040400"), (60, b"000000"))["taken"] == "2004-04"
    assert with_iptc((55, b"00000000"), (62, b"20040404"))["taken"] == "2004-04-04"
    found = with_exif({0x010F: "Canon", 0x0132: "2020:01:01 00:00:00"})
    assert found["taken"] == "2020-01-01T00:00:00"


def test_the_date_of_a_png_text_chunk():
    chunks = PngInfo()
    chunks.add_text("Creation Time", "Tue, 24 Dec 2019 15:30:00 +0100")
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "PNG", pnginfo=chunks)
    assert read_metadata(Image.open(stream))["taken"] == "2019-12-24T15:30:00"


def test_xmp_alternatives_bags_and_attributes():
    found = with_xmp(
        """<dc:title><rdf:Alt><rdf:li xml:lang="de">Boot</rdf:li>
        <rdf:li xml:lang="x-default">Boat</rdf:li></rdf:Alt></dc:title>
        <dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sea</rdf:li><rdf:li> sky </rdf:li>
        </rdf:Bag></dc:subject><dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bob</rdf:li>
        </rdf:Seq></dc:creator>""",
        'xmp:Rating="4" photoshop:Credit="Museum"',
    )
    assert found == {
        "title": "Boat",
        "keywords": ["sea", "sky"],
        "creator": "Ann, Bob",
        "rating": 4,
        "credit": "Museum",
    }


def test_foreign_xmp_is_left_alone():
    inner = "<o:history><rdf:Bag><rdf:li>secret</rdf:li></rdf:Bag></o:history>"
    inner += "<dc:title><o:x>inner</o:x></dc:title>"
    inner += '<o:derived dc:title="not this"><dc:description>nor this</dc:description></o:derived>'
    assert with_xmp(inner) == {}


def test_xmp_bombs_and_external_entities_end_the_reading(tmp_path):
    (tmp_path / "secret").write_text("secret")
    for doctype in (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY e "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/">',
    ):
        text = packet("<dc:title>&e;</dc:title>").decode().partition("?>")[2]
        for encoding in ("utf-8", "utf-16"):
            assert read_xmp((doctype + text).encode(encoding)) == {}


def test_damaged_xmp_gives_what_came_before():
    whole = packet("<dc:title>Boat</dc:title><dc:rights>mine</dc:rights>")
    assert read_xmp(whole[: whole.index(b"mine")]) == {"dc:title": ["Boat"]}
    assert read_xmp(b"<a>" * 100_000) == {}


def test_iptc():
    found = with_iptc(
        (5, b"Boat"), (25, b"sea"), (25, b"sky"), (80, b"Ann"), (116, b"Ann 2020"), (120, b"At sea")
    )
    assert found == {
        "title": "Boat",
        "keywords": ["sea", "sky"],
        "creator": "Ann",
        "copyright": "Ann 2020",
        "description": "At sea",
    }
    assert with_iptc((5, "Größe".encode("latin-1")))["title"] == "Größe"


def test_windows_fields():
    wide = {0x9C9B: "Boat".encode("utf-16-le"), 0x9C9E: "sea;sky".encode("utf-16-le")}
    assert with_exif(wide) == {"title": "Boat", "keywords": ["sea", "sky"]}


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "DCIM\\100", "   ", "000015", "Screenshot"]
)
def test_default_texts_of_programs_are_not_descriptions(text):
    assert with_exif({0x010E: text}) == {}


def test_a_description_that_begins_like_junk_stays():
    text = "Sony headquarters in Tokyo, seen from the station at night"
    assert with_exif({0x010E: text}) == {"description": text}


def test_text_is_cleaned_and_bounded():
    found = with_exif({0x010E: "a\x07b\x1b[31mc" + "x" * 30_000, 0x013B: "Ann\0garbage"})
    assert found["description"].startswith("ab[31mcx") and len(found["description"]) == 10_000
    assert found["creator"] == "Ann"


@given(st.text(), st.integers(0, 50))
def test_clean_is_clean(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit and clean(cleaned, limit) == cleaned
    assert not any(ord(c) < 32 and c not in "\n\t" for c in cleaned)


def check(fields: dict[str, object]) -> None:
    types = {"text": str, "category": str, "number": (int, float), "date": str, "tags": list}
    known = {spec.name: spec.type for spec in METADATA_FIELDS}
    for name, value in fields.items():
        assert isinstance(value, types[known[name]]), (name, value)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                text.encode("utf-8")
                assert 0 < len(text) <= 10_000
                assert not any(ord(c) < 32 and c not in "\n\t" for c in text)
        if known[name] == "date":
            assert date_span(str(value)) is not None


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_as_exif(data):
    image = jpeg()
    image.info["exif"] = b"Exif\0\0" + data
    check(read_metadata(image))
    image = jpeg()
    image.info["exif"] = b"Exif\0\0II*\0\x08\0\0\0" + data
    check(read_metadata(image))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_as_xmp_and_iptc(data):
    image = jpeg()
    image.info["xmp"] = data
    image.info["photoshop"] = {0x0404: data}
    check(read_metadata(image))


TAGS = ["dc:title", "dc:subject", "rdf:li", "rdf:Bag", "rdf:Description", "o:x", "xmp:Rating"]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from("<>/"), st.text(max_size=5))))
def test_any_nesting_of_xmp(parts):
    text = "".join(
        {"<": f"<{tag}>", ">": f"</{tag}>", "/": f"<{tag}/>"}[kind] + text.replace("<", "")
        for tag, kind, text in parts
    )
    found = read_xmp(packet(text))
    assert all(values and all(values) for values in found.values())


# -- whole files -------------------------------------------------------------------------------


@each_corpus
def test_every_camera_file_gives_clean_fields(corpus: Corpus) -> None:
    seen: dict[str, int] = {}
    for path in [*corpus.files("camera"), *corpus.files("formats")]:
        try:
            image = Image.open(path)
        except Exception:
            continue
        fields = read_metadata(image)
        check(fields)
        for name in fields:
            seen[name] = seen.get(name, 0) + 1
    if corpus.made:
        assert (seen["camera"], seen["taken"], seen["latitude"]) == (30, 30, 15)
    else:
        assert seen["camera"] > 80 and seen["taken"] > 90 and seen["latitude"] >= 10
        assert seen["creator"] > 5 and seen["copyright"] > 5
    # The made files have the owner's name in Artist and Copyright: it is not published.
    assert {"title", "keywords", "lens", "iso", "owner"} <= set(seen)


def test_a_made_file_gives_what_was_written() -> None:
    path = MADE.folder / "camera" / "Canon EOS 7D 0.jpg"
    fields = open_here(path, Limits(), 100).metadata
    expected = {
        "taken": "2010-07-11T13:53:00",
        "camera": "Canon EOS 7D",
        "title": "Canon EOS 7D 0",
        "keywords": ["boat", "harbour", "shot 0"],
        "latitude": 41.853,
        "longitude": 12.488833,
        "serial": "SERIAL-0",
        "place": ["Rome", "Italy"],
    }
    assert {name: fields.get(name) for name in expected} == expected


@needs_collected
def test_a_collected_file_gives_what_its_camera_wrote() -> None:
    fields = open_here(COLLECTED / "camera" / "Apple iPhone 4.jpg", Limits(), 100).metadata
    assert fields == {
        "taken": "2011-01-13T14:33:39",
        "camera": "Apple iPhone 4",
        "focal_length": 3.85,
        "aperture": 2.8,
        "exposure_time": 0.06666667,
        "iso": 500,
        "latitude": 41.853,
        "longitude": 12.488833,
    }
