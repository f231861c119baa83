"""Bytes, requests and times of filters, facets and orders over a large collection of tagged rows.

    make bench NAME=columns ARGS="ROWS TAGS_PER_ROW"

The rows (default: 1,000,000 of 32 tags) have the real frequencies of 140,782 tags, made-up names, and
dates, newest first as in every canonical site. In Node, the JavaScript library asks each question of a
new collection, so nothing is loaded before; `…_again_ms` is the same question a second time. Files come
from the disk: the time of a network has to be added.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from harness import DATA, ROOT, note

from imagedb_site.records import FieldSpec, Value
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site
from imagedb_site.site.assets import web_folder

BLOCK = 8192
NEWEST = datetime.datetime(2026, 1, 1)
RATINGS = ("safe", "questionable", "explicit", "general")
PARTS = [a + b for a in "bcdfghjklmnprstvz" for b in "aeiou"]
FIELDS = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", facet=True, column=True),
    FieldSpec("rating", "Rating", "category", facet=True, column=True),
    FieldSpec("taken", "Taken", "date", facet=True, column=True),
    FieldSpec("score", "Score", "number", column=True),
]


def tag_counts() -> np.ndarray[Any, np.dtype[np.float64]]:
    """How often each of the real tags occurs."""
    file = DATA / "tag-counts.tsv.gz"
    if not file.is_file():
        sys.exit(f"The counts of real tags are not there ({file}).")
    with gzip.open(file, "rt") as lines:
        return np.array([int(line.split("\t")[1]) for line in lines], dtype=np.float64)


def name_of(number: int) -> str:
    """A name of three to five syllables that no other number has."""
    random = np.random.default_rng(number)
    chosen = random.integers(0, len(PARTS), random.integers(2, 5)).tolist()
    syllables = [PARTS[at] for at in chosen]
    return "".join(syllables) + f"_{PARTS[number % len(PARTS)]}{number // len(PARTS)}"


class Rows:
    """The rows, generated whenever they are iterated."""

    def __init__(self, count: int, per_row: int) -> None:
        self._count = count
        self._per_row = per_row
        counts = tag_counts()
        self._steps = np.cumsum(counts / counts.sum())
        self.names = [name_of(number) for number in range(len(counts))]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SiteRow]:
        for first in range(0, self._count, BLOCK):
            random = np.random.default_rng([1, first])
            size = min(BLOCK, self._count - first)
            drawn = np.searchsorted(self._steps, random.random((size, self._per_row)))
            tags = np.minimum(drawn, len(self.names) - 1).tolist()
            numbers = random.integers(0, 1 << 30, (size, 2)).tolist()
            for at in range(size):
                yield self._row(first + at, tags[at], numbers[at])

    def _row(self, row: int, tags: list[int], numbers: list[int]) -> SiteRow:
        fields: dict[str, Value] = {
            "title": f"post {row}",
            "tags": [self.names[tag] for tag in dict.fromkeys(tags)],
            "rating": RATINGS[numbers[0] % len(RATINGS)],
            "taken": (NEWEST - datetime.timedelta(seconds=300 * row)).isoformat(),
            "score": numbers[1] % 1000 - 200,
        }
        key = f"{row:08d}"
        image_id = hashlib.sha256(key.encode()).hexdigest()[:16]
        return SiteRow(image_id=image_id, key=key, width=0, height=0, fields=fields)


def main() -> None:
    count, per_row = (int(value) for value in [*sys.argv[1:], "1000000", "32"][:2])
    rows = Rows(count, per_row)
    with tempfile.TemporaryDirectory(prefix="imagedb-columns-") as temporary:
        site = Path(temporary) / "site"
        note(f"writing {count:,} rows of {per_row} tags")
        start = time.perf_counter()
        write_site(
            SiteInput(
                title="Columns",
                rows=rows,
                fields=FIELDS,
                thumbnail=lambda row: None,
                settings=SiteSettings(pages=False),
            ),
            site,
        )
        seconds = time.perf_counter() - start
        files = [file for file in (site / "data").iterdir() if is_column(file.name)]
        result: dict[str, Any] = {
            "rows": count,
            "tags_per_row": per_row,
            "different_tags": len(rows.names),
            "build_s": round(seconds, 1),
            "build_peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "column_files": len(files),
            "column_bytes": sum(file.stat().st_size for file in files),
        }
        library = web_folder() / "imagedb.js"
        script = ROOT / "benchmarks" / "columns.mjs"
        names = [rows.names[at] for at in (0, 1000, 30_000)]
        command = ["node", "--expose-gc", str(script), str(library), str(site), *names]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        result |= json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(result))


def is_column(name: str) -> bool:
    """Whether a file under `data/` belongs to the columns."""
    stem = name.partition(".")[0].partition("-")[0]
    return stem == "columns" or stem in {spec.name for spec in FIELDS}


if __name__ == "__main__":
    main()
