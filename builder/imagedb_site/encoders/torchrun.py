"""Runs a pack's image tower on torch, for bulk indexing on a GPU.

The ONNX graph itself is interpreted, with the weights of the pack, so that the embeddings belong to
the very encoder the pack names: no second copy of the model is needed, and packs made by anybody
work. Compressed weights are widened once, when the tower is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch.nn import functional

from imagedb_site.errors import PackError, UsageError
from imagedb_site.packs import ModelPack

Attributes = dict[str, Any]
Operator = Callable[..., Any]


def pick_device(wanted: str) -> str:
    """`cuda`, `mps` or `cpu` for `auto`; anything else as it is. Raises UsageError if the device
    is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    kind = wanted.split(":")[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise UsageError(f"There is no device “{wanted}”.", "Choose auto, cpu, cuda or mps.")
    if kind in there and not there[kind]():
        raise UsageError(f"This machine has no {kind} device that torch can use.")
    return wanted


class TorchImageEncoder:
    """The image tower of a pack on `device`, in float16 if `mixed` (on CUDA by default)."""

    def __init__(self, pack: ModelPack, device: str, *, mixed: bool | None = None) -> None:
        spec = pack.manifest["image"]
        self._dim = pack.dim
        self._file = str(spec["file"])
        self._input, self._output = str(spec["input"]), str(spec["output"])
        self.device = pick_device(device)
        self._mixed = self.device.startswith("cuda") if mixed is None else mixed
        self._graph = Graph(onnx.load_model_from_string(pack.read(self._file)), self.device)

    def encode_tensors(self, tensors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings float32 [n, dim] of prepared pictures, float32 [n, 3, height, width]."""
        if not len(tensors):
            return np.empty((0, self._dim), dtype=np.float32)
        pixels = torch.from_numpy(tensors)
        if self.device.startswith("cuda"):
            pixels = pixels.pin_memory()
        kind = self.device.split(":")[0]
        with (
            torch.inference_mode(),
            torch.autocast(kind, dtype=torch.float16, enabled=self._mixed),
        ):
            moved = pixels.to(self.device, non_blocking=True)
            found = self._graph.run({self._input: moved}, self._output)
            found = functional.normalize(found.float(), dim=-1)
        result = np.asarray(found.cpu().numpy())
        if result.shape[1:] != (self._dim,) or not np.isfinite(result).all():
            raise PackError(f"“{self._file}” of the model pack gives no finite embedding.")
        return result


class Graph:
    """An ONNX graph whose constant parts were computed when it was loaded."""

    def __init__(self, model: onnx.ModelProto, device: str) -> None:
        self._device = device
        self._constants: dict[str, torch.Tensor] = {
            item.name: _tensor(item, device) for item in model.graph.initializer
        }
        self._steps: list[tuple[Operator, list[str], list[str], Attributes]] = []
        self.folded: set[str] = set()
        """Names that were computed here, once and for all."""
        for node in model.graph.node:
            attributes = {
                item.name: onnx.helper.get_attribute_value(item) for item in node.attribute
            }
            step = (_operator(node.op_type), list(node.input), list(node.output), attributes)
            if all(name in self._constants or not name for name in node.input):
                self._constants.update(self._apply(step, self._constants))
                self.folded.update(node.output)
            else:
                self._steps.append(step)
        self._last_use = {
            name: position for position, step in enumerate(self._steps) for name in step[1]
        }
        used = {name for step in self._steps for name in step[1]}
        self._constants = {name: v for name, v in self._constants.items() if name in used}

    @property
    def constants(self) -> dict[str, torch.Tensor]:
        """What the steps of the graph use that does not depend on its inputs, by name."""
        return self._constants

    def run(self, inputs: dict[str, torch.Tensor], output: str) -> torch.Tensor:
        """One output of the graph; what is no longer needed is freed on the way. An input with the
        name of a constant stands in for it."""
        values = dict(inputs)
        for position, step in enumerate(self._steps):
            values.update(self._apply(step, {**self._constants, **values}))
            for name in step[1]:
                if self._last_use[name] == position and name != output:
                    values.pop(name, None)
        return values[output]

    def _apply(
        self, step: tuple[Operator, list[str], list[str], Attributes], values: dict[str, Any]
    ) -> dict[str, torch.Tensor]:
        operator, inputs, outputs, attributes = step
        found = operator(attributes, *(values[name] if name else None for name in inputs))
        results = found if isinstance(found, tuple) else (found,)
        return {
            name: value if value.dtype == torch.int64 else value.to(self._device)
            for name, value in zip(outputs, results, strict=False)
            if name
        }


def _tensor(item: onnx.TensorProto, device: str) -> torch.Tensor:
    array = numpy_helper.to_array(item)
    if item.data_type == onnx.TensorProto.INT4:
        array = array.astype(np.int8)
    tensor = torch.from_numpy(np.array(array))
    # Shapes and indices are read by Python; they stay where that is quick.
    return tensor if tensor.dtype == torch.int64 else tensor.to(device)


def _ints(value: torch.Tensor | Sequence[int]) -> list[int]:
    return [int(number) for number in value]


def _cast(a: Attributes, x: torch.Tensor) -> torch.Tensor:
    kind = torch.from_numpy(np.zeros(0, onnx.helper.tensor_dtype_to_np_dtype(a["to"]))).dtype
    return x.to(kind)


def _reshape(a: Attributes, x: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
    sizes = _ints(shape)
    if not a.get("allowzero"):
        sizes = [x.shape[at] if size == 0 else size for at, size in enumerate(sizes)]
    return x.reshape(sizes)


def _slice(
    a: Attributes, x: torch.Tensor, starts: Any, ends: Any, axes: Any = None, steps: Any = None
) -> torch.Tensor:
    places = range(len(starts)) if axes is None else _ints(axes)
    strides = [1] * len(starts) if steps is None else _ints(steps)
    for axis, start, end, stride in zip(places, _ints(starts), _ints(ends), strides, strict=True):
        picked = torch.tensor(range(x.shape[axis])[start:end:stride], dtype=torch.int64)
        x = x.index_select(axis, picked.to(x.device))
    return x


def _gather(a: Attributes, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    axis = a.get("axis", 0) % x.dim()
    index = torch.where(index < 0, index + x.shape[axis], index)
    picked = x.index_select(axis, index.reshape(-1).to(x.device))
    return picked.reshape([*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]])


def _pads(a: Attributes, spatial: int) -> list[int]:
    """ONNX's begins and ends as torch's pairs from the last axis back."""
    pads = a.get("pads") or [0] * (2 * spatial)
    return [pads[at + side] for at in reversed(range(spatial)) for side in (0, spatial)]


def _conv(
    a: Attributes, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor | None = None
) -> torch.Tensor:
    spatial = w.dim() - 2
    padding = _pads(a, spatial)
    if any(padding):
        x = functional.pad(x, padding)
    run = functional.conv2d if spatial == 2 else functional.conv1d
    return run(
        x,
        w,
        b,
        stride=tuple(a.get("strides") or [1] * spatial),
        dilation=tuple(a.get("dilations") or [1] * spatial),
        groups=a.get("group", 1),
    )


def _pad(
    a: Attributes, x: torch.Tensor, pads: Any = None, value: Any = None, axes: Any = None
) -> torch.Tensor:
    if a.get("mode", b"constant") != b"constant":
        raise PackError("Padding other than with a constant is not known here.")
    given = _ints(pads if pads is not None else a["pads"])
    places = range(x.dim()) if axes is None else [place % x.dim() for place in _ints(axes)]
    both = dict(
        zip(places, zip(given[: len(places)], given[len(places) :], strict=True), strict=True)
    )
    widths = [side for at in reversed(range(x.dim())) for side in both.get(at, (0, 0))]
    return functional.pad(x, widths, value=0.0 if value is None else float(value))


def _pool(average: bool) -> Operator:
    def run(a: Attributes, x: torch.Tensor) -> torch.Tensor:
        padding = _pads(a, 2)
        if any(padding):
            x = functional.pad(x, padding, value=0.0 if average else -math.inf)
        size, stride = tuple(a["kernel_shape"]), tuple(a.get("strides") or [1, 1])
        if average and any(padding) and not a.get("count_include_pad"):
            raise PackError("Average pooling that leaves its padding out is not known here.")
        pool = functional.avg_pool2d if average else functional.max_pool2d
        return pool(x, size, stride, ceil_mode=bool(a.get("ceil_mode")))

    return run


def _gemm(a: Attributes, x: torch.Tensor, w: torch.Tensor, b: Any = None) -> torch.Tensor:
    x = x.mT if a.get("transA") else x
    found = (x @ (w.mT if a.get("transB") else w)) * a.get("alpha", 1.0)
    return found if b is None else found + a.get("beta", 1.0) * b


def _layer_norm(
    a: Attributes, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor | None = None
) -> torch.Tensor:
    axis = a.get("axis", -1) % x.dim()
    return functional.layer_norm(x, x.shape[axis:], w, b, a.get("epsilon", 1e-5))


def _batch_norm(a: Attributes, x: Any, w: Any, b: Any, mean: Any, var: Any) -> torch.Tensor:
    return functional.batch_norm(x, mean, var, w, b, False, 0.0, a.get("epsilon", 1e-5))


def _reduce(reduce: Callable[[torch.Tensor, list[int], bool], torch.Tensor]) -> Operator:
    def run(a: Attributes, x: torch.Tensor, axes: Any = None) -> torch.Tensor:
        places = _ints(axes) if axes is not None else list(a.get("axes") or range(x.dim()))
        return reduce(x, places, bool(a.get("keepdims", 1)))

    return run


def _squeeze(a: Attributes, x: torch.Tensor, axes: Any = None) -> torch.Tensor:
    places = _ints(axes) if axes is not None else a.get("axes")
    return x.squeeze() if places is None else x.squeeze(tuple(places))


def _unsqueeze(a: Attributes, x: torch.Tensor, axes: Any = None) -> torch.Tensor:
    places = _ints(axes) if axes is not None else list(a["axes"])
    for place in sorted(place % (x.dim() + len(places)) for place in places):
        x = x.unsqueeze(place)
    return x


def _split(a: Attributes, x: torch.Tensor, sizes: Any = None) -> tuple[torch.Tensor, ...]:
    axis = a.get("axis", 0)
    if sizes is not None:
        return tuple(x.split(_ints(sizes), axis))
    return tuple(x.chunk(a["num_outputs"], axis))


def _constant(a: Attributes) -> torch.Tensor:
    if "value" in a:
        return torch.from_numpy(np.array(numpy_helper.to_array(a["value"])))
    (value,) = a.values()
    return torch.tensor(value)


def _filled(a: Attributes, shape: torch.Tensor) -> torch.Tensor:
    value = numpy_helper.to_array(a["value"]).reshape(-1)[:1] if "value" in a else np.zeros(1, "f4")
    return torch.from_numpy(np.array(value)).expand(_ints(shape)).clone()


def _clip(a: Attributes, x: torch.Tensor, low: Any = None, high: Any = None) -> torch.Tensor:
    low, high = a.get("min", low), a.get("max", high)
    bounds = [None if b is None else float(b) for b in (low, high)]
    return x.clamp(*bounds)


def _expand(a: Attributes, x: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, tuple(_ints(shape))))


def _matmul(a: Attributes, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x @ y


def _transpose(a: Attributes, x: torch.Tensor) -> torch.Tensor:
    return x.permute(a.get("perm") or tuple(reversed(range(x.dim()))))


def _concat(a: Attributes, *parts: torch.Tensor) -> torch.Tensor:
    # Beside a half-precision activation, a float32 constant must not widen everything.
    kinds = {part.dtype for part in parts}
    if torch.float16 in kinds and torch.float32 in kinds:
        parts = tuple(part.to(torch.float16) for part in parts)
    return torch.cat([part.to(parts[-1].device) for part in parts], a["axis"])


def _shape(a: Attributes, x: torch.Tensor) -> torch.Tensor:
    return torch.tensor(x.shape[a.get("start", 0) : a.get("end")], dtype=torch.int64)


def _argmax(a: Attributes, x: torch.Tensor) -> torch.Tensor:
    return x.argmax(a.get("axis", 0), bool(a.get("keepdims", 1)))


def _gelu(a: Attributes, x: torch.Tensor) -> torch.Tensor:
    kind = a.get("approximate", b"none")
    return functional.gelu(x, approximate=kind.decode() if isinstance(kind, bytes) else kind)


def _plain(function: Callable[..., Any]) -> Operator:
    return lambda a, *values: function(*values)


_OPERATORS: dict[str, Operator] = {
    "Add": _plain(torch.add), "Sub": _plain(torch.sub), "Mul": _plain(torch.mul),
    "Div": _plain(torch.div), "Pow": _plain(torch.pow), "Sqrt": _plain(torch.sqrt),
    "Reciprocal": _plain(torch.reciprocal), "Neg": _plain(torch.neg), "Exp": _plain(torch.exp),
    "Abs": _plain(torch.abs), "Erf": _plain(torch.erf), "Tanh": _plain(torch.tanh),
    "Sigmoid": _plain(torch.sigmoid), "Relu": _plain(functional.relu), "Floor": _plain(torch.floor),
    "Sin": _plain(torch.sin), "Cos": _plain(torch.cos), "Where": _plain(torch.where),
    "Equal": _plain(torch.eq), "Less": _plain(torch.lt), "Greater": _plain(torch.gt),
    "Not": _plain(torch.logical_not), "And": _plain(torch.logical_and),
    "Max": _plain(torch.maximum), "Min": _plain(torch.minimum), "Identity": lambda a, x: x,
    "HardSigmoid": lambda a, x: (x * a.get("alpha", 0.2) + a.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": _plain(functional.hardswish), "Gelu": _gelu, "MatMul": _matmul, "Gemm": _gemm,
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)), "Conv": _conv,
    "LayerNormalization": _layer_norm, "BatchNormalization": _batch_norm,
    "MaxPool": _pool(False), "AveragePool": _pool(True),
    "GlobalAveragePool": lambda a, x: x.mean(tuple(range(2, x.dim())), keepdim=True),
    "ReduceMean": _reduce(lambda x, axes, keep: x.mean(axes, keep)),
    "ReduceSum": _reduce(lambda x, axes, keep: x.sum(axes, keep)),
    "ReduceL2": _reduce(lambda x, axes, keep: x.float().norm(2, axes, keep)),
    "Reshape": _reshape, "Flatten": lambda a, x: x.flatten(a.get("axis", 1)), "Cast": _cast,
    "Transpose": _transpose, "Concat": _concat, "Slice": _slice, "Gather": _gather,
    "Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Split": _split, "Shape": _shape,
    "Expand": _expand, "Constant": _constant, "ConstantOfShape": _filled, "Clip": _clip,
    "ArgMax": _argmax, "Pad": _pad,
}  # fmt: skip


def _operator(name: str) -> Operator:
    if name not in _OPERATORS:
        raise PackError(
            f"The image tower uses “{name}”, which cannot be run on torch yet.",
            "Leave --device out: onnxruntime runs it.",
        )
    return _OPERATORS[name]
