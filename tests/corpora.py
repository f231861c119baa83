"""Picture files like those people have, written with fixed seeds, so that a fresh clone can test them all.

They lie in the folders `formats`, `camera` and `hostile`, about 200 small files. If a collection of real
files with these folders exists beside the repository (`../shared/data`), the same tests run on it too.
"""

from __future__ import annotations

import atexit
import io
import random
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

COLLECTED = Path(__file__).parents[2] / "shared" / "data"
"""Real files. They are not part of the repository."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What has to be done to an upright picture so that this EXIF orientation makes it upright again."""
CAMERAS = (
    ("Canon", "Canon EOS 7D", "JPEG", "jpg"),
    ("NIKON CORPORATION", "NIKON D70", "JPEG", "jpg"),
    ("Apple", "iPhone 4", "JPEG", "jpg"),
    ("SONY", "CYBERSHOT", "PNG", "png"),
    ("HTC", "Desire", "WEBP", "webp"),
)
SHOTS = 6
"""Pictures taken by each camera."""


@dataclass(frozen=True)
class Corpus:
    """Folders of picture files: those of this module, or the collected ones."""

    made: bool

    @property
    def folder(self) -> Path:
        return write() if self.made else COLLECTED

    def files(self, name: str) -> list[Path]:
        """The files of one folder, sorted by name."""
        return sorted(path for path in (self.folder / name).iterdir() if path.is_file())

    def file(self, name: str) -> Path:
        return self.folder / "formats" / name


MADE = Corpus(made=True)
needs_collected = pytest.mark.skipif(
    not COLLECTED.is_dir(), reason="the collected files are not installed"
)
each_corpus = pytest.mark.parametrize(
    "corpus",
    [
        pytest.param(MADE, id="made"),
        pytest.param(Corpus(made=False), id="collected", marks=needs_collected),
    ],
)
"""Runs a test on the files of this module, then on the collected ones if there are any."""


