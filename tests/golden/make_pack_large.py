"""Makes tests/golden/pack-large/: pack-tiny with a text core whose weights lie in files beside its graph, in
8 and 4 bits (docs/FORMAT.md 3.8), and golden.json with the embeddings that both languages must find.

    python tests/golden/make_pack_large.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import make_pack_tiny as tiny
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from imagedb_site.encoders import Encoder
from imagedb_site.openclip.resident import keep_in_bits
from imagedb_site.packs import load_pack
from imagedb_site.packs.writer import ImageTower, TextTower, Tokens, write_pack

FOLDER = Path(__file__).parent / "pack-large"
HIDDEN = 64


def core(generator: np.random.Generator) -> onnx.ModelProto:
    """Three layers for each token, then the sum over the tokens."""
    nodes = [
        helper.make_node("MatMul", ["embeddings", "w1"], ["a"]),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "w2"], ["c"]),
        helper.make_node("Tanh", ["c"], ["d"]),
        helper.make_node("Cast", ["mask"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["real", "two"], ["rows"]),
        helper.make_node("Mul", ["d", "rows"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "one"], ["sum"], keepdims=0),
        helper.make_node("MatMul", ["sum", "w3"], ["out"]),
        helper.make_node("ReduceL2", ["out", "one"], ["norm"], keepdims=1),
        helper.make_node("Div", ["out", "norm"], ["embedding"]),
    ]
    inputs = [
        helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", "tokens", tiny.WIDTH]),
        helper.make_tensor_value_info("mask", TensorProto.INT64, ["n", "tokens"]),
    ]
    result = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", tiny.DIM])
    constants = {
        "w1": tiny.weights(generator, tiny.WIDTH, HIDDEN),
        "w2": tiny.weights(generator, HIDDEN, HIDDEN),
        "w3": tiny.weights(generator, HIDDEN, tiny.DIM),
        "one": np.array([1], dtype=np.int64),
        "two": np.array([2], dtype=np.int64),
    }
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "large", inputs, [result], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def main() -> None:
    generator = np.random.default_rng(20261129)
    tokens, vocab = tiny.tokenizer()
    table = generator.standard_normal((len(vocab), tiny.WIDTH)).astype(np.float32)
    graph, files = keep_in_bits(
        core(generator), "int4", digits=2, choose=lambda name, _: "int8" if name == "w2" else None
    )
    image = json.loads((tiny.FOLDER / "pack.json").read_text())["image"]["preprocessing"]
    write_pack(
        FOLDER,
        name="large",
        description="A random pack for tests, with weights in files.",
        dim=tiny.DIM,
        image=ImageTower((tiny.FOLDER / "image.onnx").read_bytes(), image),
        text=TextTower(
            graph.SerializeToString(deterministic=True), max_tokens=24, mask="mask", weights=files
        ),
        tokens=Tokens(table, tokens, vocab, "wordpiece", "int8", rows_per_shard=256),
        temperature=0.05,
        licence={"id": "Apache-2.0", "note": "Random numbers.", "commercial": True},
        card="# large\n\nA random pack for tests.\n",
        static=np.random.default_rng(7).standard_normal((len(vocab), tiny.DIM)).astype(np.float32),
    )
    encoder = Encoder(load_pack(FOLDER), threads=1)
    texts = [text for text in tiny.TEXTS if len(text) < 30]
    found = encoder.encode_texts(texts)
    lines = [
        json.dumps({"text": text, "embedding": tiny.rounded(row)})
        for text, row in zip(texts, found, strict=True)
    ]
    (FOLDER / "golden.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    sys.exit(main())
