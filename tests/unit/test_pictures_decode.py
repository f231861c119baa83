"""Decoding: upright, sRGB, on white, reduced but never too far, with a clear reason for each failure."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from picture_samples import (
    BLUE,
    GREEN,
    LIMITS,
    RED,
    WHITE,
    close,
    corners,
    decode,
    refusal,
    saved,
)
from PIL import Image, ImageCms

from corpora import Corpus, each_corpus
from imagedb_site.pictures import DecodeError, Limits, Picture
from imagedb_site.pictures.decode import Source
from imagedb_site.pictures.task import open_here

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


def opened(path: Path, want: int = 320) -> Picture:
    return open_here(path, LIMITS, want)


def read_corners(image: Image.Image) -> list[object]:
    right, bottom = image.width - 4, image.height - 4
    return [image.getpixel(at) for at in ((3, 3), (right, 3), (right, bottom), (3, bottom))]


UPRIGHT = [RED, GREEN, BLUE, WHITE]
STORED = {
    # How an upright picture is stored for each orientation.
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_in_every_format(kind, orientation):
    turn = STORED[orientation]
    image = corners() if turn is None else corners().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95}, "HEIF": {"quality": 95}}
    data = saved(image, kind, exif=exif.tobytes(), **options.get(kind, {}))
    source = Source(data, LIMITS)
    result = source.image(320)
    assert (source.width, source.height) == result.size == (60, 40)
    assert result.mode == "RGB"
    for pixel, colour in zip(read_corners(result), UPRIGHT, strict=True):
        assert close(pixel, colour, 40), (pixel, colour)


def test_an_invalid_orientation_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 77
    assert close(decode(saved(corners(), "JPEG", exif=exif.tobytes())).getpixel((3, 3)), RED, 40)


@pytest.mark.parametrize(
    ("image", "pixel"),
    [
        (Image.new("RGBA", (8, 8), (255, 0, 0, 0)), WHITE),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 128)), (127, 127, 127)),
        (Image.new("LA", (8, 8), (0, 0)), WHITE),
        (Image.new("L", (8, 8), 100), (100, 100, 100)),
        (Image.new("1", (8, 8), 0), (0, 0, 0)),
        (Image.new("I;16", (8, 8), 0x8000), (128, 128, 128)),
        (Image.new("P", (8, 8), 0), None),
    ],
)
def test_modes_in_png(image, pixel):
    if image.mode == "P":
        image.putpalette([9, 8, 7])
        pixel = (9, 8, 7)
    result = decode(saved(image, "PNG"))
    assert result.mode == "RGB" and close(result.getpixel((4, 4)), pixel, 1)


def test_a_transparent_palette_colour_becomes_white():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    image.paste(0, (0, 0, 4, 8))
    result = decode(saved(image, "PNG", transparency=0))
    assert result.getpixel((1, 1)) == WHITE and result.getpixel((6, 1)) == (200, 0, 0)
    gif = decode(saved(image, "GIF", transparency=0))
    assert gif.getpixel((1, 1)) == WHITE and close(gif.getpixel((6, 1)), (200, 0, 0), 1)


def test_a_transparent_rgb_colour():
    image = corners(8, 8)
    assert decode(saved(image, "PNG", transparency=RED)).getpixel((1, 1)) == WHITE


@pytest.mark.parametrize(
    ("array", "low", "high"),
    [
        (np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8), 0, 255),
        (np.linspace(0.1, 0.5, 64, dtype=np.float32).reshape(8, 8), 26, 128),
        (np.linspace(20, 200, 64, dtype=np.float32).reshape(8, 8), 20, 200),
        (np.linspace(0, 1000, 64, dtype=np.float32).reshape(8, 8), 0, 4),
        (np.linspace(-5, 900, 64, dtype=np.float32).reshape(8, 8), 0, 255),
        (np.linspace(0, 65535, 64).astype(np.int32).reshape(8, 8), 0, 255),
        (np.linspace(0, 4095, 64).astype(np.int32).reshape(8, 8), 0, 16),
        (np.linspace(-9, 1_000_000, 64).astype(np.int32).reshape(8, 8), 0, 255),
        (np.full((8, 8), np.nan, dtype=np.float32), 0, 0),
    ],
)
def test_wide_samples_in_tiff(array, low, high):
    result = np.asarray(decode(saved(Image.fromarray(array), "TIFF")))
    assert (result.min(), result.max()) == (low, high)


def test_cmyk():
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert close(decode(data).getpixel((8, 8)), RED, 10)


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE, GREEN)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
        assert close(decode(data).getpixel((4, 4)), RED, 8)


def test_colour_profiles_are_applied():
    # Display P3's green is outside sRGB: its mid tones differ clearly.
    lab = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(lab, ImageCms.createProfile("sRGB"), "LAB", "RGB")
    image = Image.new("LAB", (8, 8), (128, 200, 128))
    expected = ImageCms.applyTransform(image, transform).getpixel((4, 4))
    assert close(decode(saved(image, "TIFF")).getpixel((4, 4)), expected, 1)


@each_corpus
def test_a_wide_profile_changes_colours_and_a_broken_one_does_not(corpus: Corpus) -> None:
    source = Source(corpus.file("hopper.iccprofile.tif").read_bytes(), LIMITS)
    plain = Image.open(corpus.file("hopper.iccprofile.tif")).convert("RGB")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(plain.info["icc_profile"]))
    expected = ImageCms.profileToProfile(
        plain,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    difference = np.asarray(source.image(320), dtype=int) - np.asarray(expected, dtype=int)
    assert np.abs(difference).max() <= 2
    data = saved(corners(), "PNG", icc_profile=b"no profile at all")
    assert decode(data).getpixel((3, 3)) == RED


@pytest.mark.parametrize("size", [(2000, 1500), (1999, 1301), (5000, 300), (641, 640), (33, 2000)])
@pytest.mark.parametrize("want", [50, 224, 320, 1280])
def test_reduced_pictures_are_at_least_twice_the_requested_size(size, want):
    data = saved(Image.new("RGB", size, (90, 120, 30)), "JPEG")
    source = Source(data, LIMITS)
    image = source.image(want)
    assert (source.width, source.height) == size
    assert min(image.size) >= min(*size, 2 * want)
    if min(size) >= 4 * want:
        assert max(image.size) < max(size)


def test_decoding_does_not_depend_on_earlier_requests():
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1600, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise).resize((3200, 2400)), "JPEG")
    alone = Source(data, LIMITS).image(224).tobytes()
    both = Source(data, LIMITS)
    both.image(1280)
    both.image(100)
    assert both.image(224).tobytes() == alone


# -- what is refused ---------------------------------------------------------------------------


def test_what_is_not_a_picture_is_refused():
    for data in (b"hello", b"%PDF-1.4\n", b"\0" * 1000, b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox"):
        assert refusal(data).cause == "unknown"


def test_postscript_never_reaches_an_interpreter():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) (w) file\n"
    assert refusal(eps).cause == "unknown"


def test_empty_missing_and_large_files(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "large.jpg").write_bytes(bytes(2000))
    with pytest.raises(DecodeError, match="empty"):
        opened(tmp_path / "empty.jpg")
    with pytest.raises(DecodeError, match="no such file") as error:
        opened(tmp_path / "gone.jpg")
    assert not error.value.lasting
    with pytest.raises(DecodeError, match="MiB"):
        open_here(tmp_path / "large.jpg", Limits(max_bytes=1000), 10)


def test_a_bomb_is_refused_before_it_is_decoded():
    data = saved(Image.new("1", (30_000, 30_000)), "PNG")
    error = refusal(data)
    assert error.cause == "too_large" and "900 million pixels" in str(error)
    small = saved(Image.new("RGB", (200, 100)), "PNG")
    assert refusal(small, Limits(max_pixels=19_999)).cause == "too_large"
    assert decode(small, limits=Limits(max_pixels=20_000)).size == (200, 100)


# -- whole files -------------------------------------------------------------------------------


@each_corpus
@pytest.mark.parametrize("orientation", range(2, 9))
def test_oriented_pictures_look_alike(corpus: Corpus, orientation: int) -> None:
    upright = np.asarray(opened(corpus.file("hopper.jpg")).image, dtype=int)
    for suffix in ("jpg", "webp"):
        path = corpus.file(f"hopper_orientation_{orientation}.{suffix}")
        turned = np.asarray(opened(path).image, dtype=int)
        assert np.abs(turned - upright).mean() < 12


@each_corpus
def test_fax_pictures_are_turned_by_their_orientation(corpus: Corpus) -> None:
    first = np.asarray(opened(corpus.file("g4_orientation_1.tif")).image, dtype=int)
    for orientation in range(2, 9):
        path = corpus.file(f"g4_orientation_{orientation}.tif")
        other = np.asarray(opened(path).image, dtype=int)
        assert other.shape == first.shape and np.abs(other - first).mean() < 1


@each_corpus
@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("hopper.png", "hopper.ppm"),
        ("hopper.bmp", "hopper.ppm"),
        ("hopper.tif", "hopper.ppm"),
        ("hopper.webp", "hopper.ppm"),
        ("hopper.gif", "hopper.ppm"),
        ("tiff_16bit_RGB.tiff", "tiff_16bit_RGB_target.png"),
        ("tiff_16bit_RGBa.tiff", "tiff_16bit_RGBa_target.png"),
    ],
)
def test_formats_agree(corpus: Corpus, name: str, like: str) -> None:
    one = np.asarray(opened(corpus.file(name)).image, dtype=int)
    two = np.asarray(opened(corpus.file(like)).image, dtype=int)
    assert np.abs(one - two).mean() < 9


@each_corpus
@pytest.mark.parametrize(
    "name", ["16bit.cropped.tif", "16bit.MM.cropped.tif", "16bit.cropped.jp2", "hopper_16bit.pgm"]
)
def test_sixteen_bits_keep_their_tones(corpus: Corpus, name: str) -> None:
    stored = np.asarray(Image.open(corpus.file(name))).astype(float)
    shown = np.asarray(opened(corpus.file(name)).image, dtype=float)
    assert np.abs(shown - stored[..., None] / 257).max() <= 1


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "jp2"])
@pytest.mark.parametrize("white", [1000, 9000, 40_000])
def test_a_dark_picture_of_sixteen_bits_is_shown_dark(suffix: str, white: int) -> None:
    grey = np.linspace(0, white, 64 * 64).astype(np.uint16).reshape(64, 64)
    kind = {"png": "PNG", "tif": "TIFF", "pgm": "PPM", "jp2": "JPEG2000"}[suffix]
    options = {"irreversible": False} if kind == "JPEG2000" else {}
    shown = np.asarray(decode(saved(Image.fromarray(grey), kind, **options)), dtype=float)
    assert np.abs(shown[..., 0] - grey / 257).max() <= 1


def test_twelve_bits_of_a_tiff_use_the_whole_range() -> None:
    """Samples packed by twos into three bytes, as scanners write them."""
    samples = np.linspace(0, 4095, 16 * 8).astype(int)
    packed = b"".join(
        bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255])
        for a, b in zip(samples[::2], samples[1::2], strict=True)
    )
    tags = [(256, 4, 16), (257, 4, 8), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    tags += [(277, 3, 1), (278, 4, 8), (279, 4, len(packed))]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    start = struct.pack("<I", 8 + len(packed))
    data = b"II*\0" + start + packed + struct.pack("<H", len(tags)) + entries + bytes(4)
    shown = np.asarray(decode(data), dtype=float)[..., 0]
    assert np.abs(shown.ravel() - samples * 255 / 4095).max() <= 1
