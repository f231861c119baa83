"""Large text cores keep their weights in 8 bits, in files beside the graph."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from imagedb_site.container import write_container
from imagedb_site.encoders import Encoder
from imagedb_site.encoders.runtime import open_session
from imagedb_site.errors import FormatError, PackError
from imagedb_site.openclip import resident
from imagedb_site.openclip.calibration import moments
from imagedb_site.openclip.resident import is_large, keep_in_bits, small_core
from imagedb_site.packs import load_pack
from imagedb_site.packs.layout import pack_id
from imagedb_site.packs.weights import Nibbles, read_weights, write_weights

LARGE = Path(__file__).parents[1] / "golden" / "pack-large"
WIDTH = 64


@pytest.fixture(scope="module")
def core():
    """Two blocks of a transformer's feed-forward part and a projection by Gemm."""
    generator = np.random.default_rng(5)

    def weight(*shape):
        return (generator.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)

    constants = {
        "up": weight(WIDTH, 4 * WIDTH), "down": weight(4 * WIDTH, WIDTH), "out": weight(WIDTH, 48),
        "gemm": weight(32, 48), "shift": weight(32), "bias": weight(4 * WIDTH),
        "last": np.array(-1, np.int64),
    }  # fmt: skip
    nodes = [
        helper.make_node("MatMul", ["embeddings", "up"], ["a"]),
        helper.make_node("Add", ["a", "bias"], ["b"]),
        helper.make_node("Tanh", ["b"], ["c"]),
        helper.make_node("MatMul", ["c", "down"], ["d"]),
        helper.make_node("MatMul", ["d", "out"], ["e"]),
        helper.make_node("Gather", ["e", "last"], ["f"], axis=1),
        helper.make_node("Gemm", ["f", "gemm", "shift"], ["embedding"], transB=1),
    ]
    shape = ["n", "tokens", WIDTH]
    graph = helper.make_graph(
        nodes,
        "core",
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 32])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def tokens(count=3):
    found = np.random.default_rng(6).standard_normal((count, 5, WIDTH)).astype(np.float32)
    # One token of a text is far larger than the others, as in trained transformers.
    found[:, 2] *= 100
    return found


def run(model, files=None, given=None):
    parts = {name: read_weights(data) for name, data in (files or {}).items()}
    session = open_session(model.SerializeToString(), "x", parts)
    return session.run(None, {"embeddings": tokens() if given is None else given})[0]


def cosine(a, b):
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize(
    ("precision", "digits", "least"),
    [("int8", 1, 0.9995), ("int8", 2, 0.9999), ("int4", 1, 0.98), ("int4", 2, 0.98)],
)
def test_a_core_of_integers_agrees_with_floats(core, precision, digits, least):
    small, files = small_core(core, precision, digits)
    assert cosine(run(small, files), run(core)) > least
    kinds = [node.op_type for node in small.graph.node]
    assert kinds.count("MatMulInteger") == 4 * digits
    assert not {"MatMul", "Gemm"} & set(kinds)
    # The file has the bits that were asked for.
    count = WIDTH * (4 * WIDTH) * 2 + WIDTH * 48 + 48 * 32
    assert sum(map(len, files.values())) < count * (1.05 if precision == "int8" else 0.6)


def test_moments_keep_the_outputs_closer(core):
    given = tokens(40)
    # Inputs that have few directions, as those of a trained model.
    given = given @ np.random.default_rng(1).standard_normal((WIDTH, 8)).astype(np.float32)
    given = given @ np.random.default_rng(2).standard_normal((8, WIDTH)).astype(np.float32) / 50
    found = moments(core, [{"embeddings": given}])
    wanted = run(core, given=given)
    plain, fitted = (
        cosine(run(*small_core(core, "int4", 2, moments=given_moments), given), wanted)
        for given_moments in (None, found)
    )
    assert fitted > plain


def test_a_text_does_not_depend_on_its_batch(core):
    small, files = small_core(core, "int8", 1)
    given = tokens(2)
    alone = run(small, files, given[:1])
    assert np.array_equal(run(small, files, given)[:1], alone)


def test_the_number_of_weights_decides(core):
    count = WIDTH * (4 * WIDTH) * 2 + WIDTH * 48 + 48 * 32
    assert not is_large(core, count)
    assert is_large(core, count - 1)
    assert not is_large(core)
    same, files = small_core(core, "int8", 0)
    assert files == {}
    assert "MatMulInteger" not in {node.op_type for node in same.graph.node}


def test_weights_are_cut_into_files_that_hosts_take(core, monkeypatch):
    monkeypatch.setattr(resident, "PART", 21_000)
    small, files = keep_in_bits(core, "int8")
    assert list(files) == ["text.0000.bin", "text.0001.bin"]
    assert [len(read_weights(data)) for data in files.values()] == [16384, 16384 + 3072 + 1536]
    assert cosine(run(small, files), run(core)) > 0.9995


