"""A small site of drawn shapes, built by the command line with the built-in model."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = {"red": (206, 40, 40), "green": (44, 150, 70), "blue": (40, 80, 210)}
SHAPES = ("circle", "square", "stripe")


def drawn_site(folder: Path, variants: int = 6, *options: str) -> Path:
    """Draw pictures into `folder` and build a site of them there; returns the site's folder.

    `options` are further ones of `imagedb-site build`.
    """
    pictures = folder / "pictures"
    pictures.mkdir()
    rows = [("file", "title", "tags")]
    for shape in SHAPES:
        for name, colour in COLOURS.items():
            for variant in range(variants):
                file = f"{shape}-{name}-{variant}.png"
                _draw(shape, colour, variant).save(pictures / file)
                rows.append((file, f"A {name} {shape}, drawn number {variant}", f"{name}; {shape}"))
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows(rows)
    command = [sys.executable, "-m", "imagedb_site.cli.main", "build", str(pictures), "-q"]
    command += ["-o", str(folder / "site"), "--metadata", str(folder / "table.csv"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return folder / "site"


def _draw(shape: str, colour: tuple[int, int, int], variant: int) -> Image.Image:
    """The first variant is large enough for a view of its own."""
    width, height = (1600, 1200) if variant == 0 else (360, 480) if variant % 2 else (480, 360)
    image = Image.new("RGB", (width, height), (255 - 6 * variant,) * 3)
    edge = int(min(width, height) * (0.45 + 0.06 * variant))
    left, top = (width - edge) * (variant % 4) // 4, (height - edge) * (variant % 3) // 3
    draw = ImageDraw.Draw(image)
    if shape == "circle":
        draw.ellipse((left, top, left + edge, top + edge), fill=colour)
    elif shape == "square":
        draw.rectangle((left, top, left + edge, top + edge), fill=colour)
    else:
        draw.rectangle((0, top, width, top + edge // 3), fill=colour)
    return image
