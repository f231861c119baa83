"""Bytes and speed of exported text towers: `make bench NAME=packs`.

Every architecture is exported with random weights (bytes and speed do not depend on them), passes
the parity gate at int8 and int4, and its text core runs in Chromium. Needs the `[openclip]` extra
and, for the times, the web dependencies. Tokenizers that would be downloaded are replaced by one of
the same number of tokens; their bytes are then not counted and `tokenizer` says so.

    python benchmarks/packs.py [MODEL …]      # some models only
    python benchmarks/packs.py --report       # the table of docs/benchmarks.md

`ViT-SO400M-14-SigLIP2` alone needs no torch: a text core of its shape runs in a real site (`large_core.py`).

Results are kept in .cache/bench-packs, so that a stopped run goes on.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from imagedb_site.packs.weights import read_weights

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "bench-packs"
LARGE = "ViT-SO400M-14-SigLIP2"
MODELS = [
    "ViT-B-32", "ViT-B-16-SigLIP2", "MobileCLIP2-S0", "PE-Core-T-16-384", "coca_ViT-B-32", "RN50",
    "ViT-B-16", "ViT-B-32-256", "MobileCLIP-S1", "EVA02-B-16", "ViT-L-14", LARGE,
]  # fmt: skip
QUERY = "a red car at night"
"""Seven tokens with CLIP's start and end. Other tokenizers take the ids below."""
TYPICAL_RANKS = [5, 60, 400, 2000, 7000, 20000]
PROMPTS = ["", QUERY, "a photo of a dog", "Zürich im Winter", "two cats", "word " * 100,
           "sunset over the sea", "an old man reading", "pizza", "a wooden chair"]  # fmt: skip


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--one"]:
        measure(arguments[1])
        return
    if arguments == [LARGE]:
        import large_core
        from harness import emit

        emit(large_core.measure())
        return
    models = [name for name in arguments if not name.startswith("--")] or MODELS
    CACHE.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    failures = []
    for name in models:
        file = CACHE / f"{name}.json"
        if not file.exists() and "--report" not in arguments:
            # One process for each, so that its memory is free for the next.
            done = subprocess.run([sys.executable, __file__, "--one", name], check=False)
            print(f"{name}: exit {done.returncode}", file=sys.stderr, flush=True)
        if not file.exists():
            failures.append(name)
            continue
        found = json.loads(file.read_text())
        results[name] = found
        failures += [f"{name} {precision}" for precision in found.get("gate_failures", [])]
    report(results)
    print(json.dumps({"models": results, "gate_failures": failures}))


def measure(name: str) -> None:
    """Export one architecture and write its figures to the cache."""
    from imagedb_site.errors import PackError
    from imagedb_site.openclip.exporter import Options, assemble, trace
    from imagedb_site.openclip.samples import drawn_pictures
    from imagedb_site.openclip.source import Source, open_model
    from imagedb_site.openclip.towers import text_module

    started = time.monotonic()
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = open_model(Source(name))
    tokenizer = None
    if text_module(model).vocab_size > 100_000:
        tokenizer = stand_in_tokenizer(folder / "tokenizer.json")
    source = Source(name, tokenizer=tokenizer)
    found: dict[str, Any] = {"tokenizer": "stand-in" if tokenizer else "own", "gate_failures": []}
    try:
        traced = trace(source, model, drawn_pictures(6), PROMPTS)
    except PackError as error:
        found["refused"] = str(error)
        found["gate_failures"] += ["int8", "int4"]
        (CACHE / f"{name}.json").write_text(json.dumps(found))
        return
    del model
    found["float_errors"] = [float(f"{error:.3g}") for error in traced.errors]
    found["padding"] = traced.plan.padding
    for precision in ("int8", "int4"):
        try:
            pack = assemble(traced, folder / precision, Options(precision))  # type: ignore[arg-type]
        except PackError as error:
            print(f"{name} {precision}: {error}", file=sys.stderr)
            found["gate_failures"].append(precision)
            continue
        found |= sizes(pack, precision, bool(tokenizer))
    tokens = traced.plan.max_tokens if traced.plan.padding == "max" else 8
    width = int(traced.table.shape[1])
    uses_ids = traced.plan.uses_ids
    del traced
    core = folder / "int4" / "text.onnx"
    if core.exists():
        found |= chromium(core, tokens, width, uses_ids)
    found["seconds"] = round(time.monotonic() - started)
    (CACHE / f"{name}.json").write_text(json.dumps(found))
    shutil.rmtree(folder)


