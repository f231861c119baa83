"""Drawings (SVG): their size, what is drawn, and what they must not access."""

from __future__ import annotations

import base64
import gzip

import numpy as np
import pytest
from picture_samples import BLUE, LIMITS, RED, WHITE, close, decode, refusal, saved
from PIL import Image

from imagedb_site.pictures.decode import Source


def svg(inner: str, attributes: str = 'width="64" height="32"') -> bytes:
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {space} {attributes}>{inner}</svg>".encode()


FULL = '<rect width="1000" height="1000" fill="#f00"/>'


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="64" height="32"', (64, 32)),
        ('viewBox="0 0 20 10"', (20, 10)),
        ('width="100%" viewBox="0 0 20 10"', (20, 10)),
        ('width="1in" height="48pt"', (96, 64)),
        ('width="40" viewBox="0 0 20 10"', (40, 20)),
        ("", (512, 512)),
    ],
)
def test_a_drawings_size(attributes, size):
    source = Source(svg(FULL, attributes), LIMITS)
    assert (source.width, source.height) == size
    image = source.image(320)
    assert min(image.size) == 320 and image.mode == "RGB"
    assert image.size[0] * size[1] == pytest.approx(image.size[1] * size[0], rel=0.02)


def test_drawings_are_on_white_and_compressed_ones_too():
    half = svg('<rect width="32" height="32" fill="#00f"/>')
    for data in (half, gzip.compress(half), b"\xef\xbb\xbf<?xml version='1.0'?>\n" + half):
        image = decode(data)
        assert image.getpixel((10, 10)) == BLUE
        assert image.getpixel((600, 10)) == WHITE


def picture_url() -> str:
    png = saved(Image.new("RGB", (4, 4), RED), "PNG")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def test_an_embedded_picture_is_drawn():
    image = decode(svg(f'<image href="{picture_url()}" width="64" height="32"/>'))
    assert close(image.getpixel((300, 100)), RED)


def test_a_drawing_reads_no_file(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(saved(Image.new("RGB", (64, 64), RED), "PNG"))
    nested = svg(f'<image xlink:href="{secret}" width="64" height="32"/>')
    packed = base64.b64encode(nested).decode()
    urls = [str(secret), secret.as_uri(), f" {secret}", f"//{secret}", f"./{secret}", "secret.png"]
    urls += [
        f"data:{mime};base64,{packed}" for mime in ("image/svg+xml", "image/png", "text/plain")
    ]
    for url in urls:
        for attribute in ("href", "xlink:href"):
            inner = f'<image {attribute}="{url}" width="64" height="32"/>'
            filtered = f'<filter id="f"><feImage {attribute}="{url}"/></filter>'
            filtered += '<rect width="64" height="32" fill="#fff" filter="url(#f)"/>'
            for drawing in (svg(inner), svg(filtered)):
                pixels = np.asarray(decode(drawing))
                assert (pixels == 255).all(), (url, attribute)
    entity = b'<!DOCTYPE svg [<!ENTITY p "%s">]>' % str(secret).encode()
    assert (
        decode(entity + svg('<image href="&p;" width="64" height="32"/>')).getpixel((300, 100))
        == WHITE
    )


@pytest.mark.parametrize(
    "data",
    [
        b"<svg",
        b"<?xml version='1.0'?><html/>",
        svg("<g>" * 300 + "</g>" * 300),
        svg(FULL, 'width="1e9" height="0.0001"').replace(b"1e9", b"100000000"),
        gzip.compress(svg(" " * (17 << 20))),
        gzip.compress(svg(FULL))[:40],
        b"<!DOCTYPE s [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(10))
        + b"]>"
        + svg("<text>&k;</text>"),
        b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>" + svg("<text>&x;</text>"),
        svg(
            '<g id="a0"><rect width="9" height="9"/></g>'
            + "".join(
                f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
            )
        ),
    ],
)
def test_hostile_drawings_are_refused(data):
    refusal(data)
