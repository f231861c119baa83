"""A site of drawn objects with several pictures (a diary, a coin, a vase, a ledger) and paintings."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw

PAGES = {"Travel diary": 12, "Coin 42": 2, "Blue vase": 4, "Ledger": 60}
"""How many pages each object has."""
VIEWS = ("front", "back", "detail", "foot")
PAINTINGS = 8
PICTURES = sum(PAGES.values()) + PAINTINGS
OBJECTS = len(PAGES) + PAINTINGS
HOSTILE = "<img src=x onerror=alert(1)>"


def draw_page(name: str, number: int) -> Image.Image:
    """One page: paper with lines, one side of a coin, or a view of the vase."""
    if name == "Coin 42":
        image = Image.new("RGB", (420, 420), (236, 233, 226))
        pen = ImageDraw.Draw(image)
        pen.ellipse((60, 60, 360, 360), fill=(190, 150, 70), outline=(120, 90, 40), width=8)
        pen.ellipse((150, 120, 270, 300), fill=(150, 115, 50)) if number == 1 else pen.polygon(
            [(120, 260), (300, 260), (260, 310), (160, 310), (210, 120)], fill=(150, 115, 50)
        )
        return image
    if name == "Blue vase":
        image = Image.new("RGB", (360, 480), (226, 226, 230 - 20 * number))
        pen = ImageDraw.Draw(image)
        pen.ellipse((100, 160, 260, 400), fill=(40, 70 + 20 * number, 180))
        pen.rectangle((150, 90, 210, 190), fill=(40, 70 + 20 * number, 180))
        return image
    image = Image.new("RGB", (360, 500), (240 - number % 7, 232, 212))
    pen = ImageDraw.Draw(image)
    for line in range(9, 22):
        pen.line((40, line * 20, 320 - (line * number * 37) % 120, line * 20), (70, 60, 50), 3)
    if name == "Travel diary" and number % 3 == 0:
        pen.rectangle((60, 60, 300, 170), fill=(90, 150 + number * 5, 200))
        pen.polygon([(120, 150), (180, 70), (240, 150)], fill=(250, 250, 245))
    else:
        pen.text((150, 60), str(number), fill=(60, 50, 40), font_size=60)
    return image


def draw_objects(folder: Path) -> tuple[Path, Path]:
    """Draw the pictures and write the table that names objects and pages; returns both."""
    pictures, table = folder / "pictures", folder / "table.csv"
    rows: list[dict[str, str]] = []
    for name, count in PAGES.items():
        for number in range(1, count + 1):
            # The names of the files are not in the order of the pages.
            file = f"{name.lower().replace(' ', '-')}/{(number * 7919) % 1000:03}.png"
            page = {"Coin 42": ("recto", "verso"), "Blue vase": VIEWS}.get(name)
            title = f"{name}, {page[number - 1]}" if page else f"{name}, page {number}"
            harbour = " with a harbour" if name == "Travel diary" and number % 3 == 0 else ""
            label = page[number - 1] if page else str(number)
            rows.append({"file": file, "object": name, "page": label, "title": title + harbour})
            (pictures / file).parent.mkdir(parents=True, exist_ok=True)
            draw_page(name, number).save(pictures / file)
    for number in range(PAINTINGS):
        image = Image.new("RGB", (480, 360), (200 - 20 * number, 120, 60 + 20 * number))
        ImageDraw.Draw(image).ellipse((100 + 20 * number, 60, 300, 280), fill=(250, 240, 120))
        file = f"painting-{number}.png"
        image.save(pictures / file)
        title = f"A harbour in the evening {number}" if number else HOSTILE
        # A single page is no reason to speak of pages.
        rows.append(
            {"file": file, "object": HOSTILE if not number else "", "page": "", "title": title}
        )
    with table.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, ["file", "object", "page", "title"])
        writer.writeheader()
        writer.writerows(rows)
    return pictures, table


def build_objects(folder: Path) -> Path:
    """Build the site; returns its folder."""
    pictures, table = draw_objects(folder)
    command: list[str | Path] = [sys.executable, "-m", "imagedb_site.cli.main", "build", pictures]
    command += ["-o", folder / "site", "-q", "--metadata", table, "--title", "Objects"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "site"


if __name__ == "__main__":
    print(build_objects(Path(sys.argv[1])))
