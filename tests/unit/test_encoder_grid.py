"""Weights that training left on the shipped grids pass through the exporter's rounding unchanged."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from imagedb_site.encoders.runtime import open_session
from imagedb_site.openclip.quantize import quantize_weights

torch = pytest.importorskip("torch", reason="needs torch, of the [openclip] extra")

from training import snap  # noqa: E402

pytestmark = pytest.mark.openclip
INPUTS, OUTPUTS = 192, 160


def product(weight: np.ndarray) -> onnx.ModelProto:
    """x [n, inputs] times `weight` [inputs, outputs]."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", OUTPUTS])],
        [numpy_helper.from_array(np.ascontiguousarray(weight), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    return model


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_trained_weights_on_the_grid_stay(precision: str, calibrated: bool) -> None:
    torch.manual_seed(5)
    # Heavy tails, so that training's search for scales uses every candidate.
    latent = torch.randn(OUTPUTS, INPUTS) ** 3 / 50
    trained = (snap.int4 if precision == "int4" else snap.int8)(latent).numpy().T
    assert np.abs(trained - latent.numpy().T).max() > 1e-4
    inputs = np.random.default_rng(2).normal(size=(500, INPUTS)).astype(np.float32)
    moments = {"w": inputs.T @ inputs} if calibrated else None
    small = quantize_weights(product(trained), precision, moments=moments)
    session = open_session(small.SerializeToString(), "product")
    found = session.run(None, {"x": np.eye(INPUTS, dtype=np.float32)})[0]
    np.testing.assert_allclose(found, trained, atol=1e-7)