def sizes(pack: Any, precision: str, stand_in: bool) -> dict[str, Any]:
    """Bytes as a site stores them, that is gzip-compressed."""
    from imagedb_site.encoders.encoder import Encoder

    stored = functools.cache(lambda file: len(gzip.compress(pack.read(file), 6)))
    manifest = pack.manifest
    tokens = manifest["tokens"]
    core = sum(stored(file) for file in ("text.onnx", *manifest["text"].get("weights", ())))
    ids = TYPICAL_RANKS if stand_in else Encoder(pack).text.tokenizer.encode(QUERY)
    shards = {tokens["shards"][index // tokens["rows_per_shard"]] for index in [0, *ids]}
    first = core + sum(stored(file) for file in shards)
    result = {
        f"core_bytes_{precision}": core,
        f"image_bytes_{precision}": len(pack.read("image.onnx")),
    }
    if not stand_in:
        first += len(pack.read("tokenizer.json.gz"))
        result["tokenizer_bytes"] = len(pack.read("tokenizer.json.gz"))
    result[f"first_query_bytes_{precision}"] = first
    if precision == "int8":
        table = sum(stored(file) for file in tokens["shards"])
        result |= {"table_bytes": table, "whole_tower_bytes_int8": table + core}
    return result


def stand_in_tokenizer(file: Path) -> Path:
    file.write_text(json.dumps(stand_in_object()))
    return file


def stand_in_object() -> dict[str, Any]:
    """Byte tokens and an end token: enough to run a model whose tokenizer is elsewhere."""
    vocab = {token: index for index, token in enumerate(["<pad>", "<eos>", "<bos>", "<unk>"])}
    vocab |= {f"<0x{value:02X}>": 4 + value for value in range(256)}
    return {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None,
        "pre_tokenizer": None, "decoder": None,
        "added_tokens": [
            {"id": vocab[token], "content": token, "special": True, "single_word": False,
             "lstrip": False, "rstrip": False, "normalized": False}
            for token in ("<pad>", "<eos>", "<bos>", "<unk>")
        ],
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "<eos>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"<eos>": {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}},
        },
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "fuse_unk": True,
                  "byte_fallback": True, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "vocab": vocab, "merges": []},
    }  # fmt: skip


PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import * as ort from "/ort/ort.wasm.min.mjs";
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "/ort/";
window.run = async (tokens, width, withIds, parts) => {
  let start = performance.now();
  const externalData = [];
  for (const path of parts) {
    const data = new Uint8Array(await (await fetch("/codes/" + path)).arrayBuffer());
    externalData.push({path, data});
  }
  const options = {executionProviders: ["wasm"], externalData};
  const session = await ort.InferenceSession.create("/pack/text.onnx", options);
  const load = performance.now() - start;
  const rows = Float32Array.from({length: tokens * width}, (_, i) => Math.sin(i) / 50);
  const feed = {embeddings: new ort.Tensor("float32", rows, [1, tokens, width])};
  if (withIds) feed.ids = new ort.Tensor("int64", new BigInt64Array(tokens).fill(9n), [1, tokens]);
  await session.run(feed);
  const times = [];
  for (let i = 0; i < 7; i++) {
    start = performance.now();
    await session.run(feed);
    times.push(performance.now() - start);
  }
  return {load, encode: times.sort((a, b) => a - b)[3]};
};
window.ready = true;
</script>"""


class _Server(http.server.SimpleHTTPRequestHandler):
    pack = Path()

    def do_GET(self) -> None:
        if self.path == "/":
            self._send(PAGE.encode(), "text/html")
            return
        _, kind, name = [*self.path.split("?")[0].split("/", 2), ""][:3]
        if kind == "codes":
            codes = read_weights((self.pack / Path(name).name).read_bytes())
            self._send(codes.tobytes(), "application/octet-stream")
            return
        base = {"ort": ROOT / "web_assets/node_modules/onnxruntime-web/dist", "pack": self.pack}
        file = base[kind] / Path(name).name if kind in base else Path()
        if not file.is_file():
            self.send_error(404)
            return
        types = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
        self._send(file.read_bytes(), types.get(file.suffix, "application/octet-stream"))

    def _send(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


def chromium(core: Path, tokens: int, width: int, uses_ids: bool) -> dict[str, Any]:
    """Milliseconds to load and to run a text core on one thread of WebAssembly."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {"encode_ms": None, "encode_error": "playwright is not installed"}
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import ARGUMENTS, chromium_path

    handler = type("Handler", (_Server,), {"pack": core.parent})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
            page = browser.new_page()
            page.set_default_timeout(300_000)
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("window.ready")
            parts = sorted(path.name for path in core.parent.glob("text.*.bin"))
            asked = [tokens, width, uses_ids, parts]
            timed = page.evaluate("([t, w, i, p]) => window.run(t, w, i, p)", asked)
            browser.close()
        return {"encode_ms": round(timed["encode"], 1), "load_ms": round(timed["load"])}
    except Exception as error:  # a model that the browser cannot run is also a result
        return {"encode_ms": None, "encode_error": str(error).splitlines()[0][:160]}
    finally:
        server.shutdown()


def report(results: dict[str, Any]) -> None:
    """The table of docs/benchmarks.md, on standard error."""

    def megabytes(found: dict[str, Any], key: str) -> str:
        return f"{found[key] / 1e6:.1f}" if key in found else "—"

    keys = ("table_bytes", "core_bytes_int8", "core_bytes_int4", "whole_tower_bytes_int8",
            "first_query_bytes_int8", "first_query_bytes_int4")  # fmt: skip
    lines = ["| model | table | core int8 | core int4 | whole int8 | query int8 | query int4 | ms |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, found in results.items():
        cells = [megabytes(found, key) for key in keys]
        star = "*" if found.get("tokenizer") == "stand-in" else ""
        shown = found.get("encode_ms")
        lines.append(f"| {name}{star} | {' | '.join(cells)} | {'—' if shown is None else shown} |")
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    main()
