"""The map component of embedding-atlas with the same points: the bytes of its page.

Its module is used alone, without its database and its tables, which is the smallest page that it can be.
Points are two float32 and a byte each, as it takes them; they are sent with gzip. Its canvas needs WebGPU
with 16-bit floats in shaders, which Chromium without a GPU lacks, so its frames are not measured then.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from harness import browsing, note
from map_site import LARGEST, meaning_map
from shaped import on_line

PACKAGE = "embedding-atlas@0.26.0"
WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")
_STUB = "export const coordinator = () => null, isSelection = () => false, makeClient = () => null;"
_PAGE = """<!doctype html><title>Map</title><link rel="icon" href="data:,">
<script type="importmap">{"imports": {"@uwdata/mosaic-core": "./stub.js", "@uwdata/mosaic-sql": "./stub.js"}}
</script><div id="map"></div>"""
_SHOW = """async (count) => {
  const { EmbeddingView } = await import("./component.js");
  const buffer = await (await fetch("./points.txt")).arrayBuffer();
  new EmbeddingView(document.querySelector("#map"), { width: innerWidth, height: innerHeight, data: {
    x: new Float32Array(buffer, 0, count), y: new Float32Array(buffer, 4 * count, count),
    category: new Uint8Array(buffer, 8 * count, count),
  } });
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter?.features.has("shader-f16") ?? false;
}"""


def _folder(folder: Path) -> Path:
    """The component's files with a page for them."""
    subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True
    )
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    site = folder / "package" / "dist"
    (site / "stub.js").write_text(_STUB)
    (site / "index.html").write_text(_PAGE)
    return site


def peer_keys(count: int) -> dict[str, Any]:
    """The bytes of its page with `count` points, and whether its canvas can run here."""
    note(f"embedding-atlas with {count:,} points")
    made = meaning_map(count)
    places = made.flat.astype(np.float32) / LARGEST
    parts = (places[:, 0], places[:, 1], (made.row_topics % 256).astype(np.uint8))
    with tempfile.TemporaryDirectory() as temporary:
        site = _folder(Path(temporary))
        # The name makes the server compress it.
        (site / "points.txt").write_bytes(
            b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
        )
        with on_line(site) as host, browsing(1280, 800, *WEBGPU) as page:
            page.goto(host.url)
            runs = page.evaluate(_SHOW, count)
            page.wait_for_load_state("networkidle")
            sent = host.taken()
    return {
        "embedding_atlas_bytes": sum(size for _, size in sent),
        "embedding_atlas_points_bytes": sum(size for path, size in sent if path == "points.txt"),
        "embedding_atlas_canvas_runs": runs,
    }
