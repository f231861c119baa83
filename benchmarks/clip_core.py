"""A text core like OpenCLIP's ViT-B/32, made without torch: a reference for the speed of text towers.

Twelve layers of width 512 with eight heads and a causal mask, pooled at the last token (Radford et
al., "Learning Transferable Visual Models From Natural Language Supervision", 2021). The weights are
random: time does not depend on them. Stored and run as `imagedb-site model export` would.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from imagedb_site.openclip.quantize import quantize_weights

LAYERS, WIDTH, HEADS = 12, 512, 8


class Graph:
    """Collects nodes and weights; every call gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(0)

    def __call__(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, *shape: int) -> str:
        return self.constant((self._random.standard_normal(shape) * 0.02).astype(np.float32))

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        return self("Add", self("MatMul", x, self.weight(inputs, outputs)), self.weight(outputs))

    def norm(self, x: str) -> str:
        one = self.constant(np.ones(WIDTH, np.float32))
        return self("LayerNormalization", x, one, self.weight(WIDTH), axis=-1)


def clip_core(tokens: int) -> onnx.ModelProto:
    """`embeddings` float32 [1, tokens, 512] to `embedding` float32 [1, 512], int8 weights."""
    g = Graph()
    heads = g.constant(np.array([tokens, HEADS, WIDTH // HEADS], np.int64))
    flat = g.constant(np.array([1, tokens, WIDTH], np.int64))
    mask = g.constant(np.triu(np.full((tokens, tokens), -1e9, np.float32), 1))
    scale = g.constant(np.array((WIDTH // HEADS) ** -0.5, np.float32))
    slope = g.constant(np.array(1.702, np.float32))
    x = g("Add", "embeddings", g.weight(tokens, WIDTH))
    for _ in range(LAYERS):
        y = g.norm(x)
        query, key, value = (
            g("Transpose", g("Reshape", g.linear(y, WIDTH, WIDTH), heads), perm=[1, 0, 2])
            for _ in range(3)
        )
        turned = g("Transpose", key, perm=[0, 2, 1])
        scores = g("Add", g("Mul", g("MatMul", query, turned), scale), mask)
        mixed = g("MatMul", g("Softmax", scores, axis=-1), value)
        y = g("Reshape", g("Transpose", mixed, perm=[1, 0, 2]), flat)
        x = g("Add", x, g.linear(y, WIDTH, WIDTH))
        y = g.linear(g.norm(x), WIDTH, 4 * WIDTH)
        y = g("Mul", y, g("Sigmoid", g("Mul", y, slope)))
        x = g("Add", x, g.linear(y, 4 * WIDTH, WIDTH))
    last = g("Gather", g.norm(x), g.constant(np.array(tokens - 1, np.int64)), axis=1)
    out = g("MatMul", last, g.weight(WIDTH, WIDTH))
    g.nodes.append(helper.make_node("Identity", [out], ["embedding"]))
    graph = helper.make_graph(
        g.nodes,
        "clip_core",
        [helper.make_tensor_value_info("embeddings", onnx.TensorProto.FLOAT, [1, tokens, WIDTH])],
        [helper.make_tensor_value_info("embedding", onnx.TensorProto.FLOAT, [1, WIDTH])],
        g.tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return quantize_weights(model, "int8")
