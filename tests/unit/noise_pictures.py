"""Pictures of coloured noise, and what is in a site's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def draw(path: Path, number: int, size: tuple[int, int] = (400, 300)) -> None:
    """Draws picture `number`; no two are alike."""
    noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path)


def files(site: Path) -> dict[str, bytes]:
    """Returns the content of each file by its path."""
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in site.rglob("*") if p.is_file()}
