"""Text in every encoding that cameras and programs use, and texts that nobody wrote on purpose."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from imagedb_site.pictures import Limits
from imagedb_site.pictures.automatic import is_automatic
from imagedb_site.pictures.metadata import read_metadata
from imagedb_site.pictures.png_text import read_png_text
from imagedb_site.pictures.task import open_here
from imagedb_site.pictures.texts import clean
from imagedb_site.pictures.user_comment import read_user_comment
from metadata_samples import (
    international,
    iptc,
    jpeg,
    png_bytes,
    with_comment,
    with_exif,
    with_iptc,
    with_png,
    with_xmp,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

TEXTS = [
    "A boat in the harbour",
    "Größe: 3 m, 20 °C",
    "桜の花が咲いた",
    "Москва, вечер",
    "한국의 가을",
    "ประเทศไทย สวยงาม",
    "שלום עולם",
    "Une fête à Orléans",
    "猫",
    "boat 🚤 on the sea",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", [True, False])
def test_unicode_comments_in_both_byte_orders(text, order, mark):
    start = {"le": b"\xff\xfe", "be": b"\xfe\xff"}[order] if mark else b""
    value = b"UNICODE\0" + start + text.encode(f"utf-16-{order}") + b"\0\0"
    # The file's own order decides if the text does not tell; it never overrides one that does.
    assert read_user_comment(value, big_endian=order == "be") == text
    if len(text) > 6:
        assert read_user_comment(value, big_endian=order != "be") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"ASCII\0\0\0A boat   \0\0", "A boat"),
        (b"ASCII\0\0\0" + "Gr\u00f6\u00dfe".encode(), "Größe"),
        (b"ASCII\0\0\0" + "Gr\u00f6\u00dfe".encode("latin-1"), "Größe"),
        (b"\0" * 8 + "Fête".encode(), "Fête"),
        (b"\0" * 8 + "A boat".encode("utf-16-le"), "A boat"),
        (b"\0" * 8 + b"\x93A boat\x94", "“A boat”"),
        (b"UNICODE\0" + "Größe – 3 m".encode(), "Größe – 3 m"),
        (b"UNICODE\0Hello world, how are you", "Hello world, how are you"),
        (b"UNICODE\0\xef\xbb\xbfSee", "See"),
        (b"Unicode\0" + "Boot".encode("utf-16-be"), "Boot"),
        (b"JIS\0\0\0\0\0" + "桜の花".encode("iso2022_jp"), "桜の花"),
        (b"JIS\0\0\0\0\0" + "桜の花".encode("shift_jis"), "桜の花"),
        (b"JIS\0\0\0\0\0" + "桜の花".encode("euc_jp"), "桜の花"),
        (b"JIS\0\0\0\0\0plain", "plain"),
        (b"A comment without a code", "A comment without a code"),
        (b"\0" * 300, ""),
        (b"ASCII\0\0\0" + b" " * 100, ""),
        (b"\0" * 8 + b"ab\0\x01\x02\0\0\x05cd", ""),
        (b"ASCII\0\0\0", ""),
        (b"", ""),
    ],
)
def test_comments_in_every_encoding(value, text):
    assert clean(read_user_comment(value), 1000) == text
    assert with_exif(None, {0x9286: value}) == ({"description": text} if text else {})


@settings(deadline=None)
@given(
    st.binary(max_size=60), st.sampled_from([b"", b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0"])
)
def test_any_bytes_as_a_comment(data, code):
    assert isinstance(read_user_comment(code + data), str)


@pytest.mark.parametrize(
    ("comments", "text"),
    [
        ([b"Et voila. For starters we have warmed goats cheese"], "Et voila. For starters we have"),
        (["Größe in UTF-8".encode()], "Größe in UTF-8"),
        (["Größe in Latin-1".encode("latin-1")], "Größe in Latin-1"),
        ([b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n", b"My boat"], "My boat"),
        ([b"My boat\0"], "My boat"),
        ([b"LEAD Technologies Inc. V1.01\0"], ""),
        ([b"JFIF\0\x01\x01\x01\0HyH\0\0"], ""),
        ([b""], ""),
    ],
)
def test_jpeg_comments(comments, text):
    found = with_comment(*comments).get("description", "")
    assert str(found).startswith(text) and bool(found) == bool(text)


@pytest.mark.parametrize("text", ["Größe", "桜の花", "Łódź", "Fête – “nuit”"])
def test_iptc_in_utf8(text):
    assert with_iptc((105, text.encode()), utf8=True) == {"headline": text}
    assert with_iptc((105, text.encode())) == {"headline": text}


@pytest.mark.parametrize("text", ["Größe", "Fête de nuit", "“Ångström”"])
def test_iptc_in_latin_1(text):
    assert with_iptc((120, text.encode("cp1252"))) == {"description": text}


def test_a_character_that_a_limit_has_cut_is_left_out():
    assert with_iptc((105, "Größe".encode()[:-2])) == {"headline": "Grö"}
    assert with_iptc((105, "桜の花".encode()[:-1]), utf8=True) == {"headline": "桜の"}
    assert with_exif({0x010E: "Orléans".encode()[:5]}) == {"description": "Orlé"}


def test_texts_are_in_one_unicode_form_and_without_control_characters():
    decomposed = "Cafe\u0301 \u1112\u1161\u11ab"
    assert with_exif({0x010E: decomposed.encode()})["description"] == "Café 한"
    assert with_xmp(f"<dc:title>{decomposed}</dc:title>")["title"] == "Café 한"
    assert with_png(international("Title", decomposed))["title"] == "Café 한"
    assert (
        clean("می\u200cخواهم 👩\u200d🚀\u202e\u2028x\ufeff", 100) == "می\u200cخواهم 👩\u200d🚀\nx"
    )


# -- PNG and SVG -------------------------------------------------------------------------------


def packed(name: str, text: str) -> tuple[bytes, bytes]:
    return b"zTXt", name.encode() + b"\0\0" + zlib.compress(text.encode("latin-1"))


@pytest.mark.parametrize(
    ("chunk", "field", "value"),
    [
        ((b"tEXt", b"Title\0Gr\xf6\xdfe"), "title", "Größe"),
        ((b"tEXt", "title\0Größe".encode()), "title", "Größe"),
        (packed("Description", "Fête"), "description", "Fête"),
        (international("Author", "桜"), "creator", "桜"),
        (international("Artist", "Ann", packed=True), "creator", "Ann"),
        ((b"tEXt", b"Copyright\0Ann 2020"), "copyright", "Ann 2020"),
        ((b"tEXt", b"Comment\0My boat"), "description", "My boat"),
        ((b"tEXt", b"Keywords\0sea; boat, sky"), "keywords", ["sea", "boat", "sky"]),
    ],
)
def test_png_texts(chunk, field, value):
    assert with_png(chunk) == {field: value}


def test_png_texts_survive_damage_and_cannot_explode(tmp_path):
    whole = png_bytes((b"tEXt", b"Title\0Boat"))
    assert read_png_text(whole.replace(b"Boat", b"Coat")) == {"Title": ["Coat"]}
    assert read_png_text(whole[:51]) == {"Title": ["Boat"]}
    bomb = b"Comment\0\0" + zlib.compress(b"x" * (60 << 20))
    [text] = read_png_text(png_bytes((b"zTXt", bomb)))["Comment"]
    assert len(text) == 2 << 20
    many = png_bytes(*[(b"zTXt", bomb)] * 20)
    assert sum(len(text) for texts in read_png_text(many).values() for text in texts) <= 12 << 20
    stream = zlib.compress("Ein langer Text über Boote. ".encode("latin-1") * 40, 0)
    damaged = png_bytes((b"zTXt", b"Comment\0\0" + stream[:900] + b"\xff" * 20))
    assert read_png_text(damaged)["Comment"][0].startswith("Ein langer Text über")
    (tmp_path / "a.png").write_bytes(png_bytes(international("Title", "Boat", packed=True)))
    assert open_here(tmp_path / "a.png", Limits(), 100).metadata == {"title": "Boat"}


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_png(data):
    read_png_text(b"\x89PNG\r\n\x1a\n" + data)
    read_png_text(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(data)) + b"iTXt" + data)


def test_drawings_say_their_title_and_description(tmp_path):
    (tmp_path / "a.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><title>Boat</title>"
        "<desc>A <b>red</b> boat</desc><g><title>not this</title></g></svg>"
    )
    found = open_here(tmp_path / "a.svg", Limits(), 100).metadata
    assert found == {"title": "Boat", "description": "A red boat"}
    (tmp_path / "b.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    )
    assert open_here(tmp_path / "b.svg", Limits(), 100).metadata == {}


def test_a_gif_comment(tmp_path):
    for comment, expected in (
        (b"My boat", "My boat"),
        ("Fête".encode(), "Fête"),
        (b"Created with GIMP", ""),
    ):
        Image.new("P", (4, 4)).save(tmp_path / "a.gif", comment=comment)
        found = open_here(tmp_path / "a.gif", Limits(), 100).metadata
        assert found == ({"description": expected} if expected else {})


# -- automatic texts ---------------------------------------------------------------------------


AUTOMATIC = (
    """
