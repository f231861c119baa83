"""Colours that a file names by numbers (nclx in AVIF and HEIF; cICP, gAMA and cHRM in PNG), inks and Lab.

The expected values of the patches are those that Chromium 156 shows.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from picture_samples import RED, close, corners, decode, saved
from PIL import Image, ImageCms

from imagedb_site.pictures.gamut import ColourSpace, from_cicp, from_png
from imagedb_site.pictures.named_colours import named_space

pillow_heif.register_heif_opener()

ORANGE, GREEN, GREY = (200, 100, 50), (100, 200, 50), (128, 128, 128)
PATCHES = (ORANGE, GREEN, GREY)
# What Chromium shows of the three patches, by primaries and transfer of H.273.
SHOWN = {
    (1, 13): PATCHES,
    (1, 1): PATCHES,
    (2, 2): PATCHES,
    (12, 13): ((215, 93, 31), (45, 203, 0), GREY),
    (9, 13): ((241, 76, 29), (0, 210, 0), GREY),
    (9, 14): ((241, 76, 29), (0, 210, 0), GREY),
    (1, 8): ((229, 168, 122), (168, 229, 122), (188, 188, 188)),
    (1, 4): ((201, 100, 46), (100, 201, 46), (129, 129, 129)),
    (1, 16): ((255, 51, 8), (42, 255, 5), (132, 132, 132)),
    (9, 16): ((255, 0, 0), (0, 255, 0), (132, 132, 132)),
    (9, 18): ((230, 48, 17), (0, 209, 0), (99, 99, 99)),
}


def patches() -> Image.Image:
    """Three fields of 32 pixels side by side."""
    image = Image.new("RGB", (96, 32))
    for at, colour in enumerate(PATCHES):
        image.paste(colour, (32 * at, 0, 32 * at + 32, 32))
    return image


def named(kind: str, primaries: int, transfer: int) -> bytes:
    """A file whose colour space is named by numbers only."""
    if kind == "PNG":
        return with_chunks((b"cICP", bytes([primaries, transfer, 0, 1])))
    options = {"AVIF": {"quality": 100, "subsampling": "4:4:4"}, "HEIF": {"quality": -1}}
    data = bytearray(saved(patches(), kind, **options[kind]))
    at = data.index(b"colrnclx") + 8
    struct.pack_into(">HH", data, at, primaries, transfer)
    return bytes(data)


def with_chunks(*chunks: tuple[bytes, bytes], image: Image.Image | None = None) -> bytes:
    whole = saved(image or patches(), "PNG")
    more = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return whole[:33] + more + whole[33:]


def seen(data: bytes) -> list[tuple[int, ...]]:
    image = decode(data)
    return [tuple(np.asarray(image)[16, 16 + 32 * at].tolist()) for at in range(3)]


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "PNG"])
@pytest.mark.parametrize("space", SHOWN)
def test_colours_named_by_numbers_are_those_that_chromium_shows(kind, space):
    # The encoders of AVIF and HEIF change a value by up to two, which PQ and wide primaries enlarge.
    by = 2 if kind == "PNG" else 7
    for pixel, colour in zip(seen(named(kind, *space)), SHOWN[space], strict=True):
        assert close(pixel, colour, by), (kind, space, pixel, colour)


def test_greys_of_high_range_follow_the_stated_curve():
    ramp = np.repeat(np.arange(0, 256, 16, dtype=np.uint8)[None, :, None], 3, axis=2)
    expected = {
        16: [0, 1, 5, 15, 30, 48, 70, 98, 132, 175, 213, 237, 255, 255, 255, 255],
        18: [0, 3, 14, 29, 43, 57, 71, 85, 99, 115, 135, 160, 189, 212, 228, 243],
    }
    for transfer, values in expected.items():
        cicp = (b"cICP", bytes([9, transfer, 0, 1]))
        shown = np.asarray(decode(with_chunks(cicp, image=Image.fromarray(ramp))), dtype=int)
        assert np.abs(shown[0, :, 1] - values).max() <= 1


ADOBE = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
STANDARD = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


@pytest.mark.parametrize(
    ("chunks", "grey"),
    [
        ([(b"gAMA", struct.pack(">I", 100_000))], 188),
        ([(b"gAMA", struct.pack(">I", 55_555))], 146),
        ([(b"gAMA", struct.pack(">I", 20_000))], 50),
        ([(b"gAMA", struct.pack(">I", 45_455))], 128),
        ([(b"cHRM", STANDARD), (b"gAMA", struct.pack(">I", 45_455))], 129),
        ([(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))], 128),
        ([(b"gAMA", bytes(4))], 128),
        # Limited range, or a matrix, is nothing that a PNG can have.
        ([(b"cICP", bytes([1, 8, 0, 0]))], 128),
        ([(b"cICP", bytes([1, 8, 0, 1])), (b"gAMA", struct.pack(">I", 20_000))], 188),
    ],
)
def test_the_gamma_of_a_png_counts_as_in_browsers(chunks, grey):
    for image in (None, patches().convert("L"), patches().quantize(4), patches().convert("RGBA")):
        assert close(seen(with_chunks(*chunks, image=image))[2], (grey,) * 3, 1)


def test_chromaticities_count_if_there_is_a_gamma():
    gamma = (b"gAMA", struct.pack(">I", 45_455))
    orange, green, _ = seen(with_chunks((b"cHRM", ADOBE), gamma))
    assert close(orange, (227, 100, 42), 1) and close(green, (0, 201, 12), 1)
    assert seen(with_chunks((b"cHRM", ADOBE))) == list(PATCHES)


def test_a_profile_goes_before_numbers_in_avif_and_after_them_in_png():
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = bytearray(saved(patches(), "AVIF", quality=100, subsampling="4:4:4", icc_profile=plain))
    at = data.find(b"colrnclx") + 8
    if at > 8:
        struct.pack_into(">HH", data, at, 9, 16)
    for pixel, colour in zip(seen(bytes(data)), PATCHES, strict=True):
        assert close(pixel, colour, 3)
    whole = saved(patches(), "PNG", icc_profile=ColourSpace(from_cicp(9, 13).primaries).profile)
    cicp = b"cICP" + bytes([1, 13, 0, 1])
    chunk = b"\0\0\0\4" + cicp + struct.pack(">I", zlib.crc32(cicp))
    assert close(seen(whole)[0], (241, 76, 29), 2)
    assert seen(whole[:33] + chunk + whole[33:]) == list(PATCHES)


def test_profiles_made_of_numbers_are_read_by_the_colour_engine():
    for primaries in (1, 4, 5, 6, 7, 8, 9, 11, 12):
        for transfer in (1, 4, 5, 7, 8, 13):
            space = from_cicp(primaries, transfer)
            assert space is not None
            profile = ImageCms.ImageCmsProfile(io.BytesIO(space.profile)).profile
            assert profile.xcolor_space.strip() == "RGB"
            # White stays white.
            assert np.abs(space.to_xyz.sum(axis=1) - (0.9642, 1, 0.8249)).max() < 1e-3


@pytest.mark.parametrize("numbers", [(0, 13), (3, 13), (22, 13), (1, 0), (1, 11), (1, 99)])
def test_numbers_without_a_meaning_are_ignored(numbers):
    assert from_cicp(*numbers) is None


@pytest.mark.parametrize(
    "corners_of", [(0,) * 8, (31270, 32900, 0, 0, 0, 0, 0, 0), (50_000,) * 8, (4_000_000_000,) * 8]
)
def test_impossible_chromaticities_are_ignored(corners_of):
    assert from_png(45_455, corners_of) is None


def test_nothing_in_the_boxes_of_a_file_makes_reading_fail():
    whole = named("AVIF", 9, 16)
    assert named_space(whole) == from_cicp(9, 16)
    chance = np.random.default_rng(5)
    head = whole.index(b"mdat")
    for _ in range(3000):
        changed = bytearray(whole[: chance.integers(12, len(whole))])
        for _ in range(int(chance.integers(1, 5))):
            changed[int(chance.integers(8, min(head, len(changed))))] = int(chance.integers(256))
        named_space(bytes(changed))
    png = with_chunks((b"cHRM", ADOBE), (b"gAMA", bytes(4)))
    for end in range(8, 120):
        named_space(png[:end])
        named_space(png[:end] + b"\xff" * 40)


# -- inks and Lab --------------------------------------------------------------------------------


def test_inverted_and_plain_inks_of_jpeg():
    """Adobe's programs store ink upside down and say so in an APP14 segment; both forms are common."""
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    stored = saved(inks, "JPEG", quality=95)
    at = stored.index(b"\xff\xee")
    plain = stored[:at] + stored[at + 16 :]
    assert close(decode(stored).getpixel((8, 8)), RED, 10)
    turned = Image.open(io.BytesIO(plain))
    assert turned.mode == "CMYK"
    assert close(decode(plain).getpixel((8, 8)), turned.convert("RGB").getpixel((8, 8)), 2)


@pytest.mark.parametrize(
    ("mode", "colour"),
    [("CMYK", (0, 255, 255, 0)), ("CMYK", (255, 0, 0, 0)), ("LAB", (136, 208, 198))],
)
def test_inks_and_lab_in_tiff(mode, colour):
    image = Image.new(mode, (8, 8), colour)
    found = decode(saved(image, "TIFF")).getpixel((4, 4))
    if mode == "CMYK":
        assert close(found, image.convert("RGB").getpixel((4, 4)), 1)
    else:
        assert found[0] > 150 > found[1]


def test_the_numbers_of_other_formats_are_no_colours():
    for kind in ("JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        image = corners().quantize(8) if kind == "GIF" else corners()
        assert named_space(saved(image, kind)) is None
