"""A pack with a text core of the shape of SigLIP 2 SO400M, made without torch.

27 layers of width 1,152 with 16 heads and 4,304 hidden units, 64 tokens that are always all there, pooled at
the last one, as in OpenCLIP's configuration ViT-SO400M-14-SigLIP2: 412 million weights, which are random,
because neither time nor memory depends on them. The token table has a row for each byte instead of 256,000
rows, and the image tower is one product, so that a site can be built quickly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from clip_core import Graph
from numpy.typing import NDArray
from onnx import helper

from imagedb_site.openclip.resident import is_large, small_core
from imagedb_site.packs import ModelPack, load_pack
from imagedb_site.packs.writer import ImageTower, TextTower, Tokens, write_pack


@dataclass(frozen=True)
class Shape:
    layers: int = 27
    width: int = 1152
    heads: int = 16
    hidden: int = 4304
    tokens: int = 64


SO400M = Shape()


class _Siglip(Graph):
    def matrix(self, inputs: int, outputs: int) -> str:
        """Weights that keep the size of what they are multiplied with."""
        value = self._random.standard_normal((inputs, outputs), dtype=np.float32)
        return self.constant(value * np.float32(inputs**-0.5))

    def layer(self, x: str, inputs: int, outputs: int) -> str:
        return self("Add", self("MatMul", x, self.matrix(inputs, outputs)), self.weight(outputs))

    def scaled(self, x: str, width: int) -> str:
        one, zero = np.ones(width, np.float32), np.zeros(width, np.float32)
        return self("LayerNormalization", x, self.constant(one), self.constant(zero), epsilon=1e-6)


def siglip_core(shape: Shape = SO400M) -> onnx.ModelProto:
    """`embeddings` float32 [n, tokens, width] to `embedding` float32 [n, width], in float32."""
    g, width, wide = _Siglip(), shape.width, shape.width // shape.heads
    split = g.constant(np.array([0, shape.tokens, shape.heads, wide], np.int64))
    flat = g.constant(np.array([0, shape.tokens, width], np.int64))
    scale = g.constant(np.array(wide**-0.5, np.float32))
    last = g.constant(np.array(shape.tokens - 1, np.int64))
    x = g("Add", "embeddings", g.weight(shape.tokens, width))
    for _ in range(shape.layers):
        y = g.scaled(x, width)
        parts = [g("Reshape", g.layer(y, width, width), split) for _ in range(3)]
        query, key, value = (
            g("Transpose", part, perm=perm)
            for part, perm in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
        )
        scores = g("Softmax", g("Mul", g("MatMul", query, key), scale), axis=-1)
        mixed = g("Transpose", g("MatMul", scores, value), perm=[0, 2, 1, 3])
        x = g("Add", x, g.layer(g("Reshape", mixed, flat), width, width))
        y = g("Gelu", g.layer(g.scaled(x, width), width, shape.hidden), approximate="tanh")
        x = g("Add", x, g.layer(y, shape.hidden, width))
    out = g.layer(g("Gather", g.scaled(x, width), last, axis=1), width, width)
    g.nodes.append(helper.make_node("LpNormalization", [out], ["embedding"], axis=-1, p=2))
    graph = helper.make_graph(
        g.nodes,
        "siglip_core",
        [_floats("embeddings", ["n", shape.tokens, width])],
        [_floats("embedding", ["n", width])],
        g.tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def write_siglip(
    folder: Path, precision: Any, core: onnx.ModelProto, shape: Shape = SO400M
) -> ModelPack:
    """A pack around the core, made by the exporter's rule. `precision`: int8 or int4."""
    random = np.random.default_rng(0)
    small, weights = small_core(core, precision, 1 if is_large(core) else 0)
    vocab = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{value:02X}>" for value in range(256))]
    write_pack(
        folder,
        name=f"siglip-{precision}",
        description="A text core of the shape of SigLIP 2 SO400M with random weights.",
        dim=shape.width,
        image=ImageTower(_image(random, shape.width), _PREPARED),
        text=TextTower(
            small.SerializeToString(), max_tokens=shape.tokens, padding="max", weights=weights
        ),
        tokens=Tokens(
            random.standard_normal((len(vocab), shape.width), dtype=np.float32),
            _tokenizer(),
            vocab,
            "bpe",
        ),
        temperature=0.01,
        licence={"id": "CC0-1.0", "note": "Random numbers.", "commercial": True},
        card="# Random numbers\n",
        static=random.standard_normal((len(vocab), shape.width), dtype=np.float32),
    )
    return load_pack(folder)


_PREPARED = {
    "size": [32, 32], "resize": "squash", "interpolation": "bicubic", "crop": "none",
    "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "fill": [0, 0, 0],
}  # fmt: skip


def _image(random: np.random.Generator, dim: int) -> bytes:
    g = Graph()
    weight: NDArray[np.float32] = random.standard_normal((3 * 32 * 32, dim), dtype=np.float32)
    out = g("MatMul", g("Flatten", "pixels"), g.constant(weight))
    g.nodes.append(helper.make_node("LpNormalization", [out], ["embedding"], axis=-1, p=2))
    graph = helper.make_graph(
        g.nodes,
        "image",
        [_floats("pixels", ["n", 3, 32, 32])],
        [_floats("embedding", ["n", dim])],
        g.tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


def _floats(name: str, shape: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def _tokenizer() -> dict[str, Any]:
    from packs import stand_in_object

    found: dict[str, Any] = json.loads(json.dumps(stand_in_object()))
    return found
