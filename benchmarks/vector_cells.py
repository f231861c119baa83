"""What a search at the tier `cells` finds and costs, by how much it reads.

    python benchmarks/vector_cells.py SET FOLDER [--queries N]

FOLDER is a site of the set's vectors (vector_site.py). Every query is a first one: nothing but the manifest
was read before. As many rows are asked for as a page asks for; recall is that of the first ten.

recall     of the ten nearest rows by exact float32
bytes, requests   mean, p50 and p95 of a query; `groups`: group files of them (codes of rows)
parts      mean number and bytes of files by their kind
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from codes import recall
from harness import emit, note
from vector_sets import SETS, K, load

from imagedb_site.measure import CountingSource
from imagedb_site.query.ranking import FUSION_DEPTH
from imagedb_site.reader import Site, cells
from imagedb_site.reader.source import Source, open_source

CHOICES = [(48, 1.1), (52, 1.1), (56, 1.1), (64, 1.1), (48, 0.9), (48, 1.3), (64, 1.3)]
"""How many rows are refined, and of how many standard deviations cells are read."""


class Kept(CountingSource):
    """A source that reads each file once."""

    def __init__(self, inner: Source) -> None:
        super().__init__(inner)
        self._files: dict[str, bytes] = {}

    def read(self, path: str, limit: int) -> bytes:
        if path not in self._files:
            self._files[path] = super().read(path, limit)
        return self._files[path]


def spread(values: list[int]) -> list[float]:
    """Mean, p50 and p95."""
    found = (np.mean(values), np.quantile(values, 0.5), np.quantile(values, 0.95))
    return [round(float(value), 1) for value in found]


def asked(source: Source, queries: Any, truth: Any) -> dict[str, Any]:
    """The figures of all queries, each asked of a site of which nothing was read."""
    rows, sizes, requests, groups = [], [], [], []
    files: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for query in queries:
        counting = CountingSource(source)
        with Site(counting) as site:
            counting.sizes.clear()
            rows.append(site.vectors.search(query, FUSION_DEPTH).rows[:K])
        kinds = {path: path.split("/")[1].split(".")[0] for path in counting.sizes}
        size, count = counting.cost()
        sizes.append(size)
        requests.append(count)
        groups.append(sum(kind == "cell-codes" for kind in kinds.values()))
        for path, kind in kinds.items():
            files[kind] += 1
            total[kind] += counting.sizes[path]
    number = len(queries)
    return {
        "recall": round(recall(np.stack(rows), truth), 4),
        "bytes": spread(sizes),
        "requests": spread(requests),
        "groups": spread(groups),
        "parts": {
            kind: [round(files[kind] / number, 1), round(total[kind] / number)] for kind in files
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("set")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--sets", type=Path, default=SETS)
    given = parser.parse_args()
    found = load(given.set, given.sets)
    source = Kept(open_source(given.folder))
    result: list[dict[str, Any]] = []
    for refined, spreads in CHOICES:
        cells.REFINED, cells.SPREADS = refined, spreads
        for kind in ("text", "picture"):
            queries = found.queries[kind][: given.queries]
            truth = found.truth[kind][: given.queries]
            figures = asked(source, queries, truth)
            result.append({"refined": refined, "spreads": spreads, "kind": kind, **figures})
            note(f"  {result[-1]}")
    emit({"set": given.set, "choices": result})


if __name__ == "__main__":
    main()
