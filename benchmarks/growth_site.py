"""Writes a large synthetic site and measures memory, processor time, files and bytes.

    python benchmarks/growth_site.py FOLDER [--rows 1000000] [--dim 256] [--no-model] [--no-pages]

Everything is generated as a stream, so the figures are those of the writer plus a small generator, whose
own processor time is reported. Each row has a caption recombined from halves of real captions, up to six
tags with frequencies as in a real archive, a camera, a folder, a date (four of five rows), three numbers
and a boolean. Thumbnails are 2,000 real pictures at 128 px, used again and again. Embeddings are 4,000
clusters of Zipf sizes with noise of two scales.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import io
import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from imagedb_site.container import gzip_bytes
from imagedb_site.pictures.placeholder import placeholder
from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
THUMBNAILS = 2000
CLUSTERS = 4000
BLOCK = 8192
CAMERAS = [f"{maker} {model}" for maker in ("Acorn", "Birch", "Cedar") for model in range(1, 15)]
NEWEST = datetime.datetime(2026, 1, 1)

FIELDS = [
    FieldSpec("name", "Name", "text", fts=True),
    FieldSpec("caption", "Caption", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", fts=True, facet=True, column=True),
    FieldSpec("folder", "Folder", "category", fts=True, facet=True, column=True),
    FieldSpec("camera", "Camera", "category", fts=True, facet=True, column=True),
    FieldSpec("taken", "Taken", "date", facet=True, column=True),
    FieldSpec("iso", "ISO", "number", column=True),
    FieldSpec("aperture", "Aperture", "number", column=True),
    FieldSpec("rating", "Rating", "number", facet=True, column=True),
    FieldSpec("flash", "Flash", "boolean", column=True),
]


@dataclass(frozen=True)
class Thumbnail:
    data: bytes
    width: int
    height: int
    placeholder: bytes


class Rows:
    """The rows, generated whenever they are iterated. Newest first, so that they are in default order."""

    def __init__(self, count: int, captions: list[list[str]], thumbnails: list[Thumbnail]) -> None:
        self._count = count
        self._captions = captions
        self._thumbnails = thumbnails
        words = sorted({word for caption in captions for word in caption if word.isalpha()})
        self._tags = words[:: max(1, len(words) // 3000)]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SiteRow]:
        for first in range(0, self._count, BLOCK):
            random = np.random.default_rng([1, first])
            size = min(BLOCK, self._count - first)
            halves = random.integers(0, len(self._captions), (size, 2)).tolist()
            tags = (random.zipf(1.3, (size, 6)) % len(self._tags)).tolist()
            numbers = random.integers(0, 1 << 30, (size, 3)).tolist()
            for at in range(size):
                yield self._row(first + at, halves[at], tags[at], numbers[at])

    def _row(self, row: int, halves: list[int], tags: list[int], numbers: list[int]) -> SiteRow:
        thumbnail = self._thumbnails[row % len(self._thumbnails)]
        one, two = (self._captions[half] for half in halves)
        dated = row < self._count * 4 // 5
        folder = (
            f"{2025 - row * 20 // self._count}-{1 + numbers[2] % 12:02d}" if dated else "undated"
        )
        name = f"IMG_{row:07d}"
        fields: dict[str, Value] = {
            "name": name,
            "caption": " ".join([*one[: len(one) // 2], *two[len(two) // 2 :]]),
            "tags": [self._tags[tag] for tag in dict.fromkeys(tags[: numbers[0] % 7])],
            "folder": folder,
            "camera": CAMERAS[numbers[0] % len(CAMERAS)],
            "iso": 100 * (1 + numbers[1] % 64),
            "aperture": (14 + numbers[1] % 80) / 10,
            "rating": numbers[2] % 6,
            "flash": numbers[0] % 5 == 0,
        }
        if dated:
            moment = NEWEST - datetime.timedelta(seconds=row * 600 + numbers[2] % 600)
            fields["taken"] = moment.isoformat()
        return SiteRow(
            image_id=hashlib.sha256(name.encode()).hexdigest()[:16],
            key=f"{folder}/{name}.jpg" if dated else f"undated/{name}.jpg",
            width=thumbnail.width * 31,
            height=thumbnail.height * 31,
            thumbnail=(thumbnail.width, thumbnail.height),
            placeholder=thumbnail.placeholder,
            fields=fields,
        )


class Clusters:
    """Embeddings, generated whenever they are read."""

    def __init__(self, count: int, dim: int) -> None:
        self.count, self.dim = count, dim
        random = np.random.default_rng(2)
        basis = random.normal(size=(24, dim)) / np.sqrt(24)
        self._centres = (random.normal(size=(CLUSTERS, 24)) @ basis).astype(np.float32)
        self._centres[:, 7] += 2

    def blocks(self) -> Iterator[np.ndarray]:
        for first in range(0, self.count, BLOCK):
            random = np.random.default_rng([3, first])
            size = min(BLOCK, self.count - first)
            chosen = random.zipf(1.2, size) % CLUSTERS
            noise = random.standard_normal((size, self.dim), dtype=np.float32)
            scale = np.where(random.random((size, 1)) < 0.7, 0.25, 0.6).astype(np.float32)
            block = self._centres[chosen] + scale * noise
            block /= np.linalg.norm(block, axis=1, keepdims=True)
            yield block


def captions() -> list[list[str]]:
    """The words of the captions of the test data."""
    file = DATA / "captioned" / "captions.jsonl"
    if not file.is_file():
        sys.exit(f"The captions of the test data are not there ({file}).")
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found += [str(text).split() for text in row.get("captions") or [row.get("caption", "")]]
    return found


def thumbnails() -> list[Thumbnail]:
    """Pictures of the test data at 128 px."""
    found = []
    for path in sorted((DATA / "captioned" / "images").rglob("*.jpg"))[:THUMBNAILS]:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((128, 128))
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=75)
        found.append(Thumbnail(out.getvalue(), *picture.size, placeholder(picture)))
    return found


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--no-model", action="store_true", help="leave out the built-in model")
    parser.add_argument("--no-pages", action="store_true", help="leave out the application")
    options = parser.parse_args()
    pictures = thumbnails()
    rows = Rows(options.rows, captions(), pictures)
    embeddings = Clusters(options.rows, options.dim)
    started = cpu()
    for _ in rows:
        pass
    for _ in embeddings.blocks():
        pass
    once = cpu() - started
    pack = None
    if not options.no_model and options.dim == 256:
        from imagedb_site.models import resolve

        pack = resolve("builtin")
    site = SiteInput(
        title="Large",
        rows=rows,
        fields=FIELDS,
        thumbnail=lambda row: pictures[row % len(pictures)].data,
        embeddings=embeddings,
        pack=pack,
        settings=SiteSettings(thumbnail_size=128, view_size=0, pages=not options.no_pages),
    )
    steps: dict[str, float] = {}

    def progress(step: str, done: int, total: int | None) -> None:
        steps[step] = time.perf_counter() - clock

    clock, started = time.perf_counter(), cpu()
    report = write_site(site, options.folder, progress=progress)
    seconds, used = time.perf_counter() - clock, cpu() - started
    manifest = (options.folder / "manifest.json").read_bytes()
    result = {
        "rows": options.rows,
        "manifest_bytes": len(manifest),
        "manifest_gzip_bytes": len(gzip_bytes(manifest)),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "cpu_s": round(used, 1),
        "generator_cpu_s": round(once, 1),
        "wall_s": round(seconds, 1),
        "done_at_s": {step: round(at, 1) for step, at in steps.items()},
        "files": report.files,
        "bytes": report.bytes,
    }
    print(json.dumps(result, sort_keys=True))


if __name__ == "__main__":
    main()
