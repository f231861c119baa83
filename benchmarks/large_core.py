"""A text core of 412 million weights in a real site and a real Chromium: time, memory, agreement.

    make bench NAME=packs ARGS=ViT-SO400M-14-SigLIP2

`so400m_load_ms`: from nothing of the model to a started tower, over a local server: its files are fetched,
checked and handed to the runtime. `so400m_first_ms`: the first text after that; `so400m_encode_ms`: the next
ones, median. `so400m_rss_mb`: the most resident memory that the renderer process has had, page included. The
same figures with `int4` are those of a pack whose files have 4 bits a weight. `so400m_cosine`: of the pack's
embeddings with those of the float32 graph, in Python, mean over texts; random weights are rounded without
calibration.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from harness import browsing, collection, note, run_cli, serving
from playwright.sync_api import Page
from siglip_core import siglip_core, write_siglip

from imagedb_site.encoders.encoder import Encoder
from imagedb_site.encoders.runtime import open_session
from imagedb_site.packs import ModelPack

LIMITS = {"so400m_rss_mb": 1500, "so400m_encode_ms": 5000}
TEXTS = ["a red car at night", "two cats", "sunset over the sea", "an old man reading", "Zürich im Winter",
         "a wooden chair"]  # fmt: skip
PICTURES = 12
RUN = """async (texts) => {
  const { open } = await import("/imagedb.js");
  const collection = await open("/");
  let start = performance.now();
  await collection.warm();
  const load = performance.now() - start;
  const times = [], found = [];
  for (const text of texts) {
    start = performance.now();
    found.push([...await collection.embedText(text)]);
    times.push(performance.now() - start);
  }
  return { load, times, found };
}"""


def measure() -> dict[str, Any]:
    """The figures above."""
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="so400m-") as name:
        folder = Path(name)
        note("a float32 core with random weights")
        core = siglip_core()
        packs = {
            precision: write_siglip(folder / precision, precision, core)
            for precision in ("int8", "int4")
        }
        wanted = _floats(core, packs["int8"])
        del core
        for precision, pack in packs.items():
            found, figures = _visit(folder, pack)
            prefix = "so400m_" if precision == "int8" else "so400m_int4_"
            result |= {prefix + key: value for key, value in figures.items()}
            own = Encoder(pack).encode_texts(TEXTS)
            result[f"{prefix}cosine"] = _mean((own * wanted).sum(axis=1))
            result[f"{prefix}cosine_browser_python"] = _mean((own * found).sum(axis=1))
            shutil.rmtree(pack.path)
    result["so400m_over_limits"] = [key for key, limit in LIMITS.items() if result[key] > limit]
    return result


def _floats(core: onnx.ModelProto, pack: ModelPack) -> np.ndarray:
    """The embeddings of the float32 graph, from the pack's token rows."""
    text = Encoder(pack).text
    session = open_session(core.SerializeToString(), "float32")
    rows = []
    for ids in map(text.tokenizer.encode, TEXTS):
        padded = ids + [text.pad_id] * (text.max_tokens - len(ids))
        rows.append(session.run(None, {"embeddings": text._table.look_up(padded)[None]})[0][0])
    return np.array(rows)


def _visit(folder: Path, pack: ModelPack) -> tuple[np.ndarray, dict[str, Any]]:
    source, site = folder / "pictures", folder / f"site-{pack.name}"
    source.mkdir(exist_ok=True)
    for path in sorted(collection("labelled").rglob("*.jpg"))[:PICTURES]:
        shutil.copy(path, source / f"{path.parent.name}-{path.name}")
    note(f"a site with {pack.name}")
    run_cli("build", source, "-o", site, "--model", pack.path)
    stored = [path.stat().st_size for path in site.rglob("*") if path.name.startswith("text.")]
    # A page of another program, as it would use the module.
    (site / "empty.html").write_text("<!doctype html><title>empty</title>")
    with serving(site) as server, browsing() as page:
        page.set_default_timeout(600_000)
        page.goto(f"{server.url}empty.html")
        note("Chromium")
        found = page.evaluate(RUN, TEXTS)
        figures = {
            "load_ms": round(found["load"]),
            "first_ms": round(found["times"][0]),
            "encode_ms": round(float(np.median(found["times"][1:]))),
            "rss_mb": peak_memory(page),
            "bytes": sum(stored),
            "largest_file_bytes": max(stored),
        }
    shutil.rmtree(site)
    shutil.rmtree(site.with_name(site.name + ".library"), ignore_errors=True)
    return np.array(found["found"]), figures


def peak_memory(page: Page) -> int:
    """The most resident memory that the largest renderer has had, in MB."""
    browser = page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    peaks = []
    for process in processes:
        if process["type"] == "renderer":
            lines = Path(f"/proc/{process['id']}/status").read_text().splitlines()
            peaks += [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return round(max(peaks) * 1024 / 1e6)


def _mean(values: np.ndarray) -> float:
    return round(float(values.mean()), 5)
