"""Weight-only compression of ONNX models.

Weights are stored in 8, 4 or 16 bits and widened by nodes whose inputs are all constants (`Cast`,
`Mul`, `Reshape`), so that onnxruntime folds them while it loads the model, in Python and in the
browser alike, without any session option. What runs is float32: results depend neither on the batch
nor on the processor. (`DequantizeLinear` would be fused with its `MatMul` into a kernel that is five
to ten times slower in WebAssembly.) Only `dynamic` keeps int8 weights in memory, for small devices.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from imagedb_site.errors import PackError
from imagedb_site.openclip.rounding import (
    compensated_int4,
    compensated_int8,
    int4_codes,
    int8_codes,
)

WeightPrecision = Literal["fp32", "fp16", "int8", "int4"]
Choose = Callable[[str, tuple[int, ...]], WeightPrecision | None]
"""Another precision for a weight of this name and shape, outputs first."""
Moments = Mapping[str, NDArray[np.float32]]
"""By name of a weight: the sum of x xᵀ, float32 [n, n], over inputs x of its layer."""
GROUP = 32
SMALLEST = 1024
OPSET_WITH_INT4 = 21
_FOUR_BIT_DEPTH = 64
_SMALLEST_HALF = 16
_LARGEST_HALF = 6e4


def uniform(name: str, shape: tuple[int, ...]) -> WeightPrecision | None:
    """No exceptions."""
    return None


def quantize_weights(
    model: onnx.ModelProto,
    precision: WeightPrecision,
    *,
    group: int = GROUP,
    choose: Choose = uniform,
    moments: Moments | None = None,
    dynamic: bool = False,
    keep: Collection[str] = (),
) -> onnx.ModelProto:
    """A copy of `model` whose large MatMul, Gemm and Conv weights take fewer bits.

    int8 has one scale an output channel; int4 one float16 scale a `group` of inputs and leaves
    convolutions with few inputs in int8; both for the least squared error, and with errors
    compensated for the weights that `moments` names (see `calibration.moments`). What else a model
    of 8 or 4 bits holds in floats (biases, norms, positions) takes 16 bits.

    `choose` gives some weights another precision; those in `keep` stay as they are. `dynamic` (int8
    MatMul only) also quantises activations at run time. Raises PackError for an unknown precision.
    """
    if precision not in ("fp32", "fp16", "int8", "int4"):
        raise PackError(f"“{precision}” is not a precision of weights.")
    out = onnx.ModelProto()
    out.CopyFrom(model)
    if precision == "fp32":
        return out
    uses = {name: use for name, use in weights_of(out).items() if name not in keep}
    shapes = {item.name: tuple(item.dims) for item in out.graph.initializer}
    chosen = {
        name: choose(name, shapes[name][::-1] if use == "MatMul" else shapes[name]) or precision
        for name, use in uses.items()
    }
    if "int4" in chosen.values():
        out = with_opset(out, OPSET_WITH_INT4)
    graph = out.graph
    kept: list[onnx.TensorProto] = []
    widened: list[onnx.NodeProto] = []
    for item in graph.initializer:
        name = item.name
        if name in keep:
            kept.append(item)
            continue
        weight = numpy_helper.to_array(item)
        wanted = chosen.get(name, "fp32")
        if name not in uses:
            narrow = precision in ("int8", "int4") and _fits_half(weight)
            wanted = "fp16" if narrow else "fp32"
        if wanted == "fp32":
            kept.append(item)
            continue
        if dynamic and wanted == "int8" and uses[name] == "MatMul" and weight.ndim == 2:
            kept += _dynamic(out, name, weight)
            continue
        if wanted == "fp16":
            tensors, nodes = _half(name, weight)
        else:
            use, moment = uses[name], _moment(weight, name, moments)
            size = _group_size(weight, use, group) if wanted == "int4" else None
            if size is None:
                tensors, nodes = _int8(name, weight, use, moment)
            else:
                tensors, nodes = _int4(name, weight, use, size, moment)
        kept += tensors
        widened += nodes
    nodes_before = list(graph.node)
    del graph.initializer[:], graph.node[:], graph.value_info[:]
    graph.initializer.extend(kept)
    graph.node.extend([*widened, *nodes_before])
    return out


def _fits_half(value: NDArray[Any]) -> bool:
    """Whether a float32 tensor is worth 16 bits and loses nothing that matters by them."""
    return bool(
        value.dtype == np.float32
        and value.size >= _SMALLEST_HALF
        and (np.abs(value) < _LARGEST_HALF).all()
    )


def _moment(weight: NDArray[Any], name: str, moments: Moments | None) -> NDArray[np.float32] | None:
    found = moments.get(name) if moments else None
    return found if found is not None and len(found) in weight.shape else None


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


def _int8(
    name: str, weight: NDArray[Any], use: str, moment: NDArray[np.float32] | None
) -> tuple[list[Any], list[Any]]:
    if moment is None:
        codes, scale = int8_codes(weight, weight.ndim - 1 if use == "MatMul" else 0)
    elif use == "MatMul":
        codes, scale = compensated_int8(weight, moment)
    else:
        flat, row = compensated_int8(weight.reshape(len(weight), -1).T, moment)
        codes = np.ascontiguousarray(flat.T).reshape(weight.shape)
        scale = row.reshape(-1, *[1] * (weight.ndim - 1))
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
    """How many inputs share a scale, or None if 4 bits are not worth it."""
    depth = weight.shape[-2] if use == "MatMul" else int(np.prod(weight.shape[1:]))
    if depth < _FOUR_BIT_DEPTH:
        return None
    return next((size for size in (group, 48, 24, 16, 8) if depth % size == 0), None)


def _int4(
    name: str, weight: NDArray[Any], use: str, size: int, moment: NDArray[np.float32] | None
) -> tuple[list[Any], list[Any]]:
    if moment is None:
        depths = (*weight.shape[:-2], -1, size, weight.shape[-1])
        codes, scale = int4_codes(weight.reshape(depths if use == "MatMul" else (-1, size, 1)))
    elif use == "MatMul":
        codes, scale = compensated_int4(weight, moment, size)
    else:
        codes, scale = compensated_int4(weight.reshape(len(weight), -1).T, moment, size)
        # Outputs first, as the weight has it.
        codes = np.ascontiguousarray(codes.transpose(2, 0, 1)).reshape(-1, size, 1)
        scale = np.ascontiguousarray(scale.transpose(2, 0, 1)).reshape(-1, 1, 1)
    flat = codes.reshape(-1)
    if len(flat) % 2:
        flat = np.append(flat, np.int8(0))
    nibbles = flat.astype(np.uint8) & 15
    packed = (nibbles[0::2] | (nibbles[1::2] << 4)).tobytes()
    tensors = [
        helper.make_tensor(f"{name}.codes", onnx.TensorProto.INT4, codes.shape, packed, raw=True),
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
