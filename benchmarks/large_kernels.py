"""Ways to run a large text core in the browser: time, memory, agreement. They decided `openclip/resident.py`.

    make bench NAME=large_kernels

Each core has random weights and runs in a worker of a Chromium of its own. `widened`: float32, as cores below
the limit. `bits4`: MatMulNBits with 32 inputs a scale. `dynamic`: DynamicQuantizeMatMul, which rounds all
tokens by one scale. `integers`, `integers2`: what the exporter makes, inputs with 8 and 15 bits; weights lie
beside the graph, the others' in it. `cosine_trained`: with float32, lowest of 500 captions, in Python, for
the trained text core of the built-in model; `spread`: the same after one token of each text was made a
hundred times as large, as in many trained transformers.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from encoder import serving_cores
from harness import browsing, collection, emit, median, note
from large_core import peak_memory
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from siglip_core import SO400M, Shape, siglip_core

from imagedb_site.encoders import Encoder
from imagedb_site.encoders.runtime import open_session
from imagedb_site.models import resolve
from imagedb_site.openclip.quantize import quantize_weights
from imagedb_site.openclip.resident import small_core
from imagedb_site.openclip.rounding import int4_codes
from imagedb_site.packs.weights import read_weights

SHAPES = {
    "85M": Shape(12, 768, 12, 3072, 64),
    "302M": Shape(24, 1024, 16, 4096, 64),
    "412M": SO400M,
}
KINDS = ("widened", "bits4", "dynamic", "integers", "integers2")
RUNS = 5
WORKER = """
import * as ort from "/ort/ort.wasm.min.mjs";
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "/ort/";
ort.env.logLevel = "error";
const get = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
onmessage = async ({ data: [parts, tokens, width, runs] }) => {
  try {
    let start = performance.now();
    const externalData = [];
    for (const path of parts) externalData.push({ path, data: await get("/" + path) });
    const options = { executionProviders: ["wasm"], externalData };
    const session = await ort.InferenceSession.create(await get("/text.onnx"), options);
    const load = performance.now() - start;
    const rows = Float32Array.from({ length: tokens * width }, (_, i) => Math.sin(i) / 50);
    const times = [];
    for (let i = 0; i < runs; i++) {
      start = performance.now();
      await session.run({ embeddings: new ort.Tensor("float32", rows, [1, tokens, width]) });
      times.push(performance.now() - start);
    }
    postMessage({ load, times });
  } catch (error) { postMessage({ error: String(error) }); }
};"""
START = """(message) => new Promise((resolve) => {
  const worker = new Worker("/worker.mjs", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => resolve({ error: message });
  worker.postMessage(message);
})"""


def made(core: onnx.ModelProto, kind: str) -> dict[str, bytes]:
    """The files of one way: text.onnx, and those of its weights as the runtime gets them."""
    if kind == "bits4":
        return {"text.onnx": bits4(core).SerializeToString()}
    if kind == "dynamic":
        return {"text.onnx": quantize_weights(core, "int8", dynamic=True).SerializeToString()}
    digits = {"widened": 0, "integers": 1, "integers2": 2}[kind]
    small, files = small_core(core, "int8", digits)
    parts = {name: read_weights(data).tobytes() for name, data in files.items()}
    return {"text.onnx": small.SerializeToString(), **parts}


def bits4(core: onnx.ModelProto, group: int = 32) -> onnx.ModelProto:
    """Every product with a weight becomes MatMulNBits."""
    out = onnx.ModelProto()
    out.CopyFrom(core)
    weights = {item.name: item for item in out.graph.initializer}
    for node in out.graph.node:
        if node.op_type != "MatMul" or node.input[1] not in weights:
            continue
        item = weights.pop(node.input[1])
        weight = numpy_helper.to_array(item)
        inputs, outputs = weight.shape
        padded = np.zeros((-(-inputs // group) * group, outputs), np.float32)
        padded[:inputs] = weight
        codes, scale = int4_codes(padded.reshape(-1, group, outputs))
        values = (codes + np.int8(8)).astype(np.uint8).transpose(2, 0, 1)
        out.graph.initializer.remove(item)
        for suffix, value in (
            ("codes", values[..., 0::2] | (values[..., 1::2] << 4)),
            ("scales", np.ascontiguousarray(scale[:, 0].T.astype(np.float32))),
        ):
            out.graph.initializer.append(numpy_helper.from_array(value, f"{item.name}.{suffix}"))
        node.op_type, node.domain = "MatMulNBits", "com.microsoft"
        node.input[1:] = [f"{item.name}.codes", f"{item.name}.scales"]
        for key, number in (("K", inputs), ("N", outputs), ("bits", 4), ("block_size", group)):
            node.attribute.append(helper.make_attribute(key, number))
    out.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return out


def visit(files: dict[str, bytes], shape: Shape) -> dict[str, Any]:
    """Milliseconds and megabytes of one way in a Chromium of its own."""
    parts = [name for name in files if name != "text.onnx"]
    with serving_cores({**files, "worker.mjs": WORKER.encode()}) as url, browsing() as page:
        page.set_default_timeout(600_000)
        page.goto(url)
        found = page.evaluate(START, [parts, shape.tokens, shape.width, RUNS])
        if "error" in found:
            return {"error": found["error"][:120]}
        return {
            "load_ms": round(found["load"]),
            "encode_ms": round(median(found["times"][1:])),
            "rss_mb": peak_memory(page),
        }


def trained() -> dict[str, float]:
    """Lowest cosines with float32 of ways to run the built-in model's text core."""
    encoder = Encoder(resolve("builtin"))
    lines = (collection("captioned") / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [str(json.loads(line)["captions"][0]) for line in lines[:500]]
    core = _floats(encoder.pack.read("text.onnx"))
    ways = {kind: made(core, kind) for kind in ("dynamic", "integers", "integers2")}
    sessions = {
        kind: open_session(
            files["text.onnx"],
            kind,
            {
                name: np.frombuffer(data, np.uint8)
                for name, data in files.items()
                if name != "text.onnx"
            },
        )
        for kind, files in ways.items()
    }
    exact = open_session(core.SerializeToString(), "float32")
    result = {}
    for name, factor in (("cosine_trained", 1), ("cosine_trained_spread", 100)):
        feeds = [_feed(encoder, text, factor) for text in texts]
        wanted = np.concatenate([exact.run(None, feed)[0] for feed in feeds])
        for kind, session in sessions.items():
            found = np.concatenate([session.run(None, feed)[0] for feed in feeds])
            result[f"{name}_{kind}"] = round(float((found * wanted).sum(axis=1).min()), 5)
    return result


def _feed(encoder: Encoder, text: str, factor: int) -> dict[str, NDArray[Any]]:
    ids = encoder.text.tokenizer.encode(text)
    rows = encoder.text._table.look_up(ids)[None].copy()
    rows[:, len(ids) // 2] *= factor
    feed: dict[str, NDArray[Any]] = {"embeddings": rows}
    inputs = encoder.pack.manifest["text"]["inputs"]
    if inputs["mask"]:
        feed[inputs["mask"]] = np.ones((1, len(ids)), np.int64)
    if inputs["ids"]:
        feed[inputs["ids"]] = np.array([ids], np.int64)
    return feed


def _floats(data: bytes) -> onnx.ModelProto:
    """A stored core with its weights widened, as the runtime does it."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(Path(folder) / "wide.onnx")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shapes", nargs="*", choices=list(SHAPES), default=list(SHAPES))
    options = parser.parse_args()
    result: dict[str, Any] = trained()
    for name in options.shapes:
        core = siglip_core(SHAPES[name])
        for kind in KINDS:
            note(f"{name}, {kind}")
            found = visit(made(core, kind), SHAPES[name])
            note(str(found))
            result |= {f"{name}_{kind}_{key}": value for key, value in found.items()}
        del core
    emit(result)


if __name__ == "__main__":
    main()
