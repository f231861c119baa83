"""Large text cores: their weights stay in 8 bits while they run, and lie in files beside the graph.

Widened to float32, the 412 million weights of SigLIP 2 SO400M exceed what 32-bit WebAssembly can address.
Here each token's inputs are rounded to 8 bits by the largest of them, and multiplied as integers
(`MatMulInteger`, a standard operator). Both factors are unsigned, because that kernel is exact on every
processor: results do not depend on it, nor on the other texts of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from imagedb_site.openclip.quantize import (
    Choose,
    Moments,
    WeightPrecision,
    quantize_weights,
    uniform,
    weights_of,
)
from imagedb_site.openclip.rounding import (
    compensated_int4,
    compensated_int8,
    int4_codes,
    int8_codes,
)
from imagedb_site.packs.weights import GROUP, ZERO, Nibbles, write_weights

LARGE = 1 << 26
"""Cores with more weights than this keep them in 8 bits. While a browser widens a core it needs about 15
bytes a weight: 1.3 GB for 85 million."""
PART = 16 << 20
"""Bytes of 8-bit codes in a file. Hosts refuse files of 25 MiB."""
_MOST_FACTOR = 255
_LEAST = 1e-9
_SECOND = 254
"""What is left after rounding to 8 bits is at most half a step; this many of its steps are one step."""


@dataclass
class _Parts:
    """Matrices in the order of the graph, cut into files `text.0000.bin` …"""

    files: dict[str, bytes] = field(default_factory=dict)
    waiting: list[NDArray[np.uint8] | Nibbles] = field(default_factory=list)
    size: int = 0

    def add(self, matrix: NDArray[np.uint8] | Nibbles) -> tuple[str, int, int]:
        """The name of the file, and the place and length of the matrix in its 8-bit codes."""
        length = matrix.shape[0] * matrix.shape[1]
        same = not self.waiting or type(matrix) is type(self.waiting[0])
        if self.waiting and (self.size + length > PART or not same):
            self.close()
        self.waiting.append(matrix)
        self.size += length
        return self._name(), self.size - length, length

    def close(self) -> None:
        if self.waiting:
            self.files[self._name()] = write_weights(self.waiting)
        self.waiting, self.size = [], 0

    def _name(self) -> str:
        return f"text.{len(self.files):04d}.bin"


def is_large(core: onnx.ModelProto, above: int = LARGE) -> bool:
    """Whether a text core has more than `above` weights."""
    names = set(weights_of(core))
    sizes = (int(np.prod(item.dims)) for item in core.graph.initializer if item.name in names)
    return sum(sizes) > above


def keep_in_bits(
    core: onnx.ModelProto,
    precision: str,
    *,
    digits: int = 1,
    choose: Choose = uniform,
    moments: Moments | None = None,
) -> tuple[onnx.ModelProto, dict[str, bytes]]:
    """`core` with its MatMul and Gemm weights as integers in files, and these files by name.

    `precision` (int8 or int4) is that of the files; 8 bits run in either case. Inputs are rounded to 8
    bits with one of the `digits`, to 15 with two, which takes twice as long. `core` has opset 18 or above.
    Other weights, and those to which `choose` gives floats, stay as they are.
    """
    wanted = _wanted(core, precision, choose)
    weights = {item.name: item for item in core.graph.initializer}
    # The weights are not copied, because they can have gigabytes.
    out = helper.make_model(
        helper.make_graph([], core.graph.name, core.graph.input, core.graph.output),
        opset_imports=core.opset_import,
        ir_version=core.ir_version,
        producer_name=core.producer_name,
    )
    made, parts = _Integers(out.graph, digits), _Parts()
    for node in core.graph.node:
        name = node.input[1] if _is_product(node) else ""
        if name not in wanted:
            out.graph.node.append(node)
            continue
        if name not in made.scales:
            weight = numpy_helper.to_array(weights[name])
            weight = weight.T if _is_turned(node) else weight
            codes, scale = _codes(weight, wanted[name], (moments or {}).get(name))
            file, offset, length = parts.add(codes)
            out.graph.initializer.append(
                _external(f"{name}.codes", codes.shape, file, offset, length)
            )
            made.scales[name] = made.constant(scale)
        made.product(node, name)
    parts.close()
    used = {name for node in out.graph.node for name in node.input} - set(wanted)
    out.graph.initializer.extend(item for name, item in weights.items() if name in used)
    return out, parts.files


def small_core(
    core: onnx.ModelProto,
    precision: WeightPrecision,
    digits: int,
    choose: Choose = uniform,
    moments: Moments | None = None,
) -> tuple[onnx.ModelProto, dict[str, bytes]]:
    """A text core in `precision`, and the files of its weights: those of `keep_in_bits`, or none if
    `digits` is 0."""
    graph, files = core, dict[str, bytes]()
    if digits:
        graph, files = keep_in_bits(core, precision, digits=digits, choose=choose, moments=moments)
    keep = {item.name for item in graph.graph.initializer}
    keep -= {item.name for item in core.graph.initializer}
    small = quantize_weights(graph, precision, choose=choose, moments=moments, keep=keep)
    return small, files


def _wanted(core: onnx.ModelProto, precision: str, choose: Choose) -> dict[str, str]:
    """The precisions of the weights that become integers, by their names."""
    shapes = {item.name: tuple(item.dims) for item in core.graph.initializer}
    others = {name for node in core.graph.node if not _is_product(node) for name in node.input}
    found = {
        name: choose(name, shapes[name][::-1] if use == "MatMul" else shapes[name]) or precision
        for name, use in weights_of(core).items()
        if name not in others and len(shapes[name]) == 2
    }
    return {name: value for name, value in found.items() if value in ("int8", "int4")}


def _is_product(node: onnx.NodeProto) -> bool:
    """Whether a node multiplies its first input with a matrix and, at most, adds a third."""
    if node.op_type == "MatMul":
        return True
    given = {item.name: item.f or item.i for item in node.attribute}
    plain = not given.get("transA") and all(given.get(key, 1) == 1 for key in ("alpha", "beta"))
    return node.op_type == "Gemm" and plain


def _is_turned(node: onnx.NodeProto) -> bool:
    """Whether the matrix of a product has its outputs first."""
    return any(item.name == "transB" and item.i for item in node.attribute)


def _codes(
    weight: NDArray[np.float32], precision: str, moment: NDArray[np.float32] | None
) -> tuple[NDArray[np.uint8] | Nibbles, NDArray[np.float32]]:
    """Codes of a matrix [inputs, outputs] and the scale of each output, float32 [outputs]."""
    inputs, outputs = weight.shape
    if precision == "int8" or inputs % GROUP or outputs % 2:
        found = int8_codes(weight, 1) if moment is None else compensated_int8(weight, moment)
        return (found[0].astype(np.int16) + ZERO).astype(np.uint8), found[1].reshape(-1)
    if moment is None:
        values, groups = int4_codes(weight.reshape(-1, GROUP, outputs))
    else:
        values, groups = compensated_int4(weight, moment, GROUP)
    wide = groups.astype(np.float32)[:, 0]
    # The factor of a group is in sixteenths: the product with a value of 4 bits has 8 bits.
    unit = wide.max(axis=0) / _MOST_FACTOR
    factors = np.clip(np.rint(wide / unit), 1, _MOST_FACTOR).astype(np.uint8)
    return Nibbles(values, factors), (unit * 16).astype(np.float32)


def _external(
    name: str, shape: tuple[int, ...], file: str, offset: int, length: int
) -> onnx.TensorProto:
    """Codes that lie in another file of the pack."""
    found = onnx.TensorProto(
        name=name, data_type=onnx.TensorProto.UINT8, data_location=onnx.TensorProto.EXTERNAL
    )
    found.dims.extend(shape)
    for key, value in (("location", file), ("offset", str(offset)), ("length", str(length))):
        found.external_data.add(key=key, value=value)
    return found


class _Integers:
    """Writes products of integers in place of a graph's MatMuls."""

    def __init__(self, graph: onnx.GraphProto, digits: int) -> None:
        self.scales: dict[str, str] = {}
        """The scale of each weight, by its name."""
        self._graph = graph
        self._digits = digits
        self._rounded: dict[str, tuple[list[str], str]] = {}
        self._constants: dict[bytes, str] = {}
        self._count = 0

    def constant(self, value: NDArray[np.generic]) -> str:
        key = value.dtype.str.encode() + str(value.shape).encode() + value.tobytes()
        if key not in self._constants:
            name = self._constants[key] = f"integer.c{len(self._constants)}"
            self._graph.initializer.append(numpy_helper.from_array(value, name))
        return self._constants[key]

    def product(self, node: onnx.NodeProto, weight: str) -> None:
        digits, unit = self._inputs(node.input[0])
        zero = self.constant(np.array(ZERO, np.uint8))
        dots = [
            self._node("MatMulInteger", digit, f"{weight}.codes", zero, zero) for digit in digits
        ]
        sums = [self._node("Cast", dot, to=onnx.TensorProto.FLOAT) for dot in dots]
        total = sums[0]
        if len(sums) > 1:
            total = self._node("Add", total, self._node("Mul", sums[1], self._float(1 / _SECOND)))
        last, given = "Mul", [self._node("Mul", total, unit), self.scales[weight]]
        if len(node.input) > 2:
            last, given = "Add", [self._node("Mul", *given), node.input[2]]
        self._graph.node.append(helper.make_node(last, given, [node.output[0]], name=node.name))

    def _inputs(self, x: str) -> tuple[list[str], str]:
        """The digits of `x` as unsigned integers, and what one step of the first digit is worth."""
        if x not in self._rounded:
            axis = self.constant(np.array([-1], np.int64))
            most = self._node("ReduceMax", self._node("Abs", x), axis, keepdims=1)
            most = self._node("Max", most, self._float(_LEAST))
            steps = self._node("Mul", x, self._node("Div", self._float(127), most))
            first = self._node("Round", steps)
            digits = [first]
            if self._digits > 1:
                left = self._node("Mul", self._node("Sub", steps, first), self._float(_SECOND))
                digits.append(self._node("Round", left))
            unsigned = [
                self._node(
                    "Cast", self._node("Add", digit, self._float(ZERO)), to=onnx.TensorProto.UINT8
                )
                for digit in digits
            ]
            self._rounded[x] = unsigned, self._node("Mul", most, self._float(1 / 127))
        return self._rounded[x]

    def _float(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        self._count += 1
        name = f"integer.{self._count}"
        self._graph.node.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name
