"""A site's identity: the icons of an installed site, its web app manifest and its accent colour."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from imagedb_site.container import FileEntry, canonical_json
from imagedb_site.site.storage import SiteFiles

_SIZES = (192, 512)
_TOUCH_SIZE = 180
"""The width of the icon that iOS puts on its home screen."""
_LOGO_SIZE = 96
"""The width of a logo in the header, for screens with up to four pixels per CSS pixel."""
_SAFE = 0.7
"""The part of a maskable icon, across, that a logo fills: systems cut off the rest as they like."""
_FINE = 4
"""The icon is drawn larger by this factor, so that its edges are smooth."""
_NAME_LENGTH = 30
_MOST_PLAIN = 4_000
"""Larger PNG files, in bytes, get a palette."""


@dataclass(frozen=True)
class Icons:
    """The files of a site's identity. `logo` is for the header, None if the site has no logo of its own."""

    entries: tuple[FileEntry, ...]
    manifest: str
    touch: str
    logo: str | None


def write_icons(
    files: SiteFiles,
    *,
    title: str,
    description: str,
    language: str,
    accent: str,
    logo: bytes | None,
) -> Icons:
    """Write the icons and the web app manifest that names them.

    `logo` is a PNG file, or None for the icon of the program in the accent colour (`#rrggbb`).
    """
    entries = {
        stem: files.put_hashed("assets", stem, "png", data)
        for stem, data in _drawings(accent, logo).items()
    }
    listed = [_icon(entries[f"icon-{size}"], size) for size in _SIZES]
    maskable = {**_icon(entries["icon-maskable"], _SIZES[-1]), "purpose": "maskable"}
    manifest = {
        "name": title,
        "short_name": title if len(title) <= _NAME_LENGTH else title[: _NAME_LENGTH - 1] + "…",
        "lang": language,
        # Relative to the manifest, which lies in assets/.
        "start_url": "../",
        "scope": "../",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#ffffff",
        "icons": [*listed, maskable],
        **({"description": description} if description else {}),
    }
    entry = files.put_hashed("assets", "app", "webmanifest", canonical_json(manifest))
    shown = entries["logo"].path if logo else None
    return Icons((*entries.values(), entry), entry.path, entries["icon-touch"].path, shown)


def _icon(entry: FileEntry, size: int) -> dict[str, str]:
    """An icon of the manifest, beside which the file lies."""
    path = entry.path.removeprefix("assets/")
    return {"src": path, "sizes": f"{size}x{size}", "type": "image/png"}


@lru_cache(maxsize=8)
def _drawings(accent: str, logo: bytes | None) -> dict[str, bytes]:
    """Returns the PNG files by the stems of their names. Drawing takes 0.4 s."""
    square = _square(logo) if logo else _drawn(accent)
    masked = _masked(square, None if logo else accent)
    images = {
        **{f"icon-{size}": _scaled(square, size) for size in _SIZES},
        "icon-maskable": masked,
        "icon-touch": _scaled(masked, _TOUCH_SIZE),
        **({"logo": _scaled(square, _LOGO_SIZE)} if logo else {}),
    }
    return {stem: _png(image) for stem, image in images.items()}


def _square(logo: bytes) -> Image.Image:
    """Returns a logo in the middle of a transparent square of the largest size, RGBA."""
    with Image.open(io.BytesIO(logo)) as opened:
        image = opened.convert("RGBA")
    size = _SIZES[-1]
    scale = size / max(image.size)
    shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(shape, Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square


def _drawn(accent: str) -> Image.Image:
    """Returns the icon of site_templates/icon.svg, RGBA, with a rounded square in the accent colour."""
    size = _SIZES[-1] * _FINE
    unit = size / 32
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)

    def at(*numbers: float) -> list[float]:
        return [number * unit for number in numbers]

    draw.rounded_rectangle(at(2, 2, 30, 30), radius=6 * unit, fill=accent)
    hills = Image.new("RGBA", image.size, (0, 0, 0, 0))
    points = at(6, 23, 12, 15, 16, 20, 19, 17, 23, 23)
    ImageDraw.Draw(hills).polygon(points, fill=(255, 255, 255, 140))
    image.alpha_composite(hills)
    draw = ImageDraw.Draw(image)
    draw.ellipse(
        at(18 - 6.2, 13 - 6.2, 18 + 6.2, 13 + 6.2), outline="#ffffff", width=round(2.4 * unit)
    )
    draw.line(at(21.6, 16.6, 26, 21), fill="#ffffff", width=round(2.8 * unit))
    draw.ellipse(at(26 - 1.4, 21 - 1.4, 26 + 1.4, 21 + 1.4), fill="#ffffff")
    return image


def _masked(square: Image.Image, accent: str | None) -> Image.Image:
    """Returns an opaque icon that survives any mask: a small logo on white, or the drawn icon on `accent`."""
    size = _SIZES[-1]
    image = Image.new("RGBA", (size, size), accent or "#ffffff")
    part = _scaled(square, size if accent else round(size * _SAFE))
    image.alpha_composite(part, ((size - part.width) // 2, (size - part.height) // 2))
    return image.convert("RGB")


def _scaled(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    data = _saved(image)
    if len(data) > _MOST_PLAIN:
        method = Image.Quantize.FASTOCTREE
        data = min(data, _saved(image.quantize(256, method)), key=len)
    return data


def _saved(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
