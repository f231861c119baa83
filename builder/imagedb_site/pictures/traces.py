"""What the metadata of a published picture reveals: every block around the pixels, read and searched."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags, Image

from imagedb_site.pictures.png_text import read_png_text
from imagedb_site.pictures.privacy import is_owner, revealed
from imagedb_site.pictures.private import jpeg_end, jpeg_segments
from imagedb_site.pictures.texts import as_utf8, decode, to_text

_SERIALS = {0xA431: "BodySerialNumber", 0xA435: "LensSerialNumber", 0xC62F: "CameraSerialNumber"}
_OWNERS = {0xA430: "CameraOwnerName", 0xFDE8: "OwnerName", 0x013C: "HostComputer"}
_CREDITS = {0x013B: "Artist", 0x8298: "Copyright", 0x9C9D: "XPAuthor"}
_MAKER_NOTE, _USER_COMMENT = 0x927C, 0x9286
_XMP_NAMES = (
    ("position", re.compile(r"[\w-]+:GPS\w+")),
    ("serial number", re.compile(r"[\w-]+:\w*SerialNumber")),
    ("owner", re.compile(r"[\w-]+:\w*OwnerName")),
    ("place", re.compile(r"photoshop:(?:City|State|Country)|Iptc4xmpCore:Location")),
)
_IPTC_PLACES = (90, 92, 95, 101)
_KNOWN_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)
_KNOWN_RIFF = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_MAX_TEXT = 1 << 20
_CLIP = 80
_DAMAGE = (ValueError, IndexError, struct.error, zlib.error)

Block = tuple[str, bytes]


@dataclass(frozen=True)
class Trace:
    """Something private: its kind, the block and tag it stands in, and its text, clipped."""

    kind: str
    place: str
    text: str


def metadata_blocks(data: bytes) -> list[Block]:
    """Returns the blocks of a picture file that are not needed to show it, each with its name.

    Works on the containers of JPEG, PNG and WebP; of other formats, on what Pillow finds.
    """
    try:
        if data[:3] == b"\xff\xd8\xff":
            return list(_jpeg(data))
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return list(_png(data))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return list(_webp(data))
    except _DAMAGE:
        return [*_opened(data), ("a damaged container", b"")]
    return _opened(data)


def traces(data: bytes) -> list[Trace]:
    """Returns everything private in the metadata of a picture file."""
    found: list[Trace] = []
    for name, body in metadata_blocks(data):
        if name == "EXIF":
            found += _exif(body)
        elif name == "XMP":
            text = body.decode("utf-8", "replace")[:_MAX_TEXT]
            found += [
                Trace(kind, f"XMP {match[0]}", "")
                for kind, pattern in _XMP_NAMES
                if (match := pattern.search(text))
            ]
            found += _in_text("XMP", text)
        elif name == "IPTC":
            found += _in_text("IPTC", decode(body))
            if any(b"\x1c\x02" + bytes([number]) in body for number in _IPTC_PLACES):
                found.append(Trace("place", "IPTC", ""))
        elif name == "ICC":
            found += _in_text(name, body.decode("latin-1"), mail=False)
            found += _in_text(name, body.decode("utf-16-be", "ignore"), mail=False)
        elif name.startswith(("comment", "text")):
            found += _in_text(name, decode(body))
        else:
            found.append(Trace("hidden data", name, f"{len(body):,} bytes"))
    return list(dict.fromkeys(found))


def _in_text(place: str, text: str, *, mail: bool = True) -> list[Trace]:
    kinds = revealed(text[:_MAX_TEXT])
    return [Trace(kind, place, what[:_CLIP]) for kind, what in kinds if mail or kind != "e-mail"]


def _exif(block: bytes) -> list[Trace]:
    exif = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif.load(block if block[:6] == b"Exif\0\0" else b"Exif\0\0" + block)
            tags = {**dict(exif), **exif.get_ifd(0x8769)}
            gps, thumbnail = exif.get_ifd(0x8825), exif.get_ifd(ExifTags.IFD.IFD1)
    except Exception:  # hostile EXIF
        return [Trace("hidden data", "EXIF that cannot be read", f"{len(block):,} bytes")]
    found = (
        [Trace("position", "EXIF GPS", ", ".join(map(str, gps.values()))[:_CLIP])] if gps else []
    )
    if thumbnail:
        found.append(Trace("embedded thumbnail", "EXIF", ""))
    owners = [_text(tags[tag]) for tag in _OWNERS if tag in tags]
    for tag, value in tags.items():
        text = _text(value)
        for kind, names in (("serial number", _SERIALS), ("owner", _OWNERS)):
            if tag in names:
                found.append(Trace(kind, f"EXIF {names[tag]}", text[:_CLIP]))
        name = f"EXIF {_CREDITS.get(tag, f'tag 0x{tag:04X}')}"
        if tag == _MAKER_NOTE:
            found.append(Trace("hidden data", "EXIF maker note", f"{len(value):,} bytes"))
        elif tag in _CREDITS:
            found += _in_text(name, text, mail=False)
            if is_owner(text, owners):
                found.append(Trace("owner", name, text[:_CLIP]))
        elif isinstance(value, str | bytes):
            found += _in_text(name, text)
    return found


def _text(value: object) -> str:
    """The text of a tag, also of a comment that begins with its encoding or is UTF-16."""
    if isinstance(value, bytes):
        value = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0")
        if value[1:2] == b"\0":
            return value.decode("utf-16-le", "ignore").strip("\0")
        return decode(value.strip(b"\0"))
    return to_text(as_utf8(value) if isinstance(value, str) else value, _MAX_TEXT)


def _jpeg(data: bytes) -> Iterator[Block]:
    icc = b""
    after = 0
    for marker, segment, place in jpeg_segments(data):
        body = segment[4:]
        if marker == 0xE1 and body.startswith(b"Exif\0"):
            yield "EXIF", body
        elif marker == 0xE1 and b"ns.adobe.com/x" in body[:40]:
            yield "XMP", body
        elif marker == 0xED:
            yield "IPTC", body
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            icc += body[14:]
        elif marker == 0xFE:
            yield "comment", body
        elif marker == 0xE0 and body.startswith(b"JFIF\0"):
            if len(body) > 14:
                yield "JFIF thumbnail", body[14:]
        elif marker == 0xEE and body.startswith(b"Adobe"):
            if len(body) > 12:
                yield "bytes in APP14", body[12:]
        elif 0xE0 <= marker <= 0xEF:
            yield f"APP{marker - 0xE0}", body
        after = place
        if marker == 0xDA:
            break
    if icc:
        yield "ICC", icc
    rest = data[jpeg_end(data, after) :]
    if rest[:3] == b"\xff\xd8\xff":
        yield "second picture", b""
        yield from metadata_blocks(rest)
    elif rest:
        yield "bytes behind the end", rest


def _png(data: bytes) -> Iterator[Block]:
    for name, texts in read_png_text(data).items():
        for text in texts:
            yield ("XMP" if name == "XML:com.adobe.xmp" else f"text {name[:40]}"), text.encode()
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"eXIf":
            yield "EXIF", body
        elif kind == b"iCCP":
            yield "ICC", zlib.decompressobj().decompress(body.partition(b"\0")[2][1:], _MAX_TEXT)
        elif kind not in _KNOWN_CHUNKS and kind not in (b"tEXt", b"zTXt", b"iTXt"):
            yield f"chunk {kind.decode('latin-1')}", body
        at += 12 + length
        if kind == b"IEND":
            break
    if data[at:]:
        yield "bytes behind the end", data[at:]


def _webp(data: bytes) -> Iterator[Block]:
    stop = 8 + int(struct.unpack_from("<I", data, 4)[0])
    at = 12
    while at + 8 <= min(stop, len(data)):
        kind = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        name = {b"EXIF": "EXIF", b"XMP ": "XMP", b"ICCP": "ICC"}.get(kind)
        if name or kind not in _KNOWN_RIFF:
            yield name or f"chunk {kind.decode('latin-1')}", body
        at += 8 + length + length % 2
    if data[stop + stop % 2 :]:
        yield "bytes behind the end", data[stop:]


def _opened(data: bytes) -> list[Block]:
    """What Pillow finds in a file of another format; of one that it cannot open, its text."""
    found: list[Block] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                exif = image.info.get("exif") or image.getexif().tobytes()
                named = (("XMP", "xmp"), ("ICC", "icc_profile"), ("comment", "comment"))
                blocks = [("EXIF", exif), *((name, image.info.get(key)) for name, key in named)]
                found = [(name, body) for name, body in blocks if isinstance(body, bytes) and body]
    except Exception:  # hostile files, drawings, films
        return [("text", data)]
    return found
