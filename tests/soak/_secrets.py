"""Pictures and tables with secrets in every place that can hold one."""

from __future__ import annotations

import io
import random
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from metadata_samples import international, iptc, packet

LATITUDE, LONGITUDE = 47.281934, 11.532718
_ASCII, _LONG, _RATIONAL, _BYTES = 2, 4, 5, 7


@dataclass
class Secrets:
    """Makes secrets and remembers them: `known` says in which place each was hidden."""

    chance: random.Random
    known: dict[str, str] = field(default_factory=dict)

    def new(self, place: str) -> str:
        """A word that stands nowhere else: letters that no stemmer changes, and digits."""
        word = "".join(self.chance.choices("bcdfgkmpqvxz", k=7)) + str(
            self.chance.randint(1000, 9999)
        )
        self.known[word] = place
        return word

    def path(self, place: str) -> str:
        """An absolute path with a secret."""
        word = self.new(f"path in {place}")
        return self.chance.choice(
            [
                f"/home/{word}/pictures/a.jpg",
                f"C:\\Users\\{word}\\a.jpg",
                f"\\\\{word}\\share\\a.jpg",
                f"/Volumes/{word}/a.jpg",
                f"file:///Users/{word}/a.jpg",
                f"D:/{word}/a.jpg",
            ]
        )

    def serial(self, place: str) -> str:
        """A text with a serial number in it."""
        return f"Serial number: {self.new(f'serial number in {place}')}"


