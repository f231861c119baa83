"""What making a map of meaning costs, of rows drawn like real embeddings (vector_fit.py)."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from harness import collection, note, run_cli
from vector_fit import fit as fit_model
from vector_fit import unit

import imagedb_site
from imagedb_site.mapping import fit
from imagedb_site.mapping.clusters import find_topics
from imagedb_site.mapping.quality import measure

SIZES = (10_000, 100_000)


def real_embeddings(site: Path) -> Any:
    """The embeddings of a site, float32 [rows, dim] of length 1."""
    with imagedb_site.open(site) as published:
        return unit(published.index.embeddings(np.arange(published.count)).astype(np.float32))


def builder_keys(site: Path | None, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Seconds, peak memory and quality at each size. `site`: one with real embeddings; None builds it."""
    with tempfile.TemporaryDirectory() as folder:
        if site is None:
            site = Path(folder) / "dist"
            note("building the site of real pictures")
            run_cli("build", collection("open"), "-o", site)
        model = fit_model(real_embeddings(site))
        keys: dict[str, Any] = {}
        for size in sizes:
            rows = Path(folder) / f"{size}.npy"
            np.save(rows, model.rows(size, 7))
            note(f"a map of {size:,} rows")
            done = subprocess.run(
                [sys.executable, __file__, rows], capture_output=True, text=True, check=True
            )
            found = json.loads(done.stdout.splitlines()[-1])
            note(str(found))
            keys |= {f"{key}_{size // 1000}k": value for key, value in found.items()}
    return keys


def child(rows: Path) -> dict[str, Any]:
    """In a process of its own, so that its peak memory is that of one map."""
    vectors = np.load(rows)
    start, used = time.perf_counter(), time.process_time()
    flat, _ = fit.fit(vectors)
    fitted, fitted_cpu = time.perf_counter(), time.process_time()
    topics = find_topics(flat)
    clustered = time.perf_counter()
    quality = measure(vectors, flat)
    assert quality is not None
    return {
        "umap_s": round(fitted - start, 1),
        "umap_cpu_s": round(fitted_cpu - used, 1),
        "topics_s": round(clustered - fitted, 1),
        "topics": int(topics.max()) + 1,
        "umap_peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "trustworthiness": quality["trustworthiness"],
        "neighbours_kept": quality["neighbours_kept"],
    }


if __name__ == "__main__":
    print(json.dumps(child(Path(sys.argv[1]))))
