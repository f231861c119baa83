"""Damaged, hostile and unusual files: which are taken, and do their thumbnails look as in Chromium?

    make bench NAME=inputs           # on the folders hostile, formats and camera of the test data

Every file goes through the builder's own decoder processes. `taken` has those of which a thumbnail was made,
`damaged` the taken ones that are reported as damaged, `refused` the others. `hangs` counts files that ran
into the time limit, `crashes` those that crashed a decoder process or made it fail.

`wrong_pixels` counts taken files that Chromium shows differently. Chromium draws each of them on a canvas of
the thumbnail's size; both are reduced to 32 pixels. A file is wrong if its own size differs by more than a
pixel, if the mean difference of the channels is more than 5 of 255, or if one of the reduced pixels differs
by more than 40. What is transparent in Chromium is put on each of the grounds that thumbnails can have, and
the nearest counts; of damaged files only what Chromium shows counts. Chromium does not turn WebP pictures by
their EXIF orientation, so its pixels are turned here. Files that Chromium does not show, or shows as nothing,
are `not_compared`, and so are animations of which a later frame was taken because the first is blank.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
from harness import browsing, collection, emit, note
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rendering import Renderer, Shown

from imagedb_site.pictures import DecodeError, Derived, Limits, Recipe, Work, derive_all
from imagedb_site.pictures.formats import DAMAGE
from imagedb_site.pictures.frames import best_frame, may_have_frames
from imagedb_site.pictures.ground import DARK, GREY, WHITE
from imagedb_site.records import PictureRef

FOLDERS = ("hostile", "formats", "camera")
THUMBNAIL = Recipe("thumbnail", 320, 75)
SIDE = 32
MEAN, LARGEST = 5.0, 40.0


def derive(files: list[Path]) -> dict[Path, Derived | DecodeError]:
    """What the builder makes of each file."""
    work = (Work(path.name, PictureRef(path, 0, 0), (THUMBNAIL,)) for path in files)
    return {one.picture.path: found for one, found in derive_all(work)}


def reduced(image: Image.Image) -> NDArray[np.float32]:
    """float32 [height, width, channels], within a square of `SIDE` pixels."""
    factor = max(1, *image.size) / SIDE
    size = (max(1, round(image.width / factor)), max(1, round(image.height / factor)))
    if factor > 1:
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def difference(derived: Derived, shown: Shown, path: Path) -> tuple[float, float]:
    """The mean and the largest difference (0 … 255) of the reduced pictures, on the ground that fits best."""
    ours = Image.open(io.BytesIO(derived.derivatives[THUMBNAIL].data)).convert("RGB")
    theirs = upright(Image.fromarray(shown.pixels), path)
    if theirs.size != ours.size:
        theirs = theirs.resize(ours.size, Image.Resampling.BOX)
    found = []
    for ground in (WHITE, GREY, DARK):
        flat = Image.new("RGBA", theirs.size, (*ground, 255))
        flat.alpha_composite(theirs)
        if derived.damage:
            flat.paste(
                ours, mask=theirs.getchannel("A").point(lambda opacity: 255 * (opacity == 0))
            )
        apart = np.abs(reduced(flat.convert("RGB")) - reduced(ours))
        found.append((float(apart.mean()), float(apart.mean(axis=-1).max())))
    return min(found)


def upright(image: Image.Image, path: Path) -> Image.Image:
    if path.read_bytes()[8:12] != b"WEBP":
        return image
    with Image.open(path) as opened:
        image.getexif()[0x0112] = opened.getexif().get(0x0112, 1)
    return ImageOps.exif_transpose(image)


def shows_later_frame(path: Path) -> bool:
    """Whether the builder takes another frame of an animation than the first, which Chromium draws."""
    try:
        with Image.open(path) as image:
            return may_have_frames(image) and best_frame(image, Limits().max_pixels) > 0
    except DAMAGE:
        return False


def is_wrong(derived: Derived, shown: Shown, path: Path) -> bool:
    """Whether a thumbnail differs from what Chromium shows; says how on standard error."""
    sizes = [(derived.width, derived.height), (shown.width, shown.height)]
    apart = max(abs(a - b) for a, b in zip(sorted(sizes[0]), sorted(sizes[1]), strict=True))
    mean, largest = difference(derived, shown, path)
    wrong = apart > 1 or mean > MEAN or largest > LARGEST
    if wrong:
        note(f"  differs: {path.name}: {sizes}, mean {mean:.1f}, largest {largest:.1f}")
    return wrong


def measure(folder: Path, renderer: Renderer) -> tuple[dict[str, Any], int, int]:
    """The figures of one folder, and how many files hung or crashed."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    start = time.perf_counter()
    found = derive(files)
    seconds = time.perf_counter() - start
    taken = {path: one for path, one in found.items() if isinstance(one, Derived)}
    causes = [one.cause for one in found.values() if isinstance(one, DecodeError)]
    wrong = unseen = 0
    for path, derived in sorted(taken.items()):
        made = derived.derivatives[THUMBNAIL]
        shown = renderer.show(path, max(made.width, made.height))
        if shown is None or not shown.pixels[..., 3].any() or shows_later_frame(path):
            unseen += 1
        else:
            wrong += is_wrong(derived, shown, path)
    figures = {
        "files": len(files),
        "taken": len(taken),
        "refused": len(files) - len(taken),
        "damaged": sum(derived.damage is not None for derived in taken.values()),
        "wrong_pixels": wrong,
        "not_compared": unseen,
        "seconds": round(seconds, 2),
    }
    return figures, causes.count("timeout"), causes.count("crash")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", action="append", help="only this folder of the test data")
    options = parser.parse_args()
    result: dict[str, Any] = {"hangs": 0, "crashes": 0}
    with browsing() as page:
        renderer = Renderer(page)
        for name in options.folder or FOLDERS:
            note(name)
            result[name], hangs, crashes = measure(collection(name), renderer)
            result["hangs"] += hangs
            result["crashes"] += crashes
    emit(result)


if __name__ == "__main__":
    main()
