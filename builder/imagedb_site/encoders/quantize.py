"""Weight-only compression of ONNX models.

Weights are stored in 8, 4 or 16 bits and widened by nodes whose inputs are all constants (`Cast`,
`Mul`, `Reshape`), so that onnxruntime folds them while it loads the model, in Python and in the
browser alike, without any session option. What runs is float32: results depend neither on the batch
nor on the processor. (`DequantizeLinear` would be fused with its `MatMul` into a kernel that is five
to ten times slower in WebAssembly.) Only `dynamic` keeps int8 weights in memory, for small devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from imagedb_site.errors import PackError

WeightPrecision = Literal["fp32", "fp16", "int8", "int4"]
GROUP = 32
SMALLEST = 1024
OPSET_WITH_INT4 = 21
_FOUR_BIT_DEPTH = 64
_RATIOS = np.linspace(0.66, 1.06, 11, dtype=np.float32)


def quantize_weights(
    model: onnx.ModelProto,
    precision: WeightPrecision,
    *,
    group: int = GROUP,
    keep_int8: Callable[[str], bool] = lambda name: False,
    dynamic: bool = False,
) -> onnx.ModelProto:
    """A copy of `model` whose large MatMul, Gemm and Conv weights take fewer bits.

    int8 has one scale an output channel; int4 one float16 scale a `group` of inputs, chosen for the
    least squared error, and leaves convolutions with few inputs and the weights `keep_int8` names in
    int8. `dynamic` (int8 MatMul only) also quantises activations at run time.
    Raises PackError for an unknown precision.
    """
    if precision not in ("fp32", "fp16", "int8", "int4"):
        raise PackError(f"“{precision}” is no precision of weights.")
    out = onnx.ModelProto()
    out.CopyFrom(model)
    if precision == "fp32":
        return out
    if precision == "int4":
        out = with_opset(out, OPSET_WITH_INT4)
    uses = weights_of(out)
    graph = out.graph
    kept: list[onnx.TensorProto] = []
    widened: list[onnx.NodeProto] = []
    for item in graph.initializer:
        use = uses.get(item.name)
        if use is None:
            kept.append(item)
            continue
        weight = numpy_helper.to_array(item)
        if dynamic and precision == "int8" and use == "MatMul" and weight.ndim == 2:
            kept += _dynamic(out, item.name, weight)
            continue
        if precision == "fp16":
            tensors, nodes = _half(item.name, weight)
        else:
            size = _group_size(weight, use, group) if precision == "int4" else None
            if size is None or keep_int8(item.name):
                tensors, nodes = _int8(item.name, weight, use)
            else:
                tensors, nodes = _int4(item.name, weight, use, size)
        kept += tensors
        widened += nodes
    nodes_before = list(graph.node)
    del graph.initializer[:], graph.node[:], graph.value_info[:]
    graph.initializer.extend(kept)
    graph.node.extend([*widened, *nodes_before])
    return out


def weights_of(model: onnx.ModelProto) -> dict[str, str]:
    """Large float32 weights by name, and how they are used: `MatMul` (inputs first) or `Conv`
    (outputs first, also a transposed Gemm). A weight with two kinds of use is left out."""
    sizes = {
        item.name: int(np.prod(item.dims, dtype=np.int64))
        for item in model.graph.initializer
        if item.data_type == onnx.TensorProto.FLOAT and len(item.dims) >= 2
    }
    uses: dict[str, str] = {}
    for node in model.graph.node:
        for position, name in enumerate(node.input):
            if sizes.get(name, 0) < SMALLEST:
                continue
            use = _use(node) if position == 1 else "other"
            if uses.setdefault(name, use) != use:
                uses[name] = "other"
    return {name: use for name, use in uses.items() if use != "other"}


def _use(node: onnx.NodeProto) -> str:
    if node.op_type == "MatMul":
        return "MatMul"
    if node.op_type == "Gemm":
        turned = any(item.name == "transB" and item.i for item in node.attribute)
        return "Conv" if turned else "MatMul"
    return "Conv" if node.op_type == "Conv" else "other"


def with_opset(model: onnx.ModelProto, version: int) -> onnx.ModelProto:
    """The model at opset `version` or above."""
    found = next(item for item in model.opset_import if item.domain in ("", "ai.onnx"))
    if found.version >= version:
        return model
    if found.version < 20:
        from onnx import version_converter

        model = version_converter.convert_version(model, 20)
        found = next(item for item in model.opset_import if item.domain in ("", "ai.onnx"))
    # From 20 to 21 operators only gained types, but for GroupNormalization.
    if any(node.op_type == "GroupNormalization" for node in model.graph.node):
        raise PackError("A model with GroupNormalization cannot be stored in 4 bits.")
    found.version = version
    model.ir_version = max(model.ir_version, 10)
    return model


def _half(name: str, weight: NDArray[Any]) -> tuple[list[Any], list[Any]]:
    codes = numpy_helper.from_array(weight.astype(np.float16), f"{name}.half")
    cast = helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
    return [codes], [cast]


def int8_codes(matrix: NDArray[Any], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Codes and the scale that broadcasts against them; one scale an index of `axis`."""
    others = tuple(index for index in range(matrix.ndim) if index != axis)
    peak = np.abs(matrix).max(axis=others, keepdims=True)
    scale = np.where(peak > 0, peak / 127, 1).astype(np.float32)
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale


