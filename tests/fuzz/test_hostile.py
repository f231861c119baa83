"""Hostile collections: every file gives a picture or a reason in limited time, without effect on others."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from corpora import MADE, Corpus, damaged, each_corpus
from imagedb_site.pictures import DecodeError, Derived, Limits, Recipe, Work, derive_all
from imagedb_site.records import PictureRef

LIMITS = Limits(timeout_s=20)
THUMBNAIL = Recipe("thumbnail", 64, 75)


def derive(paths: list[Path]) -> list[tuple[str, Derived | DecodeError]]:
    """Derives from all of the files and checks that each gives a picture or a reason for people."""
    files = [(path.name, PictureRef(path, 0, 0)) for path in paths]
    found = []
    work = (Work(key, file, (THUMBNAIL,)) for key, file in files)
    for one, result in derive_all(work, limits=LIMITS, workers=2):
        if isinstance(result, DecodeError):
            assert 5 < len(str(result)) <= 300 and "Traceback" not in str(result)
            assert str(one.picture.path) not in str(result)
        else:
            made = result.derivatives[THUMBNAIL]
            with Image.open(io.BytesIO(made.data)) as image:
                image.load()
                assert image.size == (made.width, made.height)
            assert result.width * result.height <= LIMITS.max_pixels
        found.append((one.key, result))
    # Results arrive in the order of completion.
    assert sorted(key for key, _ in found) == sorted(key for key, _ in files)
    return sorted(found, key=lambda pair: pair[0])


def write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


@each_corpus
@pytest.mark.parametrize("folder", ["hostile", "formats", "camera"])
def test_every_file_gives_a_picture_or_a_reason(corpus: Corpus, folder: str) -> None:
    found = derive(corpus.files(folder))
    assert len(found) >= {"hostile": 100, "formats": 30, "camera": 30}[folder]
    # No file may crash a decoder process or exhaust its time.
    bad = {
        key for key, r in found if isinstance(r, DecodeError) and r.cause in ("timeout", "crash")
    }
    assert bad == set()


def test_hostile_files_are_refused_and_misleading_exif_is_not() -> None:
    found = dict(derive(MADE.files("hostile")))
    short = [r for key, r in found.items() if key.startswith("cut-") and "-1." in key]
    assert len(short) == 6 and all(isinstance(result, DecodeError) for result in short)
    exif = [result for key, result in found.items() if key.startswith("exif-")]
    assert len(exif) >= 10 and all(isinstance(result, Derived) for result in exif)


@each_corpus
def test_good_files_among_them_are_read(corpus: Corpus) -> None:
    starts = ("hopper.", "hopper_orientation", "g4_", "tiff_16bit", "icc_profile")
    found = derive([path for path in corpus.files("formats") if path.name.startswith(starts)])
    assert len(found) > 30
    assert {key for key, result in found if isinstance(result, DecodeError)} == set()


FORMATS = {
    "JPEG": "jpg",
    "PNG": "png",
    "GIF": "gif",
    "WEBP": "webp",
    "TIFF": "tif",
    "BMP": "bmp",
    "AVIF": "avif",
    "HEIF": "heic",
    "JPEG2000": "jp2",
    "ICO": "ico",
    "TGA": "tga",
    "PPM": "ppm",
    "PCX": "pcx",
    "SGI": "sgi",
    "DDS": "dds",
    "QOI": "qoi",
    "ICNS": "icns",
}


def test_damaged_files_of_every_format(tmp_path):
    import pillow_heif

    pillow_heif.register_heif_opener()
    noise = Image.effect_noise((64, 64), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    chance = random.Random(20)
    files = {}
    for kind, suffix in FORMATS.items():
        stream = io.BytesIO()
        options = (
            {"exif": exif.tobytes()} if kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF") else {}
        )
        noise.save(stream, kind, **options)
        files[f"{kind}.{suffix}"] = stream.getvalue()
        for at in range(12):
            files[f"{kind}{at}.{suffix}"] = damaged(stream.getvalue(), chance)
    found = dict(derive(write(tmp_path, files)))
    for kind, suffix in FORMATS.items():
        assert isinstance(found[f"{kind}.{suffix}"], Derived), kind


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, pixels: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *chunks]
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b"")])


def test_bombs(tmp_path):
    row = b"\0" + bytes(30)
    big = Image.new("L", (12_000, 12_000))
    jpeg, tiff = io.BytesIO(), io.BytesIO()
    big.save(jpeg, "JPEG")
    gif = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0,\0\0\0\0"
    gif += b"\xff" * 4 + b"\0\2\0;"
    Image.new("1", (20_000, 20_000)).save(tiff, "TIFF", compression="group4")
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    space = "xmlns='http://www.w3.org/2000/svg'"
    uses = "".join(
        f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 12)
    )
    zeros = zlib.compress(bytes(200 << 20))
    document = f'<!DOCTYPE s [<!ENTITY a0 "aaaaaaaaaa">{entities}]><svg {space}>&a11;</svg>'
    drawing = f'<svg {space}><g id="a0"><rect width="9" height="9"/></g>{uses}</svg>'
    files = {
        "huge.png": png(2_000_000_000, 2_000_000_000),
        "wide.png": png(100_000_000, 3, pixels=bytes(1000)),
        "text.png": png(10, 10, chunk(b"zTXt", b"k\0\0" + zeros), pixels=row * 10),
        "icc.png": png(10, 10, chunk(b"iCCP", b"k\0\0" + zeros), pixels=row * 10),
        "more.png": png(10, 10, pixels=bytes(300 << 20)),
        "large.jpg": jpeg.getvalue(),
        "canvas.gif": gif,
        "fax.tif": tiff.getvalue(),
        "entities.svg": document.encode(),
        "uses.svg": drawing.encode(),
        "packed.svgz": gzip.compress(f"<svg {space}>".encode() + b" " * (300 << 20) + b"</svg>"),
        "blur.svg": f"<svg {space} width='9000' height='9000'><filter id='f'>"
        f"<feGaussianBlur stdDeviation='9999'/></filter>"
        f"<rect width='9000' height='9000' filter='url(#f)'/></svg>".encode(),
    }
    found = dict(derive(write(tmp_path, files)))
    for name in ("huge.png", "wide.png", "canvas.gif", "fax.tif"):
        result = found[name]
        assert isinstance(result, DecodeError) and result.cause == "too_large", (name, result)
    for name in ("entities.svg", "uses.svg", "packed.svgz"):
        assert isinstance(found[name], DecodeError), name
    # Large but allowed: read at a reduced size.
    assert isinstance(found["large.jpg"], Derived)
    assert found["large.jpg"].width == 12_000


def test_names_that_do_not_match_the_format(tmp_path):
    stream = io.BytesIO()
    Image.new("RGB", (20, 20), (9, 9, 9)).save(stream, "PNG")
    (tmp_path / "folder.jpg").mkdir()
    paths = write(
        tmp_path,
        {
            "png.jpg": stream.getvalue(),
            "zip.png": b"PK\x03\x04" + bytes(100),
            "page.svg": b"<!DOCTYPE html><html><body><svg></svg></body></html>",
            "script.gif": b"#!/bin/sh\necho",
            "eps.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        },
    )
    found = dict(derive([*paths, tmp_path / "folder.jpg"]))
    assert isinstance(found.pop("png.jpg"), Derived)
    assert len(found) == 5
    assert all(isinstance(result, DecodeError) for result in found.values())
