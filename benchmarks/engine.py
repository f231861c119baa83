"""How close the engines come to the model's own speed, how much memory a build takes, and what kills cost.

    make bench NAME=engine [ARGS="--limit 500 --rows 1000 5000 --kills 4 --model PACK"]

model_images_per_second   the model alone, on all cores, with pictures that are prepared already
local_images_per_second   the same pictures from files: decoded, thumbnails and views made, embedded, stored
ray_images_per_second     the same with --engine ray on this machine, the start of Ray included
local_share, ray_share    these two, as shares of the model's rate
peak_rss_mb_10k, …_100k   most memory of the build's own process, with that many small pictures, no two alike
identical                 whether both engines made the same files
kills, lost               what `make soak ARGS=engine` counts; a site that differs counts as lost
stages                    the steps of the local build: seconds, items, bytes
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from harness import collection, emit, median, note, run_cli
from PIL import Image

from imagedb_site.encoders import Encoder
from imagedb_site.models import resolve
from imagedb_site.picture_files import digest_picture
from imagedb_site.pictures import Derived, Work, derive_all
from imagedb_site.records import PictureRef
from soak import engine as kills

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
_PREPARED = 256
_BUILD_AND_SAY_PEAK = (
    # What getrusage says would include the memory of the process that started this one.
    "import sys; from imagedb_site.cli.main import run; run(sys.argv[1:]); "
    "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
)


def linked(folder: Path, limit: int | None) -> Path:
    """A folder with the pictures of `labelled` and `captioned`."""
    for name in ("labelled", "captioned"):
        files = sorted(path for path in collection(name).rglob("*.jpg") if path.is_file())
        for path in islice(files, limit and limit // 2):
            target = folder / name / path.relative_to(collection(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.hardlink_to(path)
            except OSError:
                shutil.copyfile(path, target)
    return folder


def model_rate(pictures: Path, model: str) -> float:
    """Pictures per second of the model on all cores, when nothing else runs."""
    pack = resolve(model)
    encoder = Encoder(pack)
    paths = sorted(path for path in pictures.rglob("*") if path.is_file())[:_PREPARED]
    works = [Work(str(path), PictureRef(path, 0, 0), (), input=True) for path in paths]
    want = max(encoder.preprocessing.height, encoder.preprocessing.width)
    made = derive_all(works, preprocess=encoder.preprocessing, input_want=want)
    inputs = np.stack([one.input for _, one in made if isinstance(one, Derived)])
    encoder.encode_inputs(inputs[:8])
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        encoder.encode_inputs(inputs)
        rates.append(len(inputs) / (time.perf_counter() - start))
    return median(rates)


def rate_of(report: dict[str, Any]) -> float:
    """Pictures per second that a build derived."""
    step = report["steps"]["derive"]
    return float(step["items"] / step["seconds"])


def digests(site: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(site.rglob("*")):
        if path.is_file():
            yield path.relative_to(site).as_posix(), digest_picture(PictureRef(path, 0, 0))


def peak_mb(folder: Path, count: int) -> float:
    """Most memory of the process of a build of `count` pictures, in MB."""
    for number in range(count):
        path = folder / "pictures" / f"{number // 1000:03}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((64, 48)).save(path)
    where = ["build", folder / "pictures", "-o", folder / "dist"]
    arguments = [*where, "--view-size", "0", "--model", GOLDEN / "pack-tiny", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", _BUILD_AND_SAY_PEAK, *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return int(done.stdout.split()[-1]) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, help="number of pictures; default: all 9,424")
    parser.add_argument("--rows", type=int, nargs=2, default=[10_000, 100_000])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--model", default="builtin", help="a model pack, for the rates")
    parser.add_argument("--part-size", default="256")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = linked(folder / "pictures", options.limit)
        note("the model alone")
        model = model_rate(pictures, options.model)
        more = ["--title", "T", "--model", options.model]
        note("the local engine")
        here, _ = run_cli("build", pictures, "-o", folder / "local", *more)
        note("the engine ray")
        ray = ["--engine", "ray", "--part-size", options.part_size]
        there, _ = run_cli("build", pictures, "-o", folder / "ray", *more, *ray)
        note("memory")
        few, many = (peak_mb(folder / f"rows-{count}", count) for count in options.rows)
        note("kills")
        (folder / "kills").mkdir()
        counts = kills.run(folder / "kills", options.kills / kills.KILLS)
        emit(
            {
                "images": here["count"],
                "cores": len(os.sched_getaffinity(0)),
                "model_images_per_second": round(model, 1),
                "local_images_per_second": round(rate_of(here), 1),
                "ray_images_per_second": round(rate_of(there), 1),
                "local_share": round(rate_of(here) / model, 3),
                "ray_share": round(rate_of(there) / model, 3),
                f"peak_rss_mb_{options.rows[0] // 1000}k": round(few, 1),
                f"peak_rss_mb_{options.rows[1] // 1000}k": round(many, 1),
                "identical": dict(digests(folder / "local")) == dict(digests(folder / "ray")),
                "kills": counts["kills"],
                "lost": counts["lost"] + counts["different_bytes"],
                "stages": here["steps"],
            }
        )


if __name__ == "__main__":
    main()
