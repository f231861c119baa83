"""Damage of every kind to every kind of file of a site: `check` must notice each, in a folder and at a URL.

Counts `flips`, the trials, and `flips_undetected`, those after which `check` says that nothing is wrong.
"""

from __future__ import annotations

import random
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from imagedb_site.build import build
from imagedb_site.check import check_site
from imagedb_site.config import load_config
from imagedb_site.serve import SiteServer

PACK = Path(__file__).parents[1] / "golden" / "pack-tiny"
TRIALS = 900
HIDDEN = frozenset({".nojekyll"})
"""What an address need not show."""

Damage = Callable[[Path, list[Path], random.Random], None]


def flip(file: Path, _: list[Path], chance: random.Random) -> None:
    """One bit, or a run of up to 400 bytes, is another."""
    data = bytearray(file.read_bytes())
    at = chance.randrange(len(data))
    if chance.random() < 0.5:
        data[at] ^= 1 << chance.randrange(8)
    else:
        end = min(len(data), at + chance.randint(1, 400))
        data[at:end] = bytes(byte ^ chance.randint(1, 255) for byte in data[at:end])
    file.write_bytes(data)


def cut(file: Path, _: list[Path], chance: random.Random) -> None:
    """The end is missing."""
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data))])


def append(file: Path, _: list[Path], chance: random.Random) -> None:
    """There are more bytes at the end."""
    with file.open("ab") as stream:
        stream.write(chance.randbytes(chance.choice((1, 2, 100))))


def delete(file: Path, _: list[Path], chance: random.Random) -> None:
    """The file is gone."""
    file.unlink()


def swap(file: Path, others: list[Path], chance: random.Random) -> None:
    """Two files have each other's content."""
    mine = file.read_bytes()
    other = chance.choice([other for other in others if other.read_bytes() != mine])
    theirs = other.read_bytes()
    file.write_bytes(theirs)
    other.write_bytes(mine)


DAMAGES: tuple[Damage, ...] = (flip, cut, append, delete, swap)


def kind_of(path: Path, site: Path) -> str:
    """The kind of a file: its folder and its name without hash and number, or its whole name."""
    parts = path.relative_to(site).parts
    if len(parts) == 1:
        return parts[0]
    stem = re.sub(r"[.-]?[0-9a-f]{16}\.|-[\w-]{8}\.", ".", parts[-1])
    return f"{parts[0]}/{stem}"


def undetected(site: Path, file: Path, damage: Damage, url: str, chance: random.Random) -> int:
    """Damage the file, check the site, and put it back: 1 if the check says that nothing is wrong."""
    others = [other for other in site.rglob("*") if other.is_file() and other != file]
    if damage is swap:
        others = chance.sample(others, min(len(others), 20))
        before = {other: other.read_bytes() for other in (file, *others)}
    else:
        before = {file: file.read_bytes()}
    damage(file, others, chance)
    try:
        report = check_site(url or site)
    finally:
        for path, data in before.items():
            path.write_bytes(data)
    if report.ok:
        place = "URL" if url else "folder"
        print(f"not noticed: {damage.__name__} of {file.name} ({place})", file=sys.stderr)
    return int(report.ok)


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of the site on a server of this process."""
    with SiteServer(site, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


def files_by_kind(site: Path) -> dict[str, list[Path]]:
    """All files of the site."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(site.rglob("*")):
        if path.is_file():
            kinds.setdefault(kind_of(path, site), []).append(path)
    return kinds


def fits(damage: Damage, file: Path, url: str) -> bool:
    """Whether the damage changes the file, and is there to be seen."""
    if url and file.name in HIDDEN:
        return False
    return file.stat().st_size > 0 or damage not in (flip, cut)


def each_kind(site: Path, seed: int = 1) -> dict[str, int]:
    """Every damage to one file of every kind, in the folder; and one of them at an address."""
    chance = random.Random(seed)
    counts = {"flips": 0, "flips_undetected": 0}
    with served(site) as url:
        for files in files_by_kind(site).values():
            once = chance.choice(DAMAGES)
            for damage in DAMAGES:
                file = chance.choice(files)
                for place in ("", url) if damage is once else ("",):
                    if fits(damage, file, place):
                        counts["flips"] += 1
                        counts["flips_undetected"] += undetected(site, file, damage, place, chance)
    return counts


def at_random(site: Path, trials: int, seed: int = 2) -> dict[str, int]:
    """So many trials, kinds by turns, a third of them at an address."""
    chance = random.Random(seed)
    kinds = list(files_by_kind(site).values())
    counts = {"flips": 0, "flips_undetected": 0}
    with served(site) as url:
        for number in range(trials):
            file = chance.choice(kinds[number % len(kinds)])
            place = "" if number // len(kinds) % 3 else url
            damage = chance.choice(DAMAGES)
            if fits(damage, file, place):
                counts["flips"] += 1
                counts["flips_undetected"] += undetected(site, file, damage, place, chance)
    return counts


def make_site(folder: Path) -> Path:
    """A small site with everything that a site may have."""
    pictures = folder / "pictures"
    for number in range(30):
        noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        file = pictures / ("red", "green")[number % 2] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).resize((400, 300), Image.Resampling.BICUBIC).save(file)
    table = folder / "table.csv"
    rows = [
        f"{('red', 'green')[number % 2]}/{number}.jpg,Picture {number} of a cat,"
        f"tag{number % 3}; noise,{1950 + number},{number / 4},place {number % 5}"
        for number in range(30)
    ]
    table.write_text("\n".join(["file,caption,tags,taken,rating,place", *rows]) + "\n")
    settings = {
        "pictures": pictures,
        "output": folder / "site",
        "metadata": (table,),
        "model": str(PACK),
        "originals": "copy",
        "view_size": 512,
        "workers": 1,
        "title": "Flips",
    }
    build(load_config(None, settings))
    return folder / "site"


def run(folder: Path, scale: float) -> dict[str, int]:
    site = make_site(folder)
    quick = each_kind(site)
    more = at_random(site, max(1, round(TRIALS * scale) - quick["flips"]))
    return {name: quick[name] + more[name] for name in quick}