OLYMPUS DIGITAL CAMERA|SONY DSC|MINOLTA DIGITAL CAMERA|SANYO DIGITAL CAMERA|SAMSUNG|Konica Digital Camera|
KODAK DC3400 ZOOM DIGITAL CAMERA|Samsung Techwin Co. Ltd.|<Digital Camera>|TRAVELER DIGITAL CAMERA|
Created with GIMP|Created with The GIMP|Screenshot|Untitled|DSC00019|IMG_1234.JPG|000015|---|Default|
Test description string for metadata-extractor|File written by Adobe Photoshop¨ 4.0|AppleMark|Lavc58.54.100|
CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), default quality|LEAD Technologies Inc. V1.01|ASCII|
Created by ImageGear, AccuSoft Corp.|Kakadu-v5.2.1|Created by OpenJPEG version 2.0.0|oznor|Image|
Processed By eBay with ImageMagick, z1.1.0.|Optimized by JPEGmini 3.9.20.0|Software: Adobe ImageReady|
Generated by Matplotlib 3.5|Edited with Snapseed|Intel(R) JPEG Library, version [1.51.12.44]|
File source: http://commons.wikimedia.org/wiki/File:Boat.jpg|AI generated image|Test copyright string|
{"sensor_type":"rear","mirror":false}|<x:y>1</x:y>|Exif_JPEG_PICTURE|(C) by RDC-5300 User|Copyright,|
0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567
""".replace("|\n", "|")
    .strip()
    .split("|")
)
WRITTEN = (
    """