@cache
def write() -> Path:
    """Write all files into a folder that is removed when the tests end; equal bytes in every run."""
    folder = Path(tempfile.mkdtemp(prefix="imagedb-corpus-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, files in (("formats", formats), ("camera", camera), ("hostile", hostile)):
        (folder / name).mkdir()
        for file, data in files():
            (folder / name / file).write_bytes(data)
    return folder


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A smooth picture without any symmetry, so that it looks different in every orientation."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = x / (width - 1), y / (height - 1)
    planes = (255 * u, 255 * v, 255 * (1 - u) * (1 - v) * 0.8 + 40 * np.sin(5 * u + 3 * v))
    return Image.fromarray(np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


# -- formats -----------------------------------------------------------------------------------


def formats() -> Iterator[tuple[str, bytes]]:
    """One scene in many formats, orientations and depths."""
    upright = scene()
    for suffix, kind in (("ppm", "PPM"), ("png", "PNG"), ("bmp", "BMP"), ("tif", "TIFF")):
        yield f"hopper.{suffix}", saved(upright, kind)
    yield "hopper.gif", saved(upright.quantize(256), "GIF")
    yield "hopper.jpg", saved(upright, "JPEG", quality=92)
    yield "hopper.webp", saved(upright, "WEBP", quality=92)
    for orientation, turn in TURNS.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = upright.transpose(turn)
        yield (
            f"hopper_orientation_{orientation}.jpg",
            saved(stored, "JPEG", quality=92, exif=exif.tobytes()),
        )
        yield (
            f"hopper_orientation_{orientation}.webp",
            saved(stored, "WEBP", quality=92, exif=exif.tobytes()),
        )
    fax = upright.convert("L").point(lambda tone: 255 * (tone > 110), mode="1")
    for orientation in range(1, 9):
        tags = ImageFileDirectory_v2()
        tags[274] = orientation
        stored = fax.transpose(TURNS[orientation]) if orientation in TURNS else fax
        data = saved(stored, "TIFF", compression="group4", tiffinfo=tags)
        yield f"g4_orientation_{orientation}.tif", data
    yield "hopper.iccprofile.tif", saved(upright, "TIFF", icc_profile=wide_profile())
    yield from depths()


def depths() -> Iterator[tuple[str, bytes]]:
    """Pictures with 16 bits per channel."""
    colours = np.asarray(scene(), dtype=np.uint16) * 257
    alpha = np.linspace(0, 65_535, colours.shape[1]).astype(np.uint16)
    alpha = np.broadcast_to(alpha[None, :, None], (*colours.shape[:2], 1))
    premultiplied = (colours.astype(np.uint32) * alpha // 65_535).astype(np.uint16)
    yield "tiff_16bit_RGB.tiff", tiff16(colours)
    yield "tiff_16bit_RGB_target.png", saved(scene(), "PNG")
    yield "tiff_16bit_RGBa.tiff", tiff16(np.concatenate([premultiplied, alpha], -1))
    transparent = np.concatenate([np.asarray(scene()), (alpha >> 8).astype(np.uint8)], -1)
    yield "tiff_16bit_RGBa_target.png", saved(Image.fromarray(transparent), "PNG")
    grey = Image.fromarray(np.asarray(scene().convert("L"), dtype=np.uint16) * 257)
    yield "16bit.cropped.tif", saved(grey, "TIFF")
    yield "16bit.MM.cropped.tif", tiff16(np.asarray(grey)[..., None], ">")
    yield "16bit.cropped.jp2", saved(grey, "JPEG2000")
    yield "hopper_16bit.pgm", saved(grey, "PPM")


def tiff16(pixels: np.ndarray, order: str = "<") -> bytes:
    """An uncompressed TIFF file of u16[height, width, channels]: Pillow reads such files and writes none."""
    height, width, channels = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    bits, at = struct.pack(f"{order}{channels}H", *[16] * channels), 8
    short, long = 3, 4
    entries = [
        (256, long, 1, width),
        (257, long, 1, height),
        (258, short, channels, at if channels > 2 else 16),
        (259, short, 1, 1),
        (262, short, 1, 2 if channels > 1 else 1),
        (273, long, 1, at + len(bits)),
        (277, short, 1, channels),
        (278, long, 1, height),
        (279, long, 1, len(data)),
        *([(338, short, 1, 1)] if channels == 4 else []),  # premultiplied alpha
    ]
    directory = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        small = kind == short and count == 1
        body = struct.pack(f"{order}HH", value, 0) if small else struct.pack(f"{order}I", value)
        directory += struct.pack(f"{order}HHI", tag, kind, count) + body
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = struct.pack(f"{order}I", at + len(bits) + len(data))
    return mark + start + bits + data + directory + bytes(4)


def wide_profile() -> bytes:
    """A display profile with the primaries of Display P3, made from the one of sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.2920, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for number in range(int.from_bytes(profile[128:132], "big")):
        name, offset = struct.unpack_from(">4sI", profile, 132 + 12 * number)
        for place, value in enumerate(primaries.get(name, ())):
            struct.pack_into(">i", profile, offset + 8 + 4 * place, round(value * 65_536))
    return bytes(profile)


# -- cameras -----------------------------------------------------------------------------------


def camera() -> Iterator[tuple[str, bytes]]:
    """Pictures with EXIF, GPS, XMP and IPTC as cameras and photo editors write them."""
    chance = random.Random(11)
    for make, model, kind, suffix in CAMERAS:
        for shot in range(SHOTS):
            exif = camera_exif(make, model, shot, chance)
            options: dict[str, object] = {"exif": exif.tobytes()}
            if kind != "PNG":
                options["xmp"] = camera_xmp(f"{model} {shot}")
            data = saved(scene(72 + shot, 48), kind, **options)
            if kind == "JPEG":
                data = data[:2] + camera_iptc(shot) + data[2:]
            yield f"{model} {shot}.{suffix}", data


def camera_exif(make: str, model: str, shot: int, chance: random.Random) -> Image.Exif:
    """EXIF with a serial number, an owner and, for every second picture, a position."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = make, model, 1 + shot % 8
    exif[0x013B], exif[0x8298] = "Ann Example", "(c) Ann Example"
    exif.get_ifd(0x8769).update(
        {
            0x9003: f"20{10 + shot}:07:11 13:53:{shot:02}",
            0x829A: chance.choice((0.004, 0.0166, 2.0)),
            0x829D: chance.choice((1.8, 2.8, 8.0)),
            0x8827: chance.choice((100, 400, 3200)),
            0x920A: chance.choice((3.85, 35.0, 50.0)),
            0xA434: "50mm f/1.8",
            0xA430: "Ann Example",
            0xA431: f"SERIAL-{shot}",
            0xA435: f"LENS-{shot}",
            0x927C: b"maker note " + bytes(range(32)),
        }
    )
    if shot % 2 == 0:
        exif.get_ifd(0x8825).update(
            {1: "N", 2: (41.0, 51.0, 10.8), 3: "E", 4: (12.0, 29.0, 19.8), 5: b"\0", 6: 37.5}
        )
    return exif


def camera_xmp(title: str) -> bytes:
    def alternatives(text: str) -> str:
        return f'<rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt>'

    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
    <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
     xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
     xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{alternatives(title)}</dc:title>
     <dc:subject><rdf:Bag><rdf:li>boat</rdf:li><rdf:li>harbour</rdf:li></rdf:Bag></dc:subject>
    </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def camera_iptc(shot: int) -> bytes:
    """A JPEG segment with keywords and a place."""
    values = ((25, b"boat"), (25, b"shot %d" % shot), (90, b"Rome"), (101, b"Italy"))
    records = b"".join(b"\x1c\x02" + struct.pack(">BH", n, len(v)) + v for n, v in values)
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    body = b"Photoshop 3.0\0" + block + b"\0" * (len(block) % 2)
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


# -- hostile files -----------------------------------------------------------------------------


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` cut short, with a piece missing, or with some bytes changed."""
    changed = bytearray(data)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(changed[: chance.randrange(len(changed))])
    if kind == 1:
        at = chance.randrange(len(changed))
        del changed[at : at + chance.randrange(1, 200)]
        return bytes(changed)
    for _ in range(chance.choice((1, 4, 40))):
        # The bytes that decide how a file is read are mostly near its beginning.
        at = chance.randrange(min(len(changed), chance.choice((64, 600, 1 << 30))))
        changed[at] = chance.choice((0, 255, 127, 128, chance.randrange(256)))
    return bytes(changed)


def hostile() -> Iterator[tuple[str, bytes]]:
    """Damaged files of the common formats, and EXIF that tries to mislead its reader."""
    chance = random.Random(7)
    exif = camera_exif("Canon", "Canon EOS 7D", 0, chance).tobytes()
    kinds: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {
        "JPEG": ("jpg", lambda image: saved(image, "JPEG", exif=exif)),
        "progressive": ("jpg", lambda image: saved(image, "JPEG", progressive=True)),
        "PNG": ("png", lambda image: saved(image, "PNG", exif=exif)),
        "WEBP": ("webp", lambda image: saved(image, "WEBP", exif=exif)),
        "GIF": ("gif", lambda image: saved(image.quantize(64), "GIF")),
        "TIFF": ("tif", lambda image: saved(image, "TIFF", compression="tiff_lzw")),
    }
    for kind, (suffix, make) in kinds.items():
        noise = np.random.default_rng(7).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        whole = make(Image.fromarray(noise))
        for tenth in range(1, 10):
            yield f"cut-{kind}-{tenth}.{suffix}", whole[: len(whole) * tenth // 10]
        for number in range(12):
            yield f"flipped-{kind}-{number:02}.{suffix}", damaged(whole, chance)
    plain = saved(scene(), "JPEG")
    for name, body in hostile_exif().items():
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 8) + b"Exif\0\0" + body
        yield f"exif-{name}.jpg", plain[:2] + segment + plain[2:]


def hostile_exif() -> dict[str, bytes]:
    """TIFF directories that point outside the file or to themselves, or announce too much data."""

    def directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
        body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        return (
            b"II*\0\x08\0\0\0"
            + struct.pack("<H", len(entries))
            + body
            + struct.pack("<I", following)
        )

    ascii_text, short, rational, undefined = 2, 3, 5, 7
    return {
        "empty": b"",
        "no-directory": b"II*\0",
        "far-directory": b"II*\0\xff\xff\xff\x7f",
        "loop": directory((0x0112, short, 1, 6), following=8),
        "detail-loop": directory((0x8769, 4, 1, 8)),
        "position-loop": directory((0x8825, 4, 1, 8)),
        "far-text": directory((0x010F, ascii_text, 4_000_000_000, 4_000_000_000)),
        "long-text": directory((0x010E, ascii_text, 0xFFFFFFFF, 8)),
        "many-shorts": directory((0x0112, short, 0x40000000, 8)),
        "wrong-kind": directory((0x0112, 99, 1, 6), (0x010F, 0, 1, 0)),
        "turned-nine-times": directory((0x0112, short, 1, 9)),
        "no-denominator": directory((0x829A, rational, 1, 8)),
        "unsorted": directory((0x8769, undefined, 4, 0), (0x0001, short, 1, 1)),
        "announces-many": b"II*\0\x08\0\0\0\xff\xff" + bytes(40),
    }
