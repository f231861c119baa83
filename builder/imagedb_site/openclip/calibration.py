"""What a model's layers are fed on sample inputs, for rounding that keeps their outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from imagedb_site.encoders.runtime import open_session
from imagedb_site.openclip.quantize import weights_of

Feed = Mapping[str, NDArray[Any]]


def moments(model: onnx.ModelProto, feeds: Iterable[Feed]) -> dict[str, NDArray[np.float32]]:
    """The sum of x xᵀ, float32 [n, n], over the inputs x of every weight that can use it.

    These are the matrices of MatMul and Gemm and of convolutions of one pixel without groups; in
    others an input meets only part of the weight. The model is run once on every feed.
    """
    inputs = _inputs(model)
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:], probe.graph.value_info[:]
    given = {item.name for item in probe.graph.input}
    names = sorted(set(inputs.values()) - given)
    probe.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    session = open_session(probe.SerializeToString(), "calibration")
    total: dict[str, NDArray[np.float32]] = {}
    for feed in feeds:
        # An empty list of names would be refused.
        found = session.run(names, dict(feed)) if names else []
        values = dict(zip(names, found, strict=True)) | dict(feed)
        for name in set(inputs.values()):
            value = np.asarray(values[name], dtype=np.float32)
            value = np.moveaxis(value, 1, -1) if value.ndim == 4 else value
            rows = value.reshape(-1, value.shape[-1])
            product = rows.T @ rows
            total[name] = total[name] + product if name in total else product
    return {weight: total[name] for weight, name in inputs.items()}


def _inputs(model: onnx.ModelProto) -> dict[str, str]:
    """The tensor each weight is multiplied with, by name of the weight."""
    uses = weights_of(model)
    shapes = {item.name: tuple(item.dims) for item in model.graph.initializer}
    found: dict[str, str] = {}
    for node in model.graph.node:
        name = node.input[1] if len(node.input) > 1 else ""
        shape = shapes.get(name, ())
        if name not in uses or not node.input[0] or node.input[0] in shapes:
            continue
        numbers = {item.name: item.i for item in node.attribute if item.type == item.INT}
        if node.op_type == "Conv":
            plain = shape[2:] == (1, 1) and numbers.get("group", 1) == 1
        else:
            plain = len(shape) == 2 and not numbers.get("transA")
        if plain and found.setdefault(name, node.input[0]) != node.input[0]:
            # One weight for two layers: the first one's inputs stand for both.
            continue
    return found