Sony headquarters in Tokyo, seen from the station at night|Canon in D, first rehearsal|Apple|Acer|Sharp|
A digital camera on a table|Created with love by my daughter|Taken with my grandfather's camera|
1984 in Berlin|Made with fire and water|Edited by Ann|NGC7000|B-52|Nikon museum Tokyo|Leica camera|
My image of the year|
🐱|❤️ 2020|é|猫|<3 my cat|Place: Rome|Place: Rome; People: Ann|Steps: up to the tower|untitled boat|
Screenshot of the new site|Written by hand|Photo by Ann|Boats (1962)|R2D2 costume|Paint it black|{boat}
""".replace("|\n", "|")
    .strip()
    .split("|")
)


@pytest.mark.parametrize("text", [text for text in AUTOMATIC if text])
def test_texts_of_devices_and_programs_are_left_out(text):
    assert is_automatic(text), text


@pytest.mark.parametrize("text", WRITTEN)
def test_texts_of_people_stay(text):
    assert not is_automatic(text), text
    assert with_exif({0x010E: text.encode()})["description"] == text


def test_the_name_of_the_camera_is_not_a_description():
    for make, model, text in (
        ("Trust", "PowerCam", "Trust PowerCam"),
        ("Apple", "iPhone 4", "Apple"),
        ("Leica", "M9", "Leica M9"),
    ):
        assert "description" not in with_exif({0x010F: make, 0x0110: model, 0x010E: text})
    assert (
        with_exif({0x010F: "Canon", 0x0110: "EOS 7D", 0x010E: "Leica"}).get("description") is None
    )
    assert with_exif({0x0131: "My Scanner 3", 0x010E: "my scanner 3"}) == {}


def test_settings_are_not_a_comment():
    dump = "Set: 1242 \r\nFrameID: 590 \r\nPoint: 0.241 \r\nDirection: up"
    assert with_exif(None, {0x9286: b"UNICODE\0" + dump.encode("utf-16-le")}) == {}
    assert is_automatic("iso=100; gain=1.5; mode=auto")
    assert not is_automatic("Place: Rome\nPeople: Ann\nEvent: wedding")


@settings(deadline=None, max_examples=300)
@given(st.text(min_size=1, max_size=200))
def test_any_text_is_judged(text):
    cleaned = clean(text, 200)
    if cleaned:
        assert is_automatic(cleaned) in (True, False)


def test_a_picture_without_texts_has_no_fields():
    assert read_metadata(jpeg(), b"") == {}
    stream = io.BytesIO()
    Image.new("RGB", (2, 2)).save(stream, "WEBP")
    assert read_metadata(Image.open(stream), stream.getvalue()) == {}


@pytest.mark.parametrize("name", ["iptc", "8bim", "APP13"])
def test_iptc_in_a_png_file(name):
    wrapped = iptc((105, "Größe".encode()), (25, b"sea"))[14:]
    # The resource has twelve bytes before the data.
    for block in (wrapped, wrapped[12:]):
        profile = f"\n{name}\n{len(block):8}\n{block.hex()}\n"
        found = with_png(packed(f"Raw profile type {name}", profile))
        assert found == {"headline": "Größe", "keywords": ["sea"]}
    assert with_png(packed(f"Raw profile type {name}", f"\n{name}\n 9\nno hex")) == {}


def test_iptc_in_a_tiff_file():
    tags = ImageFileDirectory_v2()
    tags.tagtype[33723] = 7
    tags[33723] = iptc((120, b"At sea"))[26:]
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "TIFF", tiffinfo=tags)
    assert read_metadata(Image.open(stream)) == {"description": "At sea"}


def test_a_long_or_damaged_dataset():
    long = "A long caption. " * 600
    size = len(long).to_bytes(4, "big")
    block = (
        b"\x1c\x02\x69\0\x01A"
        + b"\x1c\x02\x78\x80\x04"
        + size
        + long.encode()
        + b"\x1c\x02\x19\xff"
    )
    image = jpeg()
    image.info["photoshop"] = {0x0404: block}
    assert read_metadata(image) == {"headline": "A", "description": long.strip()}
    image.info["photoshop"] = {0x0404: block[:6] + b"garbage" + block}
    assert read_metadata(image) == {"headline": "A"}
