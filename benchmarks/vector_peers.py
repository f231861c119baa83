"""The scan kernel in Chromium, and what else searches vectors in a page: a loop, and packages of npm.

The packages are installed into a temporary folder. Every peer has a page of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from harness import ROOT, browsing, note
from shaped import on_line
from vector_fit import nearest
from vector_sets import K, VectorSet

PACKAGES = ("@orama/orama@3.1.18", "hnswlib-wasm@0.8.2", "sqlite-vec-wasm-demo@0.1.7-alpha.2")
PEERS = ("kernel", "loop", "sqliteVec", "orama", "hnswlib")
ROWS = 100_000
QUERIES = 40
TIMEOUT_MS = 480_000
_CALL = "async ([name, values]) => (await import('/peers.mjs'))[name](...values)"


@contextmanager
def _pages() -> Iterator[Path]:
    """A folder with the kernel, to be served."""
    with tempfile.TemporaryDirectory(prefix="imagedb-peers-") as temporary:
        folder = Path(temporary)
        here = ROOT / "benchmarks"
        subprocess.run(["node", str(here / "vector_kernel.mjs"), str(folder)], check=True)
        shutil.copy(here / "vector_peers.mjs", folder / "peers.mjs")
        (folder / "index.html").write_text("<!doctype html><title>Vectors</title>")
        yield folder


def _call(folder: Path, name: str, *values: int) -> Any:
    with on_line(folder) as host, browsing() as page:
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(host.url)
        return page.evaluate(_CALL, [name, list(values)])


def warm_scans(dim: int = 256) -> dict[str, Any]:
    """Warm searches of 100,000 and 1,000,000 rows of random codes, against reading as much memory."""
    with _pages() as folder:
        small, large = (_call(folder, "scan", rows, dim) for rows in (ROWS, 1_000_000))
    return {
        "warm_p50_ms_100k": small["p50_ms"],
        "warm_p50_ms_1m": large["p50_ms"],
        "scan_share_of_bandwidth": large["share"],
        "scans": {"100k": small, "1m": large},
    }


def peers(found: VectorSet) -> dict[str, Any]:
    """p50 of a query, recall@10 of text queries and milliseconds of the build, of every peer."""
    rows = np.asarray(found.rows[:ROWS], dtype=np.float32)
    queries = found.queries["text"][:QUERIES]
    result: dict[str, Any] = {}
    with _pages() as folder:
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
        subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        rows.tofile(folder / "rows.bin")
        queries.astype(np.float32).tofile(folder / "queries.bin")
        nearest(queries, rows, K)[0].astype(np.int32).tofile(folder / "truth.bin")
        for name in PEERS:
            try:
                result[name] = _call(folder, name, rows.shape[1])
            except Exception as error:
                # A peer that fails or takes too long is part of the result.
                result[name] = {"error": str(error).splitlines()[0]}
            note(f"  {name}: {result[name]}")
    return result
