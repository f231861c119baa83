"""Weight-only compression of ONNX graphs with standard operators of opset 17.

A stored int8 or 4-bit weight is widened by a few nodes whose inputs are all constants, so every
onnxruntime folds them while it loads the model and runs in float32: results do not depend on the batch
or on the processor, as they would with quantised activations. Weights that training left on the grid (see
`snap.py`) come out unchanged.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from .settings import GROUP, HALF


def int8_rows(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Codes int8 [rows, n] and scale float32 [rows, 1] of a matrix; scale by least squared error."""
    peak = np.maximum(np.abs(weight).max(1, keepdims=True), 1e-12)
    best = peak / 127
    error = np.full(len(weight), np.inf)
    for ratio in (1.0, 0.95, 0.9, 0.8, 0.7):
        scale = peak * ratio / 127
        codes = np.clip(np.rint(weight / scale), -127, 127)
        now = np.square(codes * scale - weight).sum(1)
        best = np.where((now < error)[:, None], scale, best)
        error = np.minimum(now, error)
    best = best.astype(np.float32)
    return np.clip(np.rint(weight / best), -127, 127).astype(np.int8), best


def int4_groups(
    weight: NDArray[np.float32], group: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Codes 0…15 uint8 [rows, n] and scale float32 [rows·n/group, 1]; value = (code - 8)·scale."""
    flat = weight.reshape(-1, group)
    peak = np.maximum(np.abs(flat).max(1, keepdims=True), 1e-6)
    best = peak / 7
    error = np.full(len(flat), np.inf)
    # A group on the grid has one of 1 … 8 as its largest code.
    for divisor in (*range(1, 9), 7.5, 8.6, 9.5, 10.5):
        scale = (peak / divisor).astype(np.float16).astype(np.float32)
        codes = np.clip(np.rint(flat / scale), -8, 7)
        now = np.square(codes * scale - flat).sum(1)
        best = np.where((now < error)[:, None], scale, best)
        error = np.minimum(now, error)
    best = best.astype(np.float32)
    codes = np.clip(np.rint(flat / best), -8, 7) + 8
    return codes.astype(np.uint8).reshape(weight.shape), best


def float_weights(model: onnx.ModelProto) -> dict[str, int]:
    """Names of float32 weights worth compressing -> the axis of their output channels."""
    shapes = {i.name: tuple(i.dims) for i in model.graph.initializer if i.data_type == 1}
    axes = {}
    for node in model.graph.node:
        for name in node.input[1:2]:
            if name in shapes and len(shapes[name]) >= 2 and np.prod(shapes[name]) >= 512:
                gemm = node.op_type == "Gemm" and any(
                    a.name == "transB" and a.i for a in node.attribute
                )
                if node.op_type == "Conv" or gemm:
                    axes[name] = 0
                elif node.op_type in ("MatMul", "Gemm"):
                    axes[name] = 1
    return axes


def compress(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with large matrices in 4 bits, other large weights in int8, all else in float16."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    graph = out.graph
    axes = float_weights(out)
    kept, nodes = [], []
    for item in graph.initializer:
        value = numpy_helper.to_array(item)
        name = item.name
        small = value.dtype == np.float32 and (name not in axes or value.size <= HALF)
        if small and value.size >= 16:
            kept.append(numpy_helper.from_array(value.astype(np.float16), f"{name}.half"))
            nodes.append(helper.make_node("Cast", [f"{name}.half"], [name], to=1))
            continue
        if name not in axes:
            kept.append(item)
            continue
        turned = axes[name] == 1
        matrix = (value.T if turned else value).reshape(value.shape[axes[name]], -1)
        matrix = np.ascontiguousarray(matrix)
        if value.ndim == 2 and matrix.shape[1] % GROUP == 0:
            added, made = _four_bit(name, matrix)
            final = made[-1].output[0]
        else:
            codes, scale = int8_rows(matrix)
            added = [
                numpy_helper.from_array(codes, f"{name}.codes"),
                numpy_helper.from_array(scale, f"{name}.scale"),
            ]
            made = [
                helper.make_node("Cast", [f"{name}.codes"], [f"{name}.wide"], to=1),
                helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [f"{name}.rows"]),
            ]
            final = f"{name}.rows"
        if turned:
            made.append(helper.make_node("Transpose", [final], [name], perm=[1, 0]))
        else:
            added.append(numpy_helper.from_array(np.array(value.shape, np.int64), f"{name}.shape"))
            made.append(helper.make_node("Reshape", [final, f"{name}.shape"], [name]))
        kept += added
        nodes += made
    del graph.initializer[:]
    graph.initializer.extend(kept)
    old = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + old)
    del graph.value_info[:]
    onnx.checker.check_model(out)
    return out


def _four_bit(
    name: str, matrix: NDArray[np.float32]
) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    """Two codes a byte: the left half of the columns in the low nibble, the right in the high."""
    codes, scale = int4_groups(matrix, GROUP)
    half = codes.shape[1] // 2
    packed = codes[:, :half] | (codes[:, half:] << 4)
    constants = {
        "packed": packed,
        "sixteen": np.float32(16),
        "eight": np.float32(8),
        "scale": scale.astype(np.float16),
        "groups": np.array([-1, GROUP], np.int64),
        "square": np.array(matrix.shape, np.int64),
    }
    added = [numpy_helper.from_array(np.asarray(v), f"{name}.{k}") for k, v in constants.items()]
    n = name
    made = [
        helper.make_node("Cast", [f"{n}.packed"], [f"{n}.byte"], to=1),
        helper.make_node("Div", [f"{n}.byte", f"{n}.sixteen"], [f"{n}.part"]),
        helper.make_node("Floor", [f"{n}.part"], [f"{n}.high"]),
        helper.make_node("Mul", [f"{n}.high", f"{n}.sixteen"], [f"{n}.high16"]),
        helper.make_node("Sub", [f"{n}.byte", f"{n}.high16"], [f"{n}.low"]),
        helper.make_node("Concat", [f"{n}.low", f"{n}.high"], [f"{n}.both"], axis=1),
        helper.make_node("Sub", [f"{n}.both", f"{n}.eight"], [f"{n}.signed"]),
        helper.make_node("Reshape", [f"{n}.signed", f"{n}.groups"], [f"{n}.grouped"]),
        helper.make_node("Cast", [f"{n}.scale"], [f"{n}.factor"], to=1),
        helper.make_node("Mul", [f"{n}.grouped", f"{n}.factor"], [f"{n}.scaled"]),
        helper.make_node("Reshape", [f"{n}.scaled", f"{n}.square"], [f"{n}.rows"]),
    ]
    return added, made
