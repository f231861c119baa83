"""More real embeddings than there are pictures: views of every picture, embedded by the built-in pack.

    nice python benchmarks/vector_views.py        # a stopped run goes on

The first view of a picture is the picture. Further views are a random crop (35–100 % of the area, aspect
ratio changed by up to a third), mirrored or not, with brightness, contrast and colour changed by up to 30 %:
what a collection with several photographs of each subject looks like, not what one of as many subjects does.
"""

from __future__ import annotations

import argparse
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
from harness import DATA, note
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from imagedb_site.encoders import Encoder
from imagedb_site.packs import BUILTIN_FOLDER, load_pack

FOLDERS = ("captioned", "open", "labelled", "camera", "formats")
SETS = Path(os.environ.get("IMAGEDB_VECTOR_SETS", "~/.cache/imagedb-bench/vectors")).expanduser()
"""Where vector sets are kept: some GB, so outside the project."""
ROWS = 100_000
_SIDE = 512
_PART = 1024

Floats = NDArray[np.float32]


def pictures() -> list[Path]:
    """All pictures of the test data, in a fixed order; some of them cannot be opened."""
    names = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".ppm")
    return [
        path
        for folder in FOLDERS
        for path in sorted((DATA / folder).rglob("*"))
        if path.suffix.lower() in names
    ]


def opened(path: Path) -> Image.Image | None:
    """The upright picture in RGB, at most about `_SIDE` pixels wide; None if it cannot be read."""
    # Files of `formats` fail in every way there is; they are left out.
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            image.draft("RGB", (_SIDE, _SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Exception:
        return None
    upright.thumbnail((_SIDE, _SIDE))
    return upright if min(upright.size) >= 16 else None


def changed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Another view of a picture."""
    area, ratio = rng.uniform(0.35, 1), np.exp(rng.uniform(-0.29, 0.29))
    width = min(image.width, max(8, round(image.width * np.sqrt(area * ratio))))
    height = min(image.height, max(8, round(image.height * np.sqrt(area / ratio))))
    left, top = rng.integers(image.width - width + 1), rng.integers(image.height - height + 1)
    view = image.crop((left, top, left + width, top + height))
    if rng.random() < 0.5:
        view = ImageOps.mirror(view)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        view = enhance(view).enhance(rng.uniform(0.7, 1.3))
    return view


def _view(path: Path, number: int, view: int) -> Image.Image | None:
    image = opened(path)
    return (
        image
        if image is None or not view
        else changed(image, np.random.default_rng([number, view]))
    )


def embed_views(folder: Path, rows: int) -> None:
    """Embed the first views of all pictures, then the second ones …, until there are `rows`.

    Writes parts `VIEW-FIRST.npy`, float16 [n, 256]; a row of zeros is a picture that cannot be opened.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, done, view = pictures(), 0, 0
    encoder = Encoder(load_pack(BUILTIN_FOLDER))
    with ThreadPoolExecutor(2) as pool:
        while done < rows:
            for first in range(0, len(paths), _PART):
                target = folder / f"{view:02d}-{first:06d}.npy"
                numbers = range(first, min(first + _PART, len(paths)))
                if not target.is_file():
                    found = np.zeros((len(numbers), encoder.dim), dtype=np.float16)
                    for at in range(0, len(numbers), 64):
                        some = numbers[at : at + 64]
                        chosen = [paths[n] for n in some]
                        views = list(pool.map(_view, chosen, some, repeat(view)))
                        good = [i for i, one in enumerate(views) if one is not None]
                        found[[at + i for i in good]] = encoder.encode_images(
                            [views[i] for i in good]
                        )
                    np.save(target.with_suffix(".tmp.npy"), found)
                    target.with_suffix(".tmp.npy").rename(target)
                    note(f"view {view}, picture {numbers.stop:,}")
                done += int(np.load(target).any(axis=1).sum())
            view += 1


def views(folder: Path, view: int) -> Floats | None:
    """The embeddings of that view of all pictures, float32 [pictures, 256], zeros for unreadable ones.

    None if it has not been embedded.
    """
    parts = [folder / f"{view:02d}-{first:06d}.npy" for first in range(0, len(pictures()), _PART)]
    if not all(part.is_file() for part in parts):
        return None
    return np.concatenate([np.load(part) for part in parts]).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=Path, default=SETS, help="where vector sets are kept")
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    embed_views(options.sets / "views", options.rows)


if __name__ == "__main__":
    main()