def tiff(
    main: dict[int, tuple[int, bytes]],
    detail: dict[int, tuple[int, bytes]],
    gps: dict[int, tuple[int, bytes]],
    thumbnail: bytes,
) -> bytes:
    """An EXIF block by hand: four directories, the last one with a thumbnail."""
    sizes = {_ASCII: 1, _LONG: 4, _RATIONAL: 8, _BYTES: 1}
    directories = [dict(main), dict(detail), dict(gps), {}]
    directories[0] |= {0x8769: (_LONG, b"\0" * 4), 0x8825: (_LONG, b"\0" * 4)}
    directories[3] = {
        0x0103: (_LONG, struct.pack("<I", 6)),
        0x0201: (_LONG, b"\0" * 4),
        0x0202: (_LONG, struct.pack("<I", len(thumbnail))),
    }
    starts, at = [], 8
    for directory in directories:
        starts.append(at)
        at += 6 + 12 * len(directory)
        at += sum(len(value) + len(value) % 2 for _, value in directory.values() if len(value) > 4)
    directories[0][0x8769] = (_LONG, struct.pack("<I", starts[1]))
    directories[0][0x8825] = (_LONG, struct.pack("<I", starts[2]))
    directories[3][0x0201] = (_LONG, struct.pack("<I", at))
    parts = [b"II*\0", struct.pack("<I", 8)]
    for number, directory in enumerate(directories):
        heap, place = b"", starts[number] + 6 + 12 * len(directory)
        entries = b""
        for tag, (kind, value) in sorted(directory.items()):
            entries += struct.pack("<HHI", tag, kind, len(value) // sizes[kind])
            if len(value) <= 4:
                entries += value.ljust(4, b"\0")
            else:
                entries += struct.pack("<I", place + len(heap))
                heap += value + b"\0" * (len(value) % 2)
        following = starts[3] if number == 0 else 0
        parts += [struct.pack("<H", len(directory)), entries, struct.pack("<I", following), heap]
    return b"".join([*parts, thumbnail])


def exif(secrets: Secrets, place: str) -> bytes:
    """An EXIF block with everything that is private. The owner has set his name into the camera."""
    owner = f"{secrets.new(f'{place} owner')} Example"

    def text(value: str) -> tuple[int, bytes]:
        return _ASCII, value.encode() + b"\0"

    def degrees(value: float) -> tuple[int, bytes]:
        whole = int(value)
        minutes = int((value - whole) * 60)
        seconds = round(((value - whole) * 60 - minutes) * 60 * 10_000)
        return _RATIONAL, struct.pack("<6I", whole, 1, minutes, 1, seconds, 10_000)

    small = io.BytesIO()
    Image.new("RGB", (16, 12)).save(
        small, "JPEG", comment=secrets.new(f"{place} EXIF thumbnail").encode()
    )
    main = {
        0x010E: text(f"A walk. {secrets.serial(f'{place} ImageDescription')}"),
        0x010F: text("Canon"),
        0x0110: text("EOS 7D"),
        0x013B: text(owner),
        0x013C: text(secrets.new(f"{place} HostComputer")),
        0x8298: text(f"© 2020 {owner}"),
        0x9C9C: (_BYTES, secrets.path(f"{place} XPComment").encode("utf-16-le")),
        0xC62F: text(secrets.new(f"{place} CameraSerialNumber")),
        0xC4A5: (_BYTES, secrets.new(f"{place} PrintIM").encode()),
    }
    detail = {
        0x927C: (_BYTES, b"Canon\0" + secrets.new(f"{place} MakerNote").encode()),
        0x9286: (_BYTES, b"ASCII\0\0\0" + secrets.path(f"{place} UserComment").encode()),
        0xA420: text(secrets.new(f"{place} ImageUniqueID")),
        0xA430: text(owner),
        0xA431: text(secrets.new(f"{place} BodySerialNumber")),
        0xA435: text(secrets.new(f"{place} LensSerialNumber")),
    }
    gps = {
        1: text("N"),
        2: degrees(LATITUDE),
        3: text("E"),
        4: degrees(LONGITUDE),
        0x1C: (_BYTES, b"ASCII\0\0\0" + secrets.new(f"{place} GPS area").encode()),
    }
    return tiff(main, detail, gps, small.getvalue())


def xmp(secrets: Secrets, place: str) -> bytes:
    """An XMP packet with everything that is private."""
    names = {
        "aux:OwnerName": secrets.new(f"{place} XMP owner"),
        "aux:SerialNumber": secrets.new(f"{place} XMP serial"),
        "exifEX:LensSerialNumber": secrets.new(f"{place} XMP lens serial"),
        "exif:GPSLatitude": f"{int(LATITUDE)},{LATITUDE % 1 * 60:.6f}N",
        "exif:GPSLongitude": f"{int(LONGITUDE)},{LONGITUDE % 1 * 60:.6f}E",
        "photoshop:City": secrets.new(f"{place} XMP city"),
        "Iptc4xmpCore:Location": secrets.new(f"{place} XMP location"),
        "dc:description": secrets.path(f"{place} XMP description"),
        "photoshop:Instructions": secrets.new(f"{place} XMP instructions"),
        "o:DocumentPath": secrets.path(f"{place} XMP other"),
    }
    return packet("".join(f"<{name}>{value}</{name}>" for name, value in names.items()))


def _noise(number: int) -> Image.Image:
    coarse = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC)


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(secrets: Secrets, number: int, *, second: bool = True) -> bytes:
    """A JPEG with secrets in its segments, behind its end, and in a second picture."""
    stream = io.BytesIO()
    _noise(number).save(stream, "JPEG", quality=80, progressive=bool(number % 2))
    data = stream.getvalue()
    segments = [
        _segment(0xE1, b"Exif\0\0" + exif(secrets, "JPEG")),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(secrets, "JPEG")),
        _segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0" + secrets.new("JPEG extended XMP").encode(),
        ),
        _segment(
            0xED,
            iptc(
                (90, secrets.new("JPEG IPTC city").encode()),
                (92, secrets.new("JPEG IPTC place").encode()),
                (40, secrets.new("JPEG IPTC instructions").encode()),
                (120, secrets.serial("JPEG IPTC caption").encode()),
            ),
        ),
        _segment(0xE4, secrets.new("JPEG APP4").encode()),
        _segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + secrets.new("JPEG after APP14").encode())
        if number % 3 == 0
        else b"",
        _segment(0xFE, secrets.path("JPEG comment").encode()),
    ]
    behind = secrets.new("JPEG behind the end").encode()
    if second:
        behind = jpeg(secrets, number + 1000, second=False) + behind
    return data[:2] + b"".join(segments) + data[2:] + behind


