"""Files with one piece of metadata each, made by hand where no library writes it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

from PIL import Image

from imagedb_site.pictures.metadata import read_metadata

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "acdsee": "http://ns.acdsee.com/iptc/1.0/",
    "darktable": "http://darktable.sf.net/",
    "o": "urn:other",
}


def jpeg(**options: object) -> Image.Image:
    return Image.open(io.BytesIO(jpeg_bytes(**options)))


def jpeg_bytes(**options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "JPEG", **options)
    return stream.getvalue()


def exif_block(main=None, detail=None, gps=None) -> bytes:
    exif = Image.Exif()
    for tag, value in (main or {}).items():
        exif[tag] = value
    if detail:
        exif.get_ifd(0x8769).update(detail)
    if gps:
        exif.get_ifd(0x8825).update(gps)
    return exif.tobytes()


def with_exif(main=None, detail=None, gps=None) -> dict[str, object]:
    return read_metadata(jpeg(exif=exif_block(main, detail, gps)))


def packet(inner: str, attributes: str = "") -> bytes:
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
    <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
     xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
     {names} {attributes}>{inner}
    </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def bag(name: str, *values: str) -> str:
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"


def with_xmp(inner: str, attributes: str = "") -> dict[str, object]:
    return read_metadata(jpeg(xmp=packet(inner, attributes)))


def iptc(*datasets: tuple[int, bytes], utf8: bool = False) -> bytes:
    records = b"\x1c\x01\x5a\0\x03\x1b%G" if utf8 else b""
    records += b"".join(b"\x1c\x02" + struct.pack(">BH", n, len(v)) + v for n, v in datasets)
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    return b"Photoshop 3.0\0" + block + b"\0" * (len(block) % 2)


def with_iptc(*datasets: tuple[int, bytes], utf8: bool = False) -> dict[str, object]:
    return with_segments((0xED, iptc(*datasets, utf8=utf8)))


def with_segments(*segments: tuple[int, bytes], **options: object) -> dict[str, object]:
    """The metadata of a JPEG with these segments, each a marker and its content."""
    data = jpeg_bytes(**options)
    added = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )
    data = data[:2] + added + data[2:]
    return read_metadata(Image.open(io.BytesIO(data)), data)


def with_comment(*comments: bytes) -> dict[str, object]:
    return with_segments(*((0xFE, comment) for comment in comments))


def png_bytes(*chunks: tuple[bytes, bytes]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "PNG")
    data = stream.getvalue()
    added = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    # After the header, which is 33 bytes long.
    return data[:33] + added + data[33:]


def with_png(*chunks: tuple[bytes, bytes]) -> dict[str, object]:
    data = png_bytes(*chunks)
    return read_metadata(Image.open(io.BytesIO(data)), data)


def with_png_texts(texts: Mapping[str, str]) -> dict[str, object]:
    return with_png(*(international(name, text) for name, text in texts.items()))


def international(name: str, text: str, *, packed: bool = False) -> tuple[bytes, bytes]:
    body = zlib.compress(text.encode()) if packed else text.encode()
    return b"iTXt", name.encode("latin-1") + b"\0" + bytes([packed, 0]) + b"en\0\0" + body
