"""Searches a large site from its folder: seconds and peak memory, each search in a new process.

    python benchmarks/growth_reader.py SITE [--repeat 5]

`all`: words of the collection and their meaning together, encoded by the site's own model. `vector`: the same
with a vector that was made before, so without loading a model. `similar`: by similarity to one image alone.
Each process imports the package, opens the site, answers, and reads the documents of the 20 hits; starting
Python does not count.

Seconds are those of the fastest of the repetitions, since other programs can only slow a search down.

reader_search_1m_s       seconds of the slowest kind of search, without loading the model (`model_loading_s`)
reader_search_1m_cpu_s   the most processor seconds of a search, all threads and the model included
reader_search_1m_rss_mb  peak memory of the largest process
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SEARCHES = ("all", "vector", "similar")
WORDS = (20, 60, 200)
"""Which words of the collection are asked for, by their place among the most frequent."""


def search(site: str, kind: str, task: dict[str, Any]) -> dict[str, float]:
    """Answer one query in this new process."""
    start = time.perf_counter()
    import numpy as np

    import imagedb_site

    loading = 0.0
    with imagedb_site.open(site) as collection:
        if kind == "similar":
            hits = collection.similar(task["image"]).hits
        else:
            text = " ".join(task["words"])
            if kind == "all":
                before = time.perf_counter()
                collection.encoder.encode_texts([text])
                loading = time.perf_counter() - before
            else:
                vector = np.array([task["vector"]], dtype=np.float32)
                collection.__dict__["encoder"] = Ready(vector)
            hits = collection.search(text).hits
        seconds = time.perf_counter() - start
        if len(hits) != min(20, collection.count):
            sys.exit(f"The search “{kind}” found {len(hits)} images.")
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "s": seconds - loading,
        "loading_s": loading,
        "cpu_s": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
    }


class Ready:
    """Replaces an encoder: returns a vector that was computed before."""

    def __init__(self, vector: Any) -> None:
        self.vector = vector

    def encode_texts(self, texts: list[str]) -> Any:
        return self.vector.repeat(len(texts), 0)


def prepare(site: str) -> dict[str, Any]:
    """The words, the meaning and the image to search for; the model is in the cache afterwards."""
    import imagedb_site
    from imagedb_site.reader import open_site

    with open_site(site) as opened:
        words = [opened.words[min(place, len(opened.words) - 1)][0] for place in WORDS]
        image = str(opened.document(opened.count // 2)["id"])
    with imagedb_site.open(site) as collection:
        vector = collection.encoder.encode_texts([" ".join(words)])[0]
    return {"words": words, "vector": vector.tolist(), "image": image}


def in_new_process(site: str, kind: str, task: dict[str, Any]) -> dict[str, float]:
    """The cost of one search in its own process."""
    command = [sys.executable, str(Path(__file__).resolve()), site, "--search", kind]
    done = subprocess.run(command, input=json.dumps(task), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"The search “{kind}” failed.")
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--search", choices=SEARCHES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search is not None:
        print(json.dumps(search(options.site, options.search, json.load(sys.stdin))))
        return
    task = prepare(options.site)
    found: dict[str, Any] = {"words": task["words"]}
    for kind in SEARCHES:
        runs = [in_new_process(options.site, kind, task) for _ in range(options.repeat)]
        found[f"{kind}_s"] = round(min(run["s"] for run in runs), 2)
        found[f"{kind}_cpu_s"] = round(min(run["cpu_s"] for run in runs), 2)
        found[f"{kind}_rss_mb"] = round(max(run["mb"] for run in runs))
        if kind == "all":
            found["model_loading_s"] = round(min(run["loading_s"] for run in runs), 2)
    for figure in ("s", "cpu_s", "rss_mb"):
        most = max(found[f"{kind}_{figure}"] for kind in SEARCHES)
        found[f"reader_search_1m_{figure}"] = most
    print(json.dumps(found, sort_keys=True))


if __name__ == "__main__":
    main()