def png(secrets: Secrets, number: int) -> bytes:
    """A PNG with secrets in its chunks and behind its end."""
    stream = io.BytesIO()
    _noise(number).save(stream, "PNG")
    data = stream.getvalue()
    packed = zlib.compress(secrets.path("PNG zTXt").encode())
    chunks = [
        (b"eXIf", exif(secrets, "PNG")),
        (b"tEXt", b"Comment\0" + secrets.path("PNG tEXt").encode()),
        (b"tEXt", b"Location\0" + secrets.new("PNG other tEXt").encode()),
        (b"zTXt", b"Description\0\0" + packed),
        international("XML:com.adobe.xmp", xmp(secrets, "PNG").decode()),
        international("Comment", secrets.serial("PNG iTXt"), packed=True),
        (b"prVt", secrets.new("PNG private chunk").encode()),
        (b"tIME", b"\x07\xe5\5\4\3\2\1"),
    ]
    added = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return data[:33] + added + data[33:] + secrets.new("PNG behind the end").encode()


def webp(secrets: Secrets, number: int) -> bytes:
    """A WebP with secrets in its chunks and behind its end."""
    stream = io.BytesIO()
    _noise(number).save(
        stream, "WEBP", quality=70, exif=exif(secrets, "WebP"), xmp=xmp(secrets, "WebP")
    )
    data = stream.getvalue()
    junk = secrets.new("WebP unknown chunk").encode()
    data += b"JUNK" + struct.pack("<I", len(junk)) + junk + b"\0" * (len(junk) % 2)
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    return data + secrets.new("WebP behind the end").encode()


def others(secrets: Secrets, number: int) -> dict[str, bytes]:
    """Formats whose metadata cannot be removed."""
    made = {}
    for name, kind in (("tif", "TIFF"), ("gif", "GIF"), ("avif", "AVIF"), ("heic", "HEIF")):
        stream = io.BytesIO()
        if kind == "GIF":
            _noise(number).save(stream, kind, comment=secrets.path("GIF comment").encode())
        elif kind == "HEIF":
            pillow_heif.from_pillow(_noise(number)).save(
                stream, exif=b"Exif\0\0" + exif(secrets, "HEIC")
            )
        elif kind == "TIFF":
            texts = {270: secrets.serial("TIFF description"), 316: secrets.new("TIFF HostComputer")}
            _noise(number).save(stream, kind, tiffinfo=texts)
        else:
            _noise(number).save(stream, kind, exif=b"Exif\0\0" + exif(secrets, "AVIF"))
        made[f"{number}.{name}"] = stream.getvalue()
    made[f"{number}.svg"] = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'>"
        f"<desc>{secrets.path('SVG desc')}</desc><metadata>{secrets.new('SVG metadata')}</metadata>"
        f"<rect width='20' height='{number % 20 + 5}' fill='red'/></svg>"
    ).encode()
    return made


def collection(folder: Path, secrets: Secrets, number: int) -> tuple[Path, Path]:
    """A folder of pictures with an XMP sidecar, below a folder with a secret name, and a table."""
    pictures = folder / secrets.new("the place of the collection") / "pictures"
    (pictures / "walk").mkdir(parents=True)
    for at in range(2):
        files = {
            f"walk/a{at}.jpg": jpeg(secrets, number + at),
            f"walk/b{at}.png": png(secrets, number + at),
            f"c{at}.webp": webp(secrets, number + at),
        }
        for name, data in files.items():
            (pictures / name).write_bytes(data)
    for name, data in others(secrets, number).items():
        (pictures / name).write_bytes(data)
    (pictures / "walk" / "a0.xmp").write_bytes(xmp(secrets, "sidecar"))
    columns = (
        "SourceFile",
        "Caption",
        "Directory",
        "GPSLatitude",
        "GPSLongitude",
        "Position",
        "BodySerialNumber",
        "OwnerName",
        "Preview",
        "Related",
    )
    lines = [",".join(columns)]
    for path in sorted(pictures.rglob("*")):
        if path.suffix not in ("", ".xmp"):
            position = f'"{LATITUDE}, {LONGITUDE}"'
            values = (
                str(path),
                "A walk with a dog",
                secrets.path("table Directory"),
                str(LATITUDE),
                str(LONGITUDE),
                position if number % 2 else "",
                secrets.new("table serial"),
                secrets.new("table owner"),
                secrets.path("table Preview"),
                secrets.path("table Related"),
            )
            lines.append(",".join(values))
    table = folder / "list.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return pictures, table