def _int8(name: str, weight: NDArray[Any], use: str) -> tuple[list[Any], list[Any]]:
    codes, scale = int8_codes(weight, weight.ndim - 1 if use == "MatMul" else 0)
    tensors = [
        numpy_helper.from_array(codes, f"{name}.codes"),
        numpy_helper.from_array(scale, f"{name}.scale"),
    ]
    nodes = [
        helper.make_node("Cast", [f"{name}.codes"], [f"{name}.wide"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]),
    ]
    return tensors, nodes


def _group_size(weight: NDArray[Any], use: str, group: int) -> int | None:
    """How many inputs share a scale, or None where 4 bits are not worth it."""
    depth = weight.shape[-2] if use == "MatMul" else int(np.prod(weight.shape[1:]))
    if depth < _FOUR_BIT_DEPTH:
        return None
    return next((size for size in (group, 48, 24, 16, 8) if depth % size == 0), None)


def int4_codes(grouped: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Codes −8 … 7 and scales of groups along axis −2 (float32 [..., group, n] → [..., 1, n])."""
    peak = np.abs(grouped).max(axis=-2, keepdims=True)
    peak = np.where(peak > 0, peak, 1).astype(np.float32)
    best = np.zeros(peak.shape, dtype=np.float16)
    least = np.full(peak.shape, np.inf, dtype=np.float32)
    for ratio in _RATIOS:
        # The smallest normal float16 keeps tiny groups from dividing by zero.
        scale = np.maximum((peak * (ratio / 7)).astype(np.float16), np.float16(6.2e-5))
        wide = scale.astype(np.float32)
        codes = np.clip(np.rint(grouped / wide), -8, 7)
        error = np.square(codes * wide - grouped).sum(axis=-2, keepdims=True)
        better = error < least
        best = np.where(better, scale, best)
        least = np.where(better, error, least)
    codes = np.clip(np.rint(grouped / best.astype(np.float32)), -8, 7)
    return codes.astype(np.int8), best


def _int4(name: str, weight: NDArray[Any], use: str, size: int) -> tuple[list[Any], list[Any]]:
    if use == "MatMul":
        grouped = weight.reshape(*weight.shape[:-2], -1, size, weight.shape[-1])
    else:
        grouped = weight.reshape(-1, size, 1)
    codes, scale = int4_codes(grouped)
    flat = codes.reshape(-1)
    if len(flat) % 2:
        flat = np.append(flat, np.int8(0))
    nibbles = flat.astype(np.uint8) & 15
    packed = (nibbles[0::2] | (nibbles[1::2] << 4)).tobytes()
    tensors = [
        helper.make_tensor(f"{name}.codes", onnx.TensorProto.INT4, grouped.shape, packed, raw=True),
        numpy_helper.from_array(scale, f"{name}.scale"),
        numpy_helper.from_array(np.array(weight.shape, dtype=np.int64), f"{name}.shape"),
    ]
    to = onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Cast", [f"{name}.codes"], [f"{name}.wide"], to=to),
        helper.make_node("Cast", [f"{name}.scale"], [f"{name}.scales"], to=to),
        helper.make_node("Mul", [f"{name}.wide", f"{name}.scales"], [f"{name}.groups"]),
        helper.make_node("Reshape", [f"{name}.groups", f"{name}.shape"], [name]),
    ]
    return tensors, nodes


def _dynamic(model: onnx.ModelProto, name: str, weight: NDArray[Any]) -> list[onnx.TensorProto]:
    """Turn the MatMuls that use `name` into DynamicQuantizeMatMul in place; gives its tensors."""
    codes, scale = int8_codes(weight, 1)
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] == name:
            node.op_type, node.domain = "DynamicQuantizeMatMul", "com.microsoft"
            del node.input[1:]
            node.input.extend([f"{name}.codes", f"{name}.scale"])
    if not any(item.domain == "com.microsoft" for item in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return [
        numpy_helper.from_array(codes, f"{name}.codes"),
        numpy_helper.from_array(scale.reshape(-1), f"{name}.scale"),
    ]
