"""A site's own look: logo, accent colour, icons and the web app manifest."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from site_samples import golden_input, make_web

from imagedb_site.config import BuildConfig
from imagedb_site.errors import UsageError
from imagedb_site.logo import read_logo
from imagedb_site.site import write_site
from imagedb_site.site.accent import accent_style, contrast

_GROUNDS = ("#ffffff", "#e7e9ec"), ("#111315", "#272b2f")


def build(tmp_path: Path, **settings: Any) -> Path:
    made = golden_input(make_web(tmp_path / "web"))
    changed = dataclasses.replace(made.settings, **settings)
    write_site(dataclasses.replace(made, settings=changed), tmp_path / "site")
    return tmp_path / "site"


def manifest_of(site: Path) -> dict[str, object]:
    (path,) = (site / "assets").glob("*.webmanifest")
    read: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return read


def png(size: tuple[int, int], colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def test_a_site_can_be_installed(tmp_path: Path) -> None:
    site = build(tmp_path)
    manifest = manifest_of(site)
    assert (site / "assets" / str(manifest["start_url"])).resolve() == site.resolve()
    icons = manifest["icons"]
    assert isinstance(icons, list)
    assert [(icon["sizes"], icon.get("purpose")) for icon in icons] == [
        ("192x192", None), ("512x512", None), ("512x512", "maskable"),
    ]  # fmt: skip
    for icon in icons:
        with Image.open(site / "assets" / icon["src"]) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 'rel="manifest" href="assets/app.' in page
    assert "data-logo" not in page


def test_the_icon_has_the_accent_colour(tmp_path: Path) -> None:
    site = build(tmp_path, accent="#b3261e")
    (path,) = (site / "assets").glob("icon-512.*.png")
    with Image.open(path) as image:
        found = image.convert("RGB").getpixel((256, 50))
    # Small files have a palette, whose colours are close.
    assert isinstance(found, tuple)
    assert max(abs(a - b) for a, b in zip(found, (0xB3, 0x26, 0x1E), strict=True)) < 8


def test_a_logo_is_shown_and_becomes_the_icon(tmp_path: Path) -> None:
    site = build(tmp_path, logo=png((300, 100), "#00aa00"))
    page = (site / "index.html").read_text(encoding="utf-8")
    (logo,) = (site / "assets").glob("logo.*.png")
    assert f'data-logo="assets/{logo.name}"' in page
    assert f'rel="icon" href="assets/{logo.name}" type="image/png"' in page
    (path,) = (site / "assets").glob("icon-512.*.png")
    with Image.open(path) as image:
        pixels = image.convert("RGBA")
    assert pixels.getpixel((256, 256)) == (0, 0xAA, 0, 255)
    assert pixels.getpixel((256, 20)) == (0, 0, 0, 0)


def test_the_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    sites = [build(tmp_path / name, accent="#123456") for name in "ab"]
    names = [sorted(path.name for path in (site / "assets").iterdir()) for site in sites]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    "colour", ["#ffffff", "#000000", "#ffff00", "#b3261e", "#777777", "#0000ff"]
)
def test_an_accent_is_legible_on_every_ground(colour: str) -> None:
    accent, ink, _wash = (
        line.split("light-dark(")[1].split(")")[0].split(",")
        for line in accent_style(colour).split(";")
    )
    for scheme in (0, 1):
        for ground in (*_GROUNDS[scheme], ink[scheme]):
            assert contrast(accent[scheme], ground) >= 4.5


def test_an_accent_that_is_legible_stays() -> None:
    assert "--accent:light-dark(#7a1f3d," in accent_style("#7a1f3d")


@pytest.mark.parametrize("accent", ["red", "#fff", "#12345g", "#123456;}", ""])
def test_an_accent_must_be_a_colour(accent: str) -> None:
    with pytest.raises(UsageError, match="is not a colour"):
        BuildConfig(Path("x"), accent=accent)


def test_a_logo_is_made_small_and_loses_its_metadata(tmp_path: Path) -> None:
    source = Image.new("RGB", (2000, 1000), "#0000ff")
    exif = source.getexif()
    exif[0x010E] = "private"
    source.save(tmp_path / "logo.jpg", exif=exif)
    data = read_logo(tmp_path / "logo.jpg")
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (512, 256)
        assert not image.getexif()
    assert b"private" not in data


def test_what_is_not_a_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Cannot read the logo"):
        read_logo(tmp_path / "none.png")
    (tmp_path / "logo.svg").write_text("<svg/>", encoding="utf-8")
    with pytest.raises(UsageError, match="not a picture"):
        read_logo(tmp_path / "logo.svg")
    (tmp_path / "cut.png").write_bytes(png((600, 600), "#ff0000")[:60])
    with pytest.raises(UsageError, match="not a picture"):
        read_logo(tmp_path / "cut.png")
