"""The built-in model on the wire and in the browser: bytes, speed beside ViT-B/32, same embeddings as Python.

    make bench NAME=encoder

`first_query_bytes`: text core, tokenizer and the token shards of a typical query as a site stores
them (gzip), median over real captions; the runtime is not counted. `text_ms` and `clip_text_ms`: the
two text cores on the same number of tokens, by turns in one Chromium run, one thread of WebAssembly.
`cosine_*`: embeddings of Chromium against Python's over real captions and picture files, decoding
included.
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import json
import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from clip_core import WIDTH, clip_core
from harness import ROOT, browsing, collection, emit, median, note, run_cli, serving
from PIL import Image
from playwright.sync_api import Page

import imagedb_site
from imagedb_site.encoders import Encoder
from imagedb_site.models import resolve

TOKENS = 8
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import * as ort from "/ort/ort.wasm.min.mjs";
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "/ort/";
const load = async (url, width, tokens) => {
  const session = await ort.InferenceSession.create(url, {executionProviders: ["wasm"]});
  const rows = Float32Array.from({length: tokens * width}, (_, i) => Math.sin(i) / 50);
  const feed = {embeddings: new ort.Tensor("float32", rows, [1, tokens, width])};
  if (session.inputNames.includes("mask")) {
    feed.mask = new ort.Tensor("int64", new BigInt64Array(tokens).fill(1n), [1, tokens]);
  }
  return () => session.run(feed);
};
window.compare = async (cores, tokens, rounds) => {
  const runs = [];
  for (const [url, width] of cores) runs.push(await load(url, width, tokens));
  for (const run of runs) for (let i = 0; i < 5; i++) await run();
  const times = runs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < runs.length; i++) {
      const start = performance.now();
      await runs[i]();
      times[i].push(performance.now() - start);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[rounds >> 1]);
};
window.ready = true;
</script>"""

EMBED = """async ([texts, pictures]) => {
  const { open } = await import("/imagedb.js");
  const collection = await open("/");
  const out = { texts: [], pictures: [] };
  for (const text of texts) out.texts.push([...await collection.embedText(text)]);
  for (const path of pictures) {
    const blob = await (await fetch(path)).blob();
    const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { width, height, data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    out.pictures.push([...await collection.embedImage({ width, height, data })]);
  }
  return out;
}"""


@contextmanager
def serving_cores(files: dict[str, bytes]) -> Iterator[str]:
    """Serve the page above, onnxruntime-web and `files` on this machine."""
    runtime = ROOT / "web_assets/node_modules/onnxruntime-web/dist"
    types = {".mjs": "text/javascript", ".wasm": "application/wasm"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = Path(self.path)
            kind = types.get(name.suffix, "application/octet-stream")
            if self.path == "/":
                data, kind = PAGE.encode(), "text/html"
            elif self.path.startswith("/ort/") and (runtime / name.name).is_file():
                data = (runtime / name.name).read_bytes()
            elif name.name in files:
                data = files[name.name]
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def wire(encoder: Encoder, captions: list[str]) -> dict[str, int]:
    """Bytes as a site stores them."""
    pack = encoder.pack
    stored: dict[str, int] = {}

    def size(file: str) -> int:
        return stored.setdefault(file, len(gzip.compress(pack.read(file), 9)))

    manifest = pack.manifest
    tokens = manifest["tokens"]
    shards = []
    for caption in captions:
        rows = encoder.text.tokenizer.encode(caption)
        needed = {tokens["shards"][row // tokens["rows_per_shard"]] for row in rows}
        shards.append(sum(size(file) for file in needed))
    fixed = {
        "text_core_bytes": size(manifest["text"]["file"]),
        "tokenizer_bytes": len(pack.read(manifest["tokenizer"]["file"])),
        "token_bytes": int(median(shards)),
    }
    return {
        **fixed,
        "first_query_bytes": sum(fixed.values()),
        "image_tower_bytes": len(pack.read(manifest["image"]["file"])),
    }


def speed(page: Page, encoder: Encoder) -> dict[str, float]:
    """Time both text cores, in alternation."""
    manifest = encoder.pack.manifest
    files = {
        "own.onnx": encoder.pack.read(manifest["text"]["file"]),
        "clip.onnx": clip_core(TOKENS).SerializeToString(),
    }
    cores = [["/own.onnx", manifest["tokens"]["width"]], ["/clip.onnx", WIDTH]]
    with serving_cores(files) as url:
        page.goto(url)
        page.wait_for_function("window.ready")
        own, clip = page.evaluate("([c, t, r]) => compare(c, t, r)", [cores, TOKENS, 41])
    return {
        "text_ms": round(own, 2),
        "clip_text_ms": round(clip, 2),
        "text_share_of_clip": round(own / clip, 3),
    }


def parity(page: Page, model: str, captions: list[str], count: int) -> dict[str, float]:
    """Cosines of the browser's embeddings with Python's."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "dist"
        pictures = sorted(collection("labelled").rglob("*.jpg"))
        chosen = random.Random(0).sample(pictures, count)
        source = Path(folder) / "pictures"
        source.mkdir()
        for number, path in enumerate(chosen):
            (source / f"{number:03}.jpg").write_bytes(path.read_bytes())
        run_cli("build", source, "-o", site, "--model", model)
        # Next to the site, so that the page can read the same files.
        names = [f"{number:03}.jpg" for number in range(count)]
        for name in names:
            (site / name).write_bytes((source / name).read_bytes())
        with serving(site) as server:
            page.goto(server.url)
            page.set_default_timeout(600_000)
            found: dict[str, Any] = page.evaluate(EMBED, [captions, [f"/{name}" for name in names]])
        encoder = Encoder(resolve(model))
        with imagedb_site.open(site.with_name("dist.library")) as library:
            assert library.count == count
        wanted_pictures = encoder.encode_images([Image.open(source / name) for name in names])
        wanted_texts = encoder.encode_texts(captions)
    texts = (np.array(found["texts"]) * wanted_texts).sum(axis=1)
    images = (np.array(found["pictures"]) * wanted_pictures).sum(axis=1)
    return {
        "cosine_texts_min": round(float(texts.min()), 6),
        "cosine_pictures_min": round(float(images.min()), 6),
        "cosine_pictures_median": round(float(np.median(images)), 6),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--pictures", type=int, default=100)
    options = parser.parse_args()
    lines = (collection("captioned") / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    captions = [str(c) for line in lines for c in json.loads(line)["captions"]]
    chosen = random.Random(0).sample(captions, options.texts)
    encoder = Encoder(resolve(options.model))
    note("bytes")
    result: dict[str, Any] = {"pack": encoder.pack.id, **wire(encoder, chosen)}
    with browsing() as page:
        note("speed")
        result |= speed(page, encoder)
        note("same embeddings")
        result |= parity(page, options.model, chosen, options.pictures)
    emit(result)


if __name__ == "__main__":
    main()
