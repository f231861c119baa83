"""Search by meaning at a million vectors: recall, bytes, requests, time, memory, and others beside it.

    make bench NAME=vectors                          # all parts
    make bench NAME=vectors ARGS="--part recall"     # one of: build, recall, visit, warm, peers, build512

Sets are those of vector_sets.py, sites those of vector_site.py; both are kept where the sets are, so that
parts can run one at a time. Recall@10 is against exact float32 answers, of text and picture queries apart.

recall_at_10_text     … of each set, in a site of it: fitted (1,000,000 × 256), real (all rows), hard ones
recall_at_10_picture
index_bytes           the files of the index that a first refined answer reads (median of text queries)
index_requests        … their number; next_query_bytes, next_query_requests: those of a later query
semantic_bytes_1m     a whole visit by link until the first results by meaning; refined_bytes_1m: final ones
renderer_rss_mb_1m    peak memory of the page's process in that visit
cold_ms               a final answer with the page open, the text tower loaded, nothing of the index: median
                      of five texts at 40 ms and 100 Mbit/s; cold_ms_20: 20 Mbit/s; cold: with the slowest.
                      cold_ranked_ms: until the rows of the answer are known, without their documents
key_to_paint_p50_ms   from Enter to final results, everything loaded (set real); longest_task_ms beside it
offline_bytes_per_vector   all files of the index, by rows; offline_recall: recall_at_10_text of the set
scan_share_of_bandwidth, warm_p50_ms_100k, warm_p50_ms_1m   the scan kernel in Chromium (vector_peers.py)
peers                 p50 ms and recall of exact and approximate peers on 100,000 rows of the set real
build                 vectors_cpu_s and vectors_peak_rss_mb of 1,000,000 × 256; build512 of 1,000,000 × 512
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from codes import recall
from harness import ROOT, emit, median, note
from vector_hard import HARD
from vector_peers import peers, warm_scans
from vector_sets import MILLION, SETS, K, load
from vector_visit import FAST, LARGE, bytes_and_memory, cold, warm

from imagedb_site.measure import CountingSource
from imagedb_site.query.ranking import FUSION_DEPTH
from imagedb_site.reader import Site
from imagedb_site.reader.source import open_source
from imagedb_site.reader.walk import walk
from imagedb_site.site_index import SiteIndex

QUERIES = 200
COLD = 12


def site_of(name: str, sets: Path, *, again: bool = False, pages: bool = True) -> tuple[Path, Any]:
    """The site of a set, and what its build cost; it is written unless it is there."""
    folder = sets / "sites" / name
    figures = folder.with_suffix(".json")
    if again or not figures.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        note(f"writing {folder}")
        script = str(ROOT / "benchmarks" / "vector_site.py")
        command = [sys.executable, script, name, str(folder), "--sets", str(sets)]
        done = subprocess.run(
            command + ([] if pages else ["--no-pages"]), check=True, capture_output=True, text=True
        )
        figures.write_text(done.stdout.splitlines()[-1])
    return folder, json.loads(figures.read_text())


def index_recall(name: str, sets: Path) -> dict[str, Any]:
    """Recall, bytes and requests of a set's site in the Python reader, which reads what a browser reads."""
    folder, _ = site_of(name, sets)
    found = load(name, sets)
    result: dict[str, Any] = {}
    for kind in ("text", "picture"):
        queries, truth = found.queries[kind][:QUERIES], found.truth[kind][:QUERIES]
        first: list[tuple[int, int]] = []
        later: list[tuple[int, int]] = []
        rows = []
        source = CountingSource(open_source(folder))
        index = SiteIndex(Site(source))
        fresh = COLD if index.manifest["vectors"]["tier"] != "flat" else 1
        for number, query in enumerate(queries):
            if 0 < number < fresh:
                source = CountingSource(open_source(folder))
                index = SiteIndex(Site(source))
            before = len(source.sizes)
            # As many rows as a search by words and meaning asks for.
            near = index.nearest(query, FUSION_DEPTH, None)
            rows.append(near.rows[:K])
            (first if number < fresh else later).append(source.cost(before))
        index.close()
        result[f"recall_at_10_{kind}"] = round(recall(np.stack(rows), truth), 4)
        result[f"index_bytes_{kind}"] = round(median([size for size, _ in first]))
        result[f"index_requests_{kind}"] = round(median([count for _, count in first]))
        result[f"next_query_bytes_{kind}"] = round(median([size for size, _ in later]))
        result[f"next_query_requests_{kind}"] = round(median([count for _, count in later]))
        note(f"  {name}, {kind}: {result}")
    with Site(open_source(folder)) as site:
        whole = sum(
            entry.size for entry in walk({"vectors": site.manifest.json["vectors"]}, site.read)
        )
        result["offline_bytes_per_vector"] = round(whole / site.count, 1)
    return result


def part_recall(sets: Path, names: list[str]) -> dict[str, Any]:
    found = {name: index_recall(name, sets) for name in names}
    result: dict[str, Any] = {
        key: {name: one[key] for name, one in found.items()}
        for key in ("recall_at_10_text", "recall_at_10_picture", "offline_bytes_per_vector")
    }
    main = found.get("fitted256")
    if main is not None:
        result |= {
            key.removesuffix("_text"): main[key]
            for key in main
            if key.endswith("_text") and not key.startswith("recall")
        }
        result["offline_recall"] = main["recall_at_10_text"]
    return {**result, "index": found}


def part_visit(sets: Path, names: list[str]) -> dict[str, Any]:
    site, _ = site_of("fitted256", sets)
    found = bytes_and_memory(site)
    note(f"  {found}")
    large, fast = cold(site, LARGE), cold(site, FAST)
    return {
        "semantic_bytes_1m": found["semantic_bytes"],
        "refined_bytes_1m": found["refined_bytes"],
        "renderer_rss_mb_1m": found["renderer_rss_mb"],
        "visit": found,
        "cold_ms": large["p50"],
        "cold_ms_20": fast["p50"],
        "cold_ranked_ms": large["ranked_p50"],
        "cold_ranked_ms_20": fast["ranked_p50"],
        "cold": {"100": large, "20": fast},
    }


def part_warm(sets: Path, names: list[str]) -> dict[str, Any]:
    return {**warm_scans(), **warm(site_of("real", sets)[0])}


def part_peers(sets: Path, names: list[str]) -> dict[str, Any]:
    return {"peers": peers(load("real", sets))}


def part_build(sets: Path, names: list[str]) -> dict[str, Any]:
    return {"build": site_of("fitted256", sets, again=True)[1]}


def part_build512(sets: Path, names: list[str]) -> dict[str, Any]:
    return {"build512": site_of("fitted512", sets, again=True, pages=False)[1]}


PARTS: dict[str, Callable[[Path, list[str]], dict[str, Any]]] = {
    "build": part_build,
    "recall": part_recall,
    "visit": part_visit,
    "warm": part_warm,
    "peers": part_peers,
    "build512": part_build512,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part")
    parser.add_argument("--set", action="append", help="only this set in the part recall")
    parser.add_argument("--sets", type=Path, default=SETS, help="where sets and sites are kept")
    options = parser.parse_args()
    names = options.set or ["fitted256", "real", *HARD]
    result: dict[str, Any] = {"rows": MILLION}
    for part in options.part or PARTS:
        note(part)
        result |= PARTS[part](options.sets, names)
    emit(result)


if __name__ == "__main__":
    main()
