"""Compressed weights: smaller, close, and widened while the model loads."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from imagedb_site.encoders.runtime import open_session
from imagedb_site.errors import PackError
from imagedb_site.openclip.calibration import moments
from imagedb_site.openclip.quantize import quantize_weights, weights_of
from imagedb_site.openclip.rounding import compensated_int4, int4_codes


@pytest.fixture(scope="module")
def model():
    generator = np.random.default_rng(8)

    def weight(*shape):
        return (generator.standard_normal(shape) / 16).astype(np.float32)

    constants = {
        "conv": weight(32, 16, 3, 3),
        "matmul": weight(128, 96),
        "gemm": weight(64, 96),
        "small": weight(3, 3),
        "pool": np.array([2, 3], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["pixels", "conv"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMean", ["a"], ["b"], axes=[2, 3], keepdims=0),
        helper.make_node("Concat", ["b", "b", "b", "b"], ["c"], axis=1),
        helper.make_node("MatMul", ["c", "matmul"], ["d"]),
        helper.make_node("Gemm", ["d", "gemm"], ["out"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 16, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 64])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model):
    pixels = np.random.default_rng(9).standard_normal((2, 16, 8, 8)).astype(np.float32)
    return open_session(model.SerializeToString(), "x").run(None, {"pixels": pixels})[0]


def test_only_large_weights_of_known_use_are_taken(model):
    assert weights_of(model) == {"conv": "Conv", "matmul": "MatMul", "gemm": "Conv"}


@pytest.mark.parametrize(
    ("precision", "part", "closeness"),
    [("fp32", 1.01, 1), ("fp16", 0.53, 0.999999), ("int8", 0.3, 0.9999), ("int4", 0.19, 0.98)],
)
def test_smaller_and_close(model, precision, part, closeness):
    small = quantize_weights(model, precision)
    onnx.checker.check_model(small)
    assert len(small.SerializeToString()) < part * len(model.SerializeToString())
    expected, found = run(model), run(small)
    cosine = (expected * found).sum(1) / np.linalg.norm(expected, axis=1)
    cosine /= np.linalg.norm(found, axis=1)
    assert cosine.min() >= closeness - 1e-6


@pytest.mark.parametrize("precision", ["fp16", "int8", "int4"])
def test_weights_are_widened_while_the_model_loads(model, precision, tmp_path):
    """This also works in a session without options, as in the browser."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    data = quantize_weights(model, precision).SerializeToString()
    onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    optimised = onnx.load(tmp_path / "optimised.onnx")
    kinds = {node.op_type for node in optimised.graph.node}
    assert not kinds & {"Cast", "Mul", "Reshape", "DequantizeLinear", "MatMulNBits"}


def test_dynamic_keeps_int8_in_memory(model):
    small = quantize_weights(model, "int8", dynamic=True)
    assert any(node.op_type == "DynamicQuantizeMatMul" for node in small.graph.node)
    expected, found = run(model), run(small)
    assert np.abs(expected - found).max() < 0.03 * np.abs(expected).max()


def test_chosen_weights_stay_in_int8(model):
    small = quantize_weights(
        model, "int4", choose=lambda name, shape: "int8" if name == "gemm" else None
    )
    kinds = {item.name: item.data_type for item in small.graph.initializer}
    assert kinds["gemm.codes"] == TensorProto.INT8
    assert kinds["matmul.codes"] == TensorProto.INT4


def test_an_unknown_precision_is_refused(model):
    with pytest.raises(PackError, match="int3"):
        quantize_weights(model, "int3")  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_calibrated_rounding_keeps_the_outputs_closer(model, precision):
    """On inputs that calibration has not seen; at equal bytes."""
    generator = np.random.default_rng(5)
    mix = generator.standard_normal((128, 128)).astype(np.float32) / 8
    weights = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    constants = [numpy_helper.from_array(weights[name], name) for name in ("matmul", "gemm")]
    nodes = [
        helper.make_node("MatMul", ["x", "matmul"], ["d"]),
        helper.make_node("Gemm", ["d", "gemm"], ["out"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 128])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 64])],
        constants,
    )
    dense = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def inputs(count):
        return generator.standard_normal((count, 128)).astype(np.float32) ** 3 @ mix

    found = moments(dense, [{"x": inputs(100)} for _ in range(8)])
    assert {name: value.shape for name, value in found.items()} == {
        "matmul": (128, 128),
        "gemm": (96, 96),
    }
    fresh = inputs(200)
    plain = quantize_weights(dense, precision)
    better = quantize_weights(dense, precision, moments=found)
    assert len(better.SerializeToString()) == len(plain.SerializeToString())

    def error(model):
        session = open_session(model.SerializeToString(), "x")
        wanted = open_session(dense.SerializeToString(), "x").run(None, {"x": fresh})[0]
        return float(np.square(session.run(None, {"x": fresh})[0] - wanted).mean())

    assert error(better) < 0.8 * error(plain)


@pytest.mark.parametrize("largest", [5, 6, 7, 8])
def test_weights_that_are_on_a_grid_of_four_bits_stay(largest):
    """This holds whatever the largest code of a group is, and calibration has no error to compensate."""
    generator = np.random.default_rng(largest)
    codes = generator.integers(1 - largest, largest, (4, 32, 48))
    codes[:, 0] = -largest
    scale = generator.uniform(1e-3, 2e-2, (4, 1, 48)).astype(np.float16).astype(np.float32)
    weights = (codes * scale).astype(np.float32)
    found, scales = int4_codes(weights)
    np.testing.assert_array_equal(found * scales.astype(np.float32), weights)
    inputs = generator.normal(size=(300, 128)).astype(np.float32)
    found, scales = compensated_int4(weights.reshape(128, 48), inputs.T @ inputs, 32)
    np.testing.assert_array_equal(found * scales.astype(np.float32), weights)
