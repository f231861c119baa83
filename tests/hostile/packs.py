"""Model packs that are damaged, lie or try to reach out. Their hashes are right: only the content counts."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

from corpora import damaged
from imagedb_site.container import canonical_json
from imagedb_site.packs.layout import encoder_hash, pack_id

TINY = Path(__file__).parents[1] / "golden" / "pack-tiny"

Change = Callable[[Path, dict[str, Any]], None]
"""Changes a copy of the small pack: its folder and its manifest, which is written afterwards."""


def write(folder: Path, change: Change, *, honest: bool = True) -> Path:
    """A changed copy of the small pack; `honest`: with the hashes and the id of what it now holds."""
    shutil.copytree(TINY, folder)
    manifest = json.loads((folder / "pack.json").read_bytes())
    change(folder, manifest)
    if honest:
        for name, entry in manifest["files"].items():
            data = (folder / name).read_bytes()
            entry.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        tower = (folder / "image.onnx").read_bytes()
        manifest["encoder_hash"] = encoder_hash(tower, manifest["image"])
        manifest["id"] = pack_id(manifest)
    (folder / "pack.json").write_bytes(canonical_json(manifest))
    return folder


def towers() -> Iterator[tuple[str, Change]]:
    """Graphs that read other files, never end, want all memory, or give something else than asked for."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, None)

    def saved(nodes: list[Any], initializers: list[Any] | None = None) -> Change:
        graph = helper.make_graph(nodes, "g", [pixels], [out], initializers or [])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        data = model.SerializeToString()
        return lambda folder, manifest: (folder / "image.onnx").write_bytes(data)

    def external(location: str) -> TensorProto:
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[16])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        return tensor

    for name, location in (("near", "card.md"), ("up", "../../secret"), ("root", "/etc/passwd")):
        node = helper.make_node("Identity", ["w"], ["embedding"])
        yield f"external-{name}", saved([node], [external(location)])
    hidden = helper.make_node("Constant", [], ["embedding"], value=external("card.md"))
    yield "external-constant", saved([hidden])

    def number(name: str, kind: int, value: object) -> TensorProto:
        return helper.make_tensor(name, kind, [], [value])

    inside = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["again"]),
            helper.make_node("Identity", ["v"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["most", "go", "pixels"], ["embedding"], body=inside)
    counts = [number("most", TensorProto.INT64, 2**62), number("go", TensorProto.BOOL, True)]
    yield "endless", saved([loop], counts)
    shape = helper.make_tensor("shape", TensorProto.INT64, [3], [1 << 20, 1 << 20, 1 << 12])
    yield "huge", saved([helper.make_node("ConstantOfShape", ["shape"], ["embedding"])], [shape])
    yield "wrong-shape", saved([helper.make_node("Identity", ["pixels"], ["embedding"])])
    yield "strings", saved([helper.make_node("Constant", [], ["embedding"], value_strings=["x"])])
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0])
    yield "not-finite", saved([helper.make_node("Div", ["pixels", "zero"], ["embedding"])], [zero])
    yield "own-operator", saved([helper.make_node("Run", ["pixels"], ["embedding"], domain="x")])
    yield "empty", lambda folder, manifest: (folder / "image.onnx").write_bytes(b"")


def tokenizers() -> Iterator[tuple[str, Change]]:
    """Tokenizers that are no JSON, too deep, much too large once unpacked, or full of odd tokens."""

    def content(make: Callable[[dict[str, Any]], object]) -> Change:
        def change(folder: Path, manifest: dict[str, Any]) -> None:
            file = folder / "tokenizer.json.gz"
            made = make(json.loads(gzip.decompress(file.read_bytes())))
            text = made if isinstance(made, bytes) else json.dumps(made).encode()
            file.write_bytes(gzip.compress(text, 1, mtime=0))

        return change

    yield "json", content(lambda value: b"{")
    yield "list", content(lambda value: [])
    yield "deep", content(lambda value: b'{"tokenizer": {"model": ' + b"[" * 200_000)
    yield "bomb", content(lambda value: bytes(129 << 20))
    yield "no-model", content(lambda value: {**value, "tokenizer": {"model": 7}})
    yield "vocab-number", content(lambda value: {**value, "vocab": 7})
    yield "vocab-twice", content(lambda value: {**value, "vocab": value["vocab"] * 2})
    yield "vocab-lists", content(lambda value: {**value, "vocab": [[token] for token in "abc"]})
    yield (
        "vocab-more",
        content(lambda value: {**value, "vocab": [*value["vocab"], *map(str, range(5000))]}),
    )
    names = ["constructor", "__proto__", "toString"]
    yield "inherited", content(lambda value: {**value, "vocab": names + value["vocab"][3:]})
    for backtracking in (r"(a+)+$", "(" * 5000):
        split = {"type": "Split", "pattern": {"Regex": backtracking}, "behavior": "Isolated"}
        yield (
            f"regex-{len(backtracking)}",
            content(
                lambda value, split={**split, "invert": False}: {
                    **value,
                    "tokenizer": {**value["tokenizer"], "pre_tokenizer": split},
                }
            ),
        )


KEYS = ("image", "text", "tokens", "tokenizer", "vocabulary", "calibration", "files", "licence")
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1,
        2**63,
        1e308,
        "",
        "x",
        "../../x",
        "/etc/passwd",
        "\0",
        "CON",
        "a" * 300,
    ),
    *([], [None], ["x"] * 3, {}, {"file": 3}, [[]]),
)
"""Values for a key that should have something else."""


def manifests(count: int, seed: int = 3) -> Iterator[tuple[str, Change]]:
    """`count` changes of one key of pack.json, at any depth."""
    chance = random.Random(seed)
    for number in range(count):
        key, odd = chance.choice(KEYS), chance.choice(ODD)

        def change(
            folder: Path,
            manifest: dict[str, Any],
            key: str = key,
            odd: Any = odd,
            seed: int = number,
        ) -> None:
            inner = random.Random(seed)
            holder, name = manifest, key
            while isinstance(holder.get(name), dict) and holder[name] and inner.random() < 0.8:
                holder = holder[name]
                name = inner.choice(list(holder))
            if inner.random() < 0.15:
                holder[str(odd)[:20]] = holder.pop(name)
            else:
                holder[name] = odd

        yield f"manifest-{number}-{key}", change


def files(count: int, seed: int = 4) -> Iterator[tuple[str, Change]]:
    """`count` damaged files under right hashes."""
    chance = random.Random(seed)
    names = sorted(json.loads((TINY / "pack.json").read_bytes())["files"])
    for number in range(count):
        name, inner = chance.choice(names), chance.random()

        def change(
            folder: Path, manifest: dict[str, Any], name: str = name, inner: float = inner
        ) -> None:
            file = folder / name
            data = file.read_bytes()
            packed = name.endswith(".gz")
            made = damaged(gzip.decompress(data) if packed else data, random.Random(inner))
            file.write_bytes(gzip.compress(made, mtime=0) if packed else made)

        yield f"file-{number}-{name}", change
