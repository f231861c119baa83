"""Damaged files that viewers show: they are taken, marked, and what is missing is white or grey."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from picture_samples import GREEN, LIMITS, RED, WHITE, close, corners, refusal, saved
from PIL import Image

from corpora import scene
from imagedb_site.pictures import Derived, Recipe, Work, derive_all, strip_private
from imagedb_site.pictures.decode import Source
from imagedb_site.pictures.mend import mend_jpeg, mend_png, mend_webp
from imagedb_site.records import PictureRef

SIZE = (240, 160)


def picture() -> Image.Image:
    """A scene with noise, so that every row costs bytes."""
    noise = np.random.default_rng(3).integers(0, 40, (SIZE[1], SIZE[0], 3))
    return Image.fromarray((np.asarray(scene(*SIZE)) * 0.8 + noise).astype(np.uint8))


def opened(data: bytes) -> tuple[Source, np.ndarray]:
    source = Source(data, LIMITS)
    return source, np.asarray(source.image(320), dtype=int)


def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def with_chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    """A PNG with one more chunk before its pixels."""
    whole = saved(picture(), "PNG")
    return whole[:33] + chunk(kind, body, checksum) + whole[33:]


KINDS = {
    "JPEG": {"quality": 90},
    "PNG": {},
    "GIF": {"interlace": False},
    "WEBP": {"quality": 90},
    "TIFF": {},
    "BMP": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_most_rows_is_taken_and_says_how_many(kind):
    image = picture().quantize(64) if kind == "GIF" else picture()
    whole = saved(image, kind, **KINDS[kind])
    # A BMP begins with the bottom row, TIFF files of Pillow end with the pixels.
    source, pixels = opened(whole[: len(whole) * 8 // 10])
    _, good = opened(whole)
    assert source.damage and "% of its rows can be read" in source.damage
    share = int(source.damage.split(";")[1].split()[0])
    assert 60 <= share <= 90
    assert (source.width, source.height) == SIZE == pixels.shape[1::-1]
    kept = slice(-SIZE[1] // 2, None) if kind == "BMP" else slice(0, SIZE[1] // 2)
    assert np.abs(pixels[kept] - good[kept]).max() <= 2
    rest = pixels[:8] if kind == "BMP" else pixels[-8:]
    assert (np.abs(rest - (128 if kind == "JPEG" else 255)) <= 1).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"subsampling": 0, "restart_marker_blocks": 4}),
        ("PNG", {}),
        ("GIF", {}),
    ],
)
def test_a_file_without_its_end_is_whole_and_marked(kind, options):
    image = picture().quantize(64) if kind == "GIF" else picture()
    whole = saved(image, kind, **options)
    lost = {"JPEG": 2, "PNG": 12, "GIF": 1}[kind]
    source, pixels = opened(whole[:-lost])
    assert np.array_equal(pixels, opened(whole)[1])
    # A GIF and a PNG need nothing of what follows their pixels.
    assert source.damage == ("the file is cut short" if kind == "JPEG" else None)


@pytest.mark.parametrize("share", [2, 5, 8])
def test_a_progressive_jpeg_gets_coarser_before_it_loses_rows(share):
    whole = saved(picture(), "JPEG", quality=90, progressive=True)
    source, pixels = opened(whole[: len(whole) * share // 10])
    assert source.damage == "the file is cut short"
    assert np.abs(pixels - opened(whole)[1]).mean() < 25


@pytest.mark.parametrize("share", [4, 6, 9])
def test_an_interlaced_png_gets_coarser_before_it_loses_rows(share):
    whole = interlaced(picture())
    assert np.array_equal(opened(whole)[1], np.asarray(picture()))
    source, pixels = opened(whole[: len(whole) * share // 10])
    assert source.damage == "the file is cut short"
    assert np.abs(pixels - np.asarray(picture())).mean() < 30


@pytest.mark.parametrize("share", [4, 6, 9])
def test_an_interlaced_gif_gets_coarser_before_it_loses_rows(share):
    image = picture().quantize(64)
    whole = saved(image, "GIF", interlace=True)
    source, pixels = opened(whole[: len(whole) * share // 10])
    assert source.damage == "the file is cut short"
    assert np.abs(pixels - np.asarray(image.convert("RGB"))).mean() < 40


def interlaced(image: Image.Image) -> bytes:
    """An interlaced PNG (Adam7), which Pillow reads but cannot write."""
    pixels = np.asarray(image)
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
    rows = b""
    for top, left, down, right in (*passes, (1, 0, 2, 1)):
        rows += b"".join(b"\0" + row.tobytes() for row in pixels[top::down, left::right])
    header = struct.pack(">IIBBBBB", *image.size, 8, 2, 0, 0, 1)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows))]
    return b"".join([*parts, chunk(b"IEND", b"")])


LARGE = zlib.compress(bytes(40 << 20))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (with_chunk(b"tEXt", b"Comment\0hello", 1), "wrong checksum"),
        (with_chunk(b"tIME", bytes(7), 1), "wrong checksum"),
        (with_chunk(b"pHYs", bytes(9), 77), "wrong checksum"),
        (with_chunk(b"zTXt", b"Comment\0\0" + LARGE), "zTXt chunk is too large"),
        (with_chunk(b"iTXt", b"Comment\0\1\0\0\0" + LARGE), "iTXt chunk is too large"),
        (with_chunk(b"iCCP", b"profile\0\0" + LARGE), None),
        (with_chunk(b"zTXt", b"Comment\0\0no zlib data"), None),
    ],
)
def test_a_png_with_a_damaged_text_keeps_its_pixels(data, reason):
    source, pixels = opened(data)
    assert np.array_equal(pixels, np.asarray(picture()))
    if reason is not None:
        assert source.damage is not None and reason in source.damage


def test_a_png_with_damaged_pixels_keeps_the_rows_before():
    whole = bytearray(saved(picture(), "PNG"))
    whole[len(whole) * 7 // 10] ^= 0xFF
    source, pixels = opened(bytes(whole))
    assert source.damage is not None
    assert np.array_equal(pixels[:60], np.asarray(picture())[:60])


def test_a_jpeg_with_a_broken_segment_is_read_without_it():
    whole = saved(picture(), "JPEG")
    bad = (
        b"\xff\xe0\x00\x01JFIF" + whole[20:],
        b"\xff\xec\x00\x00" + whole[2:],
        b"\xff\xe1\xff\xffExif" + whole[2:],
    )
    for rest in bad:
        _, pixels = opened(b"\xff\xd8" + rest)
        assert np.array_equal(pixels, opened(whole)[1])


def test_a_jpeg_whose_later_scans_are_damaged_keeps_the_first_ones():
    whole = saved(picture(), "JPEG", progressive=True)
    at = whole.index(b"\xff\xc4", whole.index(b"\xff\xda") + 800)
    broken = whole[: at + 2] + b"\xff\xf0" + whole[at + 4 :]
    source, pixels = opened(broken)
    assert source.damage and np.abs(pixels - opened(whole)[1]).mean() < 20


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
def test_bytes_after_the_end_do_no_harm(kind):
    whole = saved(picture().quantize(64) if kind == "GIF" else picture(), kind)
    for extra in (b"\0" * 999, b"\xff\xd9\xff\xd8" * 9, b"PK\x03\x04 a second file"):
        source, pixels = opened(whole + extra)
        assert source.damage is None and np.array_equal(pixels, opened(whole)[1])


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_animation_cut_short_keeps_its_whole_frames(lossless):
    frames = [picture(), picture().rotate(180)]
    options = {"save_all": True, "append_images": frames[1:], "lossless": lossless}
    whole = saved(frames[0], "WEBP", **options)
    source, pixels = opened(whole[: len(whole) * 9 // 10])
    assert source.damage == "the file is cut short"
    assert np.abs(pixels - np.asarray(picture())).mean() < 12


def test_a_lossless_webp_cut_short_keeps_rows():
    whole = saved(picture(), "WEBP", lossless=True)
    source, pixels = opened(whole[: len(whole) * 9 // 10])
    assert source.damage and "rows" in source.damage
    assert np.array_equal(pixels[:80], np.asarray(picture())[:80])


def test_an_icon_cut_short_keeps_the_rows_of_its_largest_picture():
    whole = saved(picture().convert("RGBA"), "ICO", sizes=[(32, 32), (240, 160)])
    good = opened(whole)[1]
    for share in (6, 8, 9):
        source, pixels = opened(whole[: len(whole) * share // 10])
        assert source.damage and source.damage.startswith("the file is cut short; ")
        assert (source.width, source.height) == (good.shape[1], good.shape[0])
        assert np.array_equal(pixels[:40], good[:40])


def test_orientation_and_profile_of_a_damaged_file_still_count():
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = saved(corners(60, 40).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif.tobytes())
    source, pixels = opened(whole[:-2])
    assert (source.width, source.height) == (60, 40) and source.damage
    assert close(pixels[3, 3], RED, 40) and close(pixels[3, -4], GREEN, 40)


def test_what_has_not_one_row_is_refused():
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP"):
        whole = saved(picture().quantize(64) if kind == "GIF" else picture(), kind)
        start = {"JPEG": whole.find(b"\xff\xda") + 14, "TIFF": 90}.get(kind, 60)
        assert refusal(whole[:start]).cause in ("damaged", "unknown")
    # A header without any of the pixels that it announces is not a picture either.
    grey = saved(Image.new("RGB", SIZE, (128, 128, 128)), "JPEG")
    assert refusal(grey[: grey.index(b"\xff\xda") + 14]).cause == "damaged"


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000"])
def test_formats_of_which_nothing_is_shown_when_cut_are_refused(kind):
    whole = saved(picture(), kind)
    assert refusal(whole[: len(whole) * 2 // 3]).lasting


def test_a_damaged_file_says_so_in_the_worker_and_others_do_not(tmp_path: Path):
    whole = saved(picture(), "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) * 3 // 4])
    (tmp_path / "good.jpg").write_bytes(whole)
    recipe = Recipe("thumbnail", 64, 75)
    works = [
        Work(path.name, PictureRef(path, 0, 0), (recipe,)) for path in sorted(tmp_path.iterdir())
    ]
    found = {one.key: result for one, result in derive_all(works, workers=1)}
    cut, good = found["cut.jpg"], found["good.jpg"]
    assert isinstance(cut, Derived) and isinstance(good, Derived)
    assert cut.damage and cut.damage.startswith("the file is cut short; ") and not good.damage
    assert cut.derivatives[recipe].data


def test_mending_gives_up_on_what_is_something_else():
    assert mend_png(b"\x89PNG\r\n\x1a\n" + bytes(40)) is None
    assert mend_jpeg(b"\xff\xd8\xff\xe0" + bytes(40)) is None
    assert mend_webp(b"RIFF" + bytes(60), b"\0") is None
    announced = b"RIFF\xff\xff\xff\x7fWEBPVP8 \xf0\xff\xff\x7f" + bytes(100)
    assert mend_webp(announced, b"\0") is None


def test_a_damaged_original_is_published_only_if_it_can_be_cleaned(tmp_path: Path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA431] = "SECRET-SERIAL"
    whole = saved(picture(), "JPEG", exif=exif.tobytes())
    (tmp_path / "cut.jpg").write_bytes(whole[:-2])
    stripped = strip_private(tmp_path / "cut.jpg")
    assert stripped is None or b"SECRET-SERIAL" not in stripped


def test_white_is_behind_what_is_missing_also_in_grey_and_palette_pictures():
    for image in (picture().convert("L"), picture().quantize(32), picture().convert("1")):
        whole = saved(image, "PNG")
        source, pixels = opened(whole[: len(whole) * 7 // 10])
        assert source.damage and tuple(pixels[-1, 5]) == WHITE
        assert np.array_equal(pixels[:40], np.asarray(image.convert("RGB"))[:40])


def test_the_stream_of_a_picture_is_not_changed_by_mending():
    whole = saved(picture(), "JPEG")
    mended = mend_jpeg(whole)
    assert mended is not None
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(mended))), opened(whole)[1])