def test_some_weights_may_stay_floats(core):
    small, files = keep_in_bits(
        core, "int4", choose=lambda name, _: "fp32" if name == "up" else None
    )
    assert [node.op_type for node in small.graph.node].count("MatMul") == 1
    assert cosine(run(small, files), run(core)) > 0.98


def test_both_precisions_give_the_codes_they_were_made_from():
    generator = np.random.default_rng(3)
    bytes8 = [generator.integers(1, 256, shape, dtype=np.uint8) for shape in ((5, 7), (16, 2))]
    assert read_weights(write_weights(bytes8)).tolist() == [*bytes8[0].flat, *bytes8[1].flat]
    small = [
        Nibbles(
            generator.integers(-8, 8, (groups, 16, outputs)).astype(np.int8),
            generator.integers(1, 256, (groups, outputs), dtype=np.uint8),
        )
        for groups, outputs in ((2, 6), (1, 4))
    ]
    wanted = [value for matrix in small for value in matrix.codes().flat]
    assert read_weights(write_weights(small)).tolist() == wanted
    values, factors = small[0].values.astype(int), small[0].factors.astype(int)
    exact = 128 + np.floor(values * factors[:, None] / 16 + 0.5)
    assert np.array_equal(small[0].codes(), exact.reshape(32, 6))


@pytest.mark.parametrize(
    ("header", "sizes"),
    [
        ({"precision": "int8", "shapes": [[16, 2]]}, {"codes": 31}),
        ({"precision": "int4", "shapes": [[16, 2]]}, {"codes": 16, "factors": 1}),
        ({"precision": "int4", "shapes": [[8, 4]]}, {"codes": 16, "factors": 2}),
        ({"precision": "int4", "shapes": [[16, 3]]}, {"codes": 24, "factors": 3}),
        ({"precision": "int4", "shapes": [[16, 2]]}, {"codes": 16}),
        ({"precision": "int2", "shapes": [[16, 2]]}, {"codes": 32}),
        ({"precision": "int8", "shapes": [[-4, -8]]}, {"codes": 32}),
        ({"precision": "int8", "shapes": [[32]]}, {"codes": 32}),
        ({"precision": "int8", "shapes": "32"}, {"codes": 32}),
        ({"precision": "int8"}, {"codes": 32}),
    ],
)
def test_parts_that_do_not_fit_are_refused(header, sizes):
    sections = {name: np.zeros(size, np.uint8) for name, size in sizes.items()}
    with pytest.raises(FormatError):
        read_weights(write_container("weights", header, sections))


@pytest.mark.parametrize(
    "place",
    [
        {"location": "../secret", "offset": "0", "length": "1024"},
        {"location": "text.0000.bin", "offset": "1", "length": "1024"},
        {"location": "text.0000.bin", "offset": "-8", "length": "1024"},
        {"location": "text.0000.bin", "offset": "0"},
        {"location": "text.0000.bin"},
        {},
    ],
)
def test_weights_lie_inside_the_files_of_the_pack(place):
    item = onnx.TensorProto(name="w", data_type=TensorProto.UINT8, dims=[32, 32])
    item.data_location = TensorProto.EXTERNAL
    for key, value in place.items():
        item.external_data.add(key=key, value=value)
    graph = helper.make_graph([], "g", [], [], [item])
    with pytest.raises(PackError, match="another file"):
        open_session(
            helper.make_model(graph).SerializeToString(),
            "x",
            {"text.0000.bin": np.zeros(1024, np.uint8)},
        )


def test_the_golden_pack_has_its_embeddings():
    pack = load_pack(LARGE)
    assert len(pack.manifest["text"]["weights"]) == 3
    golden = json.loads((LARGE / "golden.json").read_text())
    found = Encoder(pack).encode_texts([item["text"] for item in golden])
    assert np.abs(found - [item["embedding"] for item in golden]).max() < 2e-6


def test_a_file_of_weights_that_is_no_container_is_named(tmp_path):
    folder = shutil.copytree(LARGE, tmp_path / "pack")
    manifest = json.loads((folder / "pack.json").read_text())
    manifest["text"]["weights"][1] = "card.md"
    manifest["id"] = pack_id(manifest)
    (folder / "pack.json").write_text(json.dumps(manifest))
    with pytest.raises(PackError, match=r"card\.md"):
        Encoder(load_pack(folder)).encode_texts(["red"])


@pytest.mark.parametrize("weights", ["text.0000.bin", [3], ["missing.bin"], {"a": 1}])
def test_a_list_of_weights_that_is_none_is_refused(tmp_path, weights):
    folder = shutil.copytree(LARGE, tmp_path / "pack")
    manifest = json.loads((folder / "pack.json").read_text())
    manifest["text"]["weights"] = weights
    (folder / "pack.json").write_text(json.dumps(manifest))
    with pytest.raises(PackError, match=r"weights|missing\.bin"):
        load_pack(folder)
