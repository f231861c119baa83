"""What stands for a file that holds several pictures, and what is put behind a transparent one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from picture_samples import BLUE, GREEN, LIMITS, RED, WHITE, close, corners, decode, saved
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from corpora import scene
from imagedb_site.pictures import Recipe
from imagedb_site.pictures.decode import Source
from imagedb_site.pictures.frames import tones
from imagedb_site.pictures.ground import DARK, GREY, choose_ground
from imagedb_site.pictures.task import derive_here

pillow_heif.register_heif_opener()

BLANKS = {
    "white": Image.new("RGB", (60, 40), WHITE),
    "black": Image.new("RGB", (60, 40), (0, 0, 0)),
    "nearly white": Image.fromarray(
        np.random.default_rng(1).integers(244, 256, (40, 60, 3), dtype=np.uint8)
    ),
    "transparent": Image.new("RGBA", (60, 40), (0, 0, 0, 0)),
}


def animated(kind: str, frames: list[Image.Image]) -> bytes:
    options: dict[str, object] = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95}}.get(kind, {})
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=80, **options)


def shows(data: bytes, colour: tuple[int, int, int]) -> bool:
    """Whether the lower left quarter of the picture has this colour."""
    image = decode(data)
    return close(image.getpixel((5, image.height - 5)), colour, 30)


# -- animations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("blank", BLANKS)
def test_the_first_frame_with_something_to_see_stands_for_an_animation(kind, blank):
    frames = [BLANKS[blank].convert("RGBA"), corners().convert("RGBA")]
    frames.insert(0, frames[0].copy())
    frames[1].putpixel((0, 0), (250, 250, 250, 255))
    image = decode(animated(kind, frames))
    assert close(image.getpixel((5, 5)), RED, 30) and close(image.getpixel((50, 35)), BLUE, 30)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_that_starts_at_once_shows_its_first_frame(kind):
    frames = [corners(), corners().rotate(180), Image.new("RGB", (60, 40))]
    assert close(decode(animated(kind, frames)).getpixel((5, 5)), RED, 30)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_blank_frames_the_least_blank_one_is_taken(kind):
    """A fade that is cut off: no frame has much to see."""
    frames = []
    for light in (0, 4, 12, 8):
        frame = Image.new("RGB", (60, 40))
        frame.paste((light,) * 3, (0, 0, 30, 40))
        frames.append(frame)
    assert np.asarray(decode(animated(kind, frames)))[20, 10].max() in range(10, 15)


def test_only_a_bounded_number_of_frames_is_looked_at():
    frames = [Image.new("RGB", (60, 40), (0, 0, at % 20)) for at in range(90)]
    data = animated("PNG", [*frames, corners()])
    assert not close(decode(data).getpixel((5, 5)), RED, 30)
    data = animated("PNG", [*frames[:40], corners()])
    assert close(decode(data).getpixel((5, 5)), RED, 30)


def test_a_damaged_later_frame_does_not_matter():
    data = animated("GIF", [Image.new("RGB", (60, 40)), corners(), scene(60, 40)])
    cut = decode(data[: len(data) * 8 // 10])
    assert close(cut.getpixel((5, 5)), RED, 40)


def test_tones():
    assert tones(Image.new("RGB", (9, 9), RED)) == 0
    assert tones(Image.new("L", (3000, 20), 7)) == 0
    assert tones(Image.new("RGBA", (9, 9), (1, 2, 3, 0))) == 0
    assert tones(corners()) == 255
    assert tones(Image.new("I;16", (9, 9), 4)) == 0


# -- documents and icons -------------------------------------------------------------------------


def tiff(*pages: Image.Image, subfile: dict[int, int] | None = None) -> bytes:
    """A TIFF of several pages; `subfile` has the kind (tag 254) of some of them by number."""
    stream = io.BytesIO()
    from PIL.TiffImagePlugin import AppendingTiffWriter

    with AppendingTiffWriter(stream, new=True) as writer:
        for number, page in enumerate(pages):
            tags = ImageFileDirectory_v2()
            if subfile and number in subfile:
                tags[254] = subfile[number]
            page.save(writer, "TIFF", tiffinfo=tags)
            writer.newFrame()
    return stream.getvalue()


def test_the_first_page_of_a_document_that_is_not_blank():
    white = Image.new("RGB", (60, 40), WHITE)
    assert shows(tiff(white, corners(), scene(60, 40)), WHITE)
    image = decode(tiff(white, white, corners(), scene(60, 40)))
    assert close(image.getpixel((5, 5)), RED)
    fax = Image.new("1", (600, 400), 1)
    ImageDraw.Draw(fax).rectangle((50, 50, 200, 90), fill=0)
    image = decode(tiff(Image.new("1", (600, 400), 1), fax))
    assert image.getpixel((100, 70)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("pages", "subfile", "size"),
    [
        # A small version before the picture, not marked, marked, and after it.
        ([(60, 40), (240, 160)], None, (240, 160)),
        ([(200, 133), (240, 160)], {0: 1}, (240, 160)),
        ([(240, 160), (60, 40)], {1: 1}, (240, 160)),
        # Another shape: it is a page of its own, and so is a page that is a little larger.
        ([(60, 40), (160, 240)], None, (60, 40)),
        ([(60, 40), (70, 47)], None, (60, 40)),
        # A transparency mask is not a picture.
        ([(60, 40), (240, 160)], {1: 4}, (60, 40)),
        # Nothing but small versions: the first is better than none.
        ([(60, 40), (60, 40)], {0: 1, 1: 1}, (60, 40)),
    ],
)
def test_the_page_that_is_the_picture_and_not_its_thumbnail(pages, subfile, size):
    source = Source(tiff(*(scene(*one) for one in pages), subfile=subfile), LIMITS)
    assert (source.width, source.height) == size == source.image(320).size


def test_the_largest_picture_of_an_icon():
    sizes = [(16, 16), (64, 64), (32, 32)]
    small = [Image.new("RGBA", size, (*GREEN, 255)) for size in sizes]
    small[1] = Image.new("RGBA", (64, 64), (*RED, 255))
    for kind, options in (("ICO", {}), ("ICO", {"bitmap_format": "bmp"})):
        data = saved(small[1], kind, sizes=sizes, append_images=[small[0], small[2]], **options)
        source = Source(data, LIMITS)
        assert (source.width, source.height) == (64, 64)
        assert close(source.image(320).getpixel((30, 30)), RED)
    data = saved(Image.new("RGBA", (512, 512), (*BLUE, 255)), "ICNS")
    source = Source(data, LIMITS)
    assert source.width >= 512 and close(source.image(320).getpixel((99, 99)), BLUE)


# -- grounds -------------------------------------------------------------------------------------


def drawing(ink: tuple[int, int, int], more: tuple[int, int, int] | None = None) -> Image.Image:
    """A ring on transparency, perhaps with a small disc inside."""
    image = Image.new("RGBA", (200, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 10, 120, 110), outline=(*ink, 255), width=12)
    if more:
        draw.ellipse((60, 50, 80, 70), fill=(*more, 255))
    return image


INKS = [
    ((255, 255, 255), None, DARK),
    ((240, 240, 210), None, DARK),
    ((255, 255, 0), None, DARK),
    ((255, 255, 255), (0, 0, 0), WHITE),
    ((0, 0, 0), None, WHITE),
    ((200, 30, 30), None, WHITE),
    ((150, 150, 150), None, WHITE),
]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF", "AVIF"])
@pytest.mark.parametrize(("ink", "more", "ground"), INKS)
def test_the_ground_of_a_drawing_contrasts_with_it(kind, ink, more, ground):
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95}}.get(kind, {})
    image = decode(saved(drawing(ink, more), kind, **options))
    assert close(image.getpixel((190, 5)), ground, 3)
    apart = np.abs(np.asarray(image, dtype=int) - image.getpixel((190, 5))).max()
    assert apart > 60


def test_svg_drawings_have_a_ground_too_the_same_at_every_size():
    def svg(ink: str) -> bytes:
        circle = f'<circle cx="50" cy="50" r="30" fill="none" stroke="{ink}" stroke-width="9"/>'
        space = "xmlns='http://www.w3.org/2000/svg'"
        return f'<svg {space} width="100" height="100">{circle}</svg>'.encode()

    for ink, ground in (("#fff", DARK), ("#fffbe0", DARK), ("#000", WHITE), ("#77f", WHITE)):
        for want in (64, 320, 1280):
            assert decode(svg(ink), want).getpixel((2, 2)) == ground


def test_light_drawings_with_a_few_dark_parts_are_on_grey():
    image = drawing((255, 255, 255))
    ImageDraw.Draw(image).rectangle((60, 50, 71, 58), fill=(0, 0, 0, 255))
    assert decode(saved(image, "PNG")).getpixel((190, 5)) == GREY


def test_what_is_hardly_transparent_stays_on_white():
    page = Image.new("RGBA", (200, 120), (255, 255, 255, 255))
    page.putpixel((0, 0), (0, 0, 0, 0))
    assert decode(saved(page, "PNG")).getpixel((0, 0)) == WHITE
    nothing = Image.new("RGB", (9, 9)), Image.new("L", (9, 9))
    assert choose_ground(*nothing) == WHITE


def test_view_placeholder_and_thumbnail_have_the_same_ground(tmp_path: Path):
    (tmp_path / "white.png").write_bytes(saved(drawing((255, 255, 255)).resize((1000, 600)), "PNG"))
    recipes = (Recipe("thumbnail", 320, 75), Recipe("view", 800, 80))
    derived = derive_here(tmp_path / "white.png", LIMITS, recipes, None, 224)
    for made in derived.derivatives.values():
        image = Image.open(io.BytesIO(made.data)).convert("RGB")
        assert close(image.getpixel((image.width - 5, 5)), DARK, 6)
    # The first 6 bits of a placeholder are its mean lightness.
    assert derived.placeholder[0] & 63 < 32


# -- panoramas -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(9000, 600), (600, 6000), (4000, 500), (3000, 90)])
def test_a_panorama_keeps_a_shorter_side_and_its_shape(tmp_path: Path, size):
    scene(*size).save(tmp_path / "wide.jpg", quality=90)
    recipe = Recipe("thumbnail", 320, 75)
    derived = derive_here(tmp_path / "wide.jpg", LIMITS, (recipe,), None, 224)
    made = derived.derivatives[recipe]
    image = Image.open(io.BytesIO(made.data)).convert("RGB")
    assert image.size == (made.width, made.height)
    assert min(image.size) >= min(min(size), 320 / (max(size) / min(size)) ** 0.5 - 1, 106)
    assert image.width * image.height <= 320 * 320 + max(image.size)
    assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.02)
    whole = np.asarray(scene(*size).resize(image.size), dtype=int)
    assert np.abs(np.asarray(image, dtype=int) - whole).mean() < 6


def test_a_view_is_made_of_a_panorama_only_if_it_is_larger(tmp_path: Path):
    view = Recipe("view", 1280, 80, over=320)
    for size, made in (((9000, 600), True), ((1000, 60), False), ((400, 300), True)):
        scene(*size).save(tmp_path / "wide.jpg")
        derived = derive_here(tmp_path / "wide.jpg", LIMITS, (view,), None, 224)
        assert bool(derived.derivatives[view].data) == made
