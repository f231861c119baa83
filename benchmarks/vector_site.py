"""Writes a site of a vector set's embeddings: records with a caption each, without pictures.

    python benchmarks/vector_site.py SET FOLDER [--rows N] [--no-pages]

Prints the cost of the vectors apart from that of everything else: until the writer turns to the records it
does nothing but write vectors. Peak memory is that of the process, of which the mapped set is a part.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from growth_site import captions
from harness import emit
from numpy.typing import NDArray
from vector_fit import Floats
from vector_sets import SETS, load

from imagedb_site.packs import BUILTIN_FOLDER, load_pack
from imagedb_site.records import FieldSpec
from imagedb_site.site import SiteInput, SiteRow, SiteSettings, write_site

_BLOCK = 8192


class Records:
    """Rows with captions recombined from halves of real ones."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._captions = captions()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SiteRow]:
        rng = np.random.default_rng(1)
        for row in range(self._count):
            one, two = (self._captions[n] for n in rng.integers(0, len(self._captions), 2).tolist())
            text = " ".join([*one[: len(one) // 2], *two[len(two) // 2 :]])
            name = f"{row:07d}"
            image_id = hashlib.sha256(name.encode()).hexdigest()[:16]
            yield SiteRow(image_id, name, 0, 0, fields={"caption": text})


class Stored:
    """The embeddings of a set as the writer reads them."""

    def __init__(self, rows: NDArray[np.float16]) -> None:
        self._rows = rows

    @property
    def dim(self) -> int:
        return int(self._rows.shape[1])

    def blocks(self) -> Iterator[Floats]:
        for first in range(0, len(self._rows), _BLOCK):
            yield np.asarray(self._rows[first : first + _BLOCK], dtype=np.float32)


def _used() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def write(name: str, folder: Path, count: int, sets: Path, *, pages: bool) -> dict[str, Any]:
    """Write the site into `folder`. It has the built-in model if the dimensions are those of the model."""
    rows = load(name, sets).rows[:count]
    pack = load_pack(BUILTIN_FOLDER)
    records = Records(len(rows))
    vectors: list[tuple[float, float]] = []

    def progress(*_: Any) -> None:
        if not vectors:
            vectors.append(_used())

    site = SiteInput(
        title=name,
        rows=records,
        fields=[FieldSpec("caption", "Caption", "text", fts=True)],
        thumbnail=lambda row: None,
        embeddings=Stored(rows),
        pack=pack if pack.dim == rows.shape[1] else None,
        settings=SiteSettings(pages=pages),
    )
    before, start = _used(), time.perf_counter()
    report = write_site(site, folder, progress=progress)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {
        "rows": len(rows),
        "dim": rows.shape[1],
        "tier": manifest["vectors"]["tier"],
        "vectors_cpu_s": round(vectors[0][0] - before[0], 1),
        "vectors_peak_rss_mb": round(vectors[0][1]),
        "write_cpu_s": round(_used()[0] - before[0], 1),
        "write_s": round(time.perf_counter() - start, 1),
        "peak_rss_mb": round(_used()[1]),
        "files": report.files,
        "bytes": report.bytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("set")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sets", type=Path, default=SETS)
    parser.add_argument("--no-pages", action="store_true", help="leave out the application")
    given = parser.parse_args()
    emit(write(given.set, given.folder, given.rows, given.sets, pages=not given.no_pages))


if __name__ == "__main__":
    main()
