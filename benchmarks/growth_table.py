"""The cost of reading a sidecar table of two million rows and joining it with two million pictures.

    python benchmarks/growth_table.py [--rows 2000000]

table_2m_peak_rss_mb   peak memory of the process that reads the table and visits the fields of every
                       picture; the larger one of JSON lines and Parquet
table_2m_s             processor seconds of the same; the larger one

`kinds` has both formats. The table is like DiffusionDB's: file, prompt, seed, steps, sampler and tags. Word
frequencies follow Zipf's law, prompts have 25 words on average, and every third prompt repeats one of the
hundred before it. Pictures come in another order than rows. One row in a hundred has no picture, one picture
in a hundred has no row, and one row in fifty names its picture by a longer path.
"""

from __future__ import annotations

import argparse
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

PIECE = 20_000
VOCABULARY = 30_000
_SYLLABLES = (
    "ka lo mi ren sta ver ti on der qu ing la pe tor ne su ri ché ado ber nol fi ang é 山 ost"
)
SYLLABLES = _SYLLABLES.split()
SAMPLERS = ("k_lms", "k_euler", "ddim", "plms", "k_euler_ancestral")


def vocabulary(chance: np.random.Generator) -> list[str]:
    """Words of one to four syllables; frequent ones are short."""
    lengths = 1 + np.minimum(3, np.arange(VOCABULARY) // 200)
    words = ("".join(chance.choice(SYLLABLES, length)) for length in lengths)
    return [word + ("," if at % 9 == 4 else "") for at, word in enumerate(words)]


def names(rows: int) -> Iterator[str]:
    """The path of each picture; random names as in DiffusionDB, a thousand per folder."""
    chance = np.random.default_rng(1)
    for start in range(0, rows, PIECE):
        drawn = chance.bytes(8 * min(PIECE, rows - start)).hex()
        for at in range(min(PIECE, rows - start)):
            yield f"part-{(start + at) // 1000:06d}/{drawn[16 * at : 16 * at + 16]}.png"


def table(rows: int) -> Iterator[list[dict[str, Any]]]:
    """The rows of the table in pieces."""
    chance = np.random.default_rng(2)
    words = vocabulary(chance)
    shares = 1 / np.arange(1, VOCABULARY + 1)
    limits = np.cumsum(shares / shares.sum())
    paths = names(rows)
    earlier = ["a castle"]
    for start in range(0, rows, PIECE):
        count = min(PIECE, rows - start)
        lengths = np.clip(chance.lognormal(3.05, 0.6, count), 1, 200).astype(int)
        drawn = np.minimum(
            np.searchsorted(limits, chance.random(lengths.sum() + 6 * count)), VOCABULARY - 1
        )
        numbers = chance.integers(0, 1 << 32, (count, 3))
        piece, at = [], 0
        for row in range(count):
            seed, pick, other = map(int, numbers[row])
            prompt = " ".join([words[w] for w in drawn[at : at + lengths[row]]])
            at += lengths[row]
            tags = [words[w].rstrip(",") for w in drawn[at : at + pick % 7]]
            at += 6
            if pick % 3 == 0:
                prompt = earlier[other % len(earlier)]
            earlier = [*earlier[-99:], prompt]
            path = next(paths)
            if pick % 50 == 1:
                path = f"/data/images/{path}"
            elif pick % 100 == 2:
                path = f"gone/{seed}.png"
            piece.append(
                {
                    "file": path,
                    "prompt": prompt,
                    "seed": seed,
                    "steps": (20, 30, 50, 75)[other % 4],
                    "sampler": SAMPLERS[pick % 5],
                    "tags": tags,
                }
            )
        yield piece


def write(path: Path, rows: int) -> None:
    """Writes the table in the format that the suffix of `path` names."""
    if path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as file:
            for piece in table(rows):
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in piece)
        return
    import pyarrow
    from pyarrow import parquet

    writer = None
    for piece in table(rows):
        batch = pyarrow.RecordBatch.from_pylist(piece)
        writer = writer or parquet.ParquetWriter(path, batch.schema)
        # pyarrow's default size of row groups: 1,048,576 rows.
        writer.write_batch(batch, row_group_size=1 << 20)
    if writer is not None:
        writer.close()


def load(path: Path, rows: int) -> dict[str, Any]:
    """Reads the table, joins it and visits the fields of every picture, in this process."""
    from imagedb_site.records import PictureRef, Record
    from imagedb_site.sources import load_sidecar
    from imagedb_site.sources.listing import Listing

    start = time.process_time()
    listing = Listing()
    for name in names(rows):
        listing.add(Record(name, picture=PictureRef(Path(name), 0, 0)))
    shuffled = Listing()
    for at in np.random.default_rng(3).permutation(rows).astype(np.uint32):
        name = f"new/{at}.png" if at % 100 == 5 else listing[int(at)]
        shuffled.add(Record(name, picture=PictureRef(Path(name), 0, 0)))
    del listing
    prepared = time.process_time() - start
    sidecar = load_sidecar(path)
    read = time.process_time() - start
    joined = sidecar.join(shuffled)
    matched = sum(bool(joined.values(at)) for at in range(rows))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "peak_rss_mb": round(usage.ru_maxrss / 1024),
        "cpu_s": round(time.process_time() - start - prepared, 1),
        "read_s": round(read - prepared, 1),
        "matched": matched,
        "unmatched": joined.unmatched_count(),
        "types": {spec.name: spec.type for spec in sidecar.fields},
    }


def measure(rows: int) -> dict[str, Any]:
    """Writes and reads the table in both formats, each in its own process."""
    kinds: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="imagedb-table-") as folder:
        for kind in ("jsonl", "parquet"):
            path = Path(folder) / f"table.{kind}"
            found = {}
            for step in ("write", "load"):
                print(f"{kind}: {step}", file=sys.stderr, flush=True)
                command = [sys.executable, __file__, "--rows", str(rows), f"--{step}", str(path)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                found = json.loads(done.stdout or "{}")
            kinds[kind] = {"bytes": path.stat().st_size, **found}
            path.unlink()
    return {
        "rows": rows,
        "table_2m_peak_rss_mb": max(kind["peak_rss_mb"] for kind in kinds.values()),
        "table_2m_s": max(kind["cpu_s"] for kind in kinds.values()),
        "kinds": kinds,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write, options.rows)
    elif options.load:
        print(json.dumps(load(options.load, options.rows)))
    else:
        print(json.dumps(measure(options.rows)))


if __name__ == "__main__":
    main()
