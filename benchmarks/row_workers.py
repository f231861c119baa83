"""Work on blocks of rows, in this process and by the processes of a runner: seconds and processor seconds.

    make bench NAME=row_workers [ARGS="--rows 300000 --workers 2 --repeat 2"]

cells   rows are assigned to the cells of the tier `cells`, and their codes are packed (the whole of
        `CellCodes.take`; fitting cells and writing files are not in it)
map     rows are placed on a map that is fitted to 100,000 others

Rows are random ones of 256 dimensions around 2,000 centres. `0` workers are the process itself, with the
threads that its numpy has. Ways take turns, and the least of their times counts. `same` says whether all
results are equal.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from harness import emit, note

from imagedb_site.mapping import fit
from imagedb_site.parts.row_workers import RunnerRows
from imagedb_site.run import LocalRunner, RowWorkers, WorkHere
from imagedb_site.site import ArrayEmbeddings, SiteSettings
from imagedb_site.site.cell_vectors import CellCodes
from imagedb_site.site.quantizer import fit_quantizer, in_blocks, survey
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.target import FolderTarget

DIM, CENTRES, PART = 256, 2_000, 10_000
SAMPLE, FITTED = 160_000, 100_000


def drawn(count: int) -> np.ndarray:
    """Unit rows, float32 [count, DIM]."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(CENTRES, DIM)).astype(np.float32)
    rows = np.empty((count, DIM), np.float32)
    for first in range(0, count, PART):
        part = rows[first : first + PART]
        part[:] = centres[random.integers(0, CENTRES, len(part))]
        part += 1.2 * random.normal(size=part.shape).astype(np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


def in_cells(rows: np.ndarray) -> Callable[[RowWorkers], list[bytes]]:
    """What `cells` measures; cells are fitted once."""
    count = len(rows)
    embeddings = ArrayEmbeddings(rows)
    found = survey(embeddings, count, SAMPLE)
    texts = np.zeros(count, dtype=np.bool_)
    quantizer = fit_quantizer(found)
    with tempfile.TemporaryDirectory() as folder:
        # No file is written.
        files = SiteFiles(FolderTarget(Path(folder)))
    given = (texts, SiteSettings(cells=True))
    fitted = CellCodes(files, found, quantizer, None, *given).cells

    def work(workers: RowWorkers) -> list[bytes]:
        codes = CellCodes(files, found, quantizer, fitted, *given)
        firsts = range(0, count, codes.block)
        parts = zip(firsts, in_blocks(embeddings, count, codes.block), strict=True)
        here = ((at, part, found.present[at : at + len(part)]) for at, part in parts)
        codes.take(here, workers)
        kept = codes._codes
        arrays = (codes._row_cells, kept.coarse, kept.factors, kept.scales, kept.vectors)
        return [array.tobytes() for array in arrays]

    return work


def on_the_map(rows: np.ndarray) -> Callable[[RowWorkers], list[bytes]]:
    """What `map` measures."""
    random = np.random.default_rng(2)
    fitted = min(FITTED, len(rows) // 2)
    places = [random.integers(0, 65_534, (fitted, dims)).astype(np.uint16) for dims in (2, 3)]

    def work(workers: RowWorkers) -> list[bytes]:
        found = fit.place(rows[fitted:], rows[:fitted], *places, workers=workers)
        return [one.tobytes() for one in found]

    return work


def seconds() -> float:
    """Processor seconds of this process and of those that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(work: Callable[[RowWorkers], list[bytes]], count: int) -> tuple[float, float, str]:
    """Wall clock and processor seconds with this number of workers, and a digest of the result."""
    with tempfile.TemporaryDirectory() as folder:
        workers: RowWorkers = WorkHere()
        if count:
            workers = RunnerRows(Path(folder), lambda: LocalRunner(count, timeout_s=600))
        began, used = time.perf_counter(), seconds()
        made = work(workers)
        took, used = time.perf_counter() - began, seconds() - used
    return took, used, hashlib.sha256(b"".join(made)).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=2)
    given = parser.parse_args()
    rows = drawn(given.rows)
    found: dict[str, Any] = {"rows": given.rows, "dim": DIM}
    for name, make in (("cells", in_cells), ("map", on_the_map)):
        work = make(rows)
        runs: dict[int, list[tuple[float, float, str]]] = {}
        for _ in range(given.repeat):
            for count in range(given.workers + 1):
                note(f"{name} with {count} workers")
                runs.setdefault(count, []).append(timed(work, count))
        found[name] = {
            "s": {count: round(min(one[0] for one in made), 2) for count, made in runs.items()},
            "cpu_s": {count: round(min(one[1] for one in made), 2) for count, made in runs.items()},
            "same": len({one[2] for made in runs.values() for one in made}) == 1,
        }
    emit(found)


if __name__ == "__main__":
    main()
