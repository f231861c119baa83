"""The built-in model from a checkpoint: its graphs with other weights, through the same gate.

A checkpoint is a state dictionary of `BuiltinModel`, a torch module that runs the graphs of the
built-in pack in float32, so that any architecture it has today or later is covered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image
from torch import nn
from torch.nn import functional

from imagedb_site.container import gunzip_if, read_container
from imagedb_site.encoders.preprocess import Preprocessing
from imagedb_site.encoders.text import TokenTable
from imagedb_site.encoders.tokenizer import TOKENIZER_LIMIT
from imagedb_site.encoders.torchrun import Graph
from imagedb_site.errors import PackError
from imagedb_site.openclip import parity, samples
from imagedb_site.openclip.graphs import TextPlan
from imagedb_site.openclip.quantize import GROUP, WeightPrecision
from imagedb_site.openclip.tokenizers import PackTokens
from imagedb_site.openclip.trace import Traced, compare, feeds, token_ids
from imagedb_site.packs import BUILTIN_FOLDER, ModelPack, load_pack
from imagedb_site.packs.writer import Vocabulary

HALF = 15000
"""Weights of at most this many values keep 16 bits: early layers, where rounding costs most."""


def as_trained(name: str, shape: tuple[int, ...]) -> WeightPrecision:
    """The precision on whose grid training leaves a weight of this shape, outputs first."""
    if np.prod(shape) <= HALF:
        return "fp16"
    return "int4" if len(shape) == 2 and shape[1] % GROUP == 0 else "int8"


class GraphModule(nn.Module):
    """An ONNX graph as a torch module, its float32 constants as parameters."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self.graph = Graph(model, "cpu")
        self.output = model.graph.output[0].name
        for name, value in self.graph.constants.items():
            if value.dtype == torch.float32:
                self.register_parameter(_key(name), nn.Parameter(value.clone()))

    def forward(self, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        own = {name: self._parameters.get(_key(name)) for name in self.graph.constants}
        constants = {name: value for name, value in own.items() if value is not None}
        return self.graph.run({**constants, **inputs}, self.output)

    def to_onnx(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """`model`, whose graph this is, without what its constants are computed by and with the
        weights as they are now."""
        out = onnx.ModelProto()
        out.CopyFrom(model)
        kept = [node for node in out.graph.node if not set(node.output) <= self.graph.folded]
        del out.graph.node[:], out.graph.initializer[:], out.graph.value_info[:]
        out.graph.node.extend(kept)
        for name, value in self.graph.constants.items():
            own = self._parameters.get(_key(name))
            array = (value if own is None else own.detach()).numpy()
            out.graph.initializer.append(numpy_helper.from_array(array, name))
        return out


def _key(name: str) -> str:
    """Dots separate modules in torch's state dictionaries."""
    return name.replace(".", "/")


class BuiltinModel(nn.Module):
    """Both towers and the token table of the built-in pack (or another one), in float32."""

    def __init__(self, pack: ModelPack | None = None) -> None:
        super().__init__()
        self.pack = pack or load_pack(BUILTIN_FOLDER)
        manifest = self.pack.manifest
        self.files = [
            onnx.load_model_from_string(self.pack.read(manifest[tower]["file"]))
            for tower in ("image", "text")
        ]
        self.image, self.core = (GraphModule(file) for file in self.files)
        table = TokenTable(self.pack)
        self.table = nn.Parameter(torch.from_numpy(table.look_up(range(table.rows))))

    def embed_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """Unit embeddings [n, dim] of prepared pictures [n, 3, height, width]."""
        name = self.pack.manifest["image"]["input"]
        with torch.no_grad():
            return functional.normalize(self.image({name: pixels}), dim=-1)

    def embed_ids(self, ids: list[list[int]]) -> torch.Tensor:
        """Unit embeddings [n, dim] of texts given as lists of the pack's ids."""
        plan, inputs = plan_of(self.pack), self.pack.manifest["text"]["inputs"]
        table = self.table.detach().numpy()
        with torch.no_grad():
            found = [
                self.core({inputs[key]: torch.from_numpy(value) for key, value in feed.items()})
                for feed in feeds(table, ids, plan)
            ]
            return functional.normalize(torch.cat(found), dim=-1)


def load_checkpoint(file: Path) -> BuiltinModel:
    """The built-in model with the weights of `file`: safetensors, or a pickle read with
    `weights_only`. Raises PackError when it holds something else."""
    model = BuiltinModel()
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(file)
        else:
            state = torch.load(file, weights_only=True, map_location="cpu")
        model.load_state_dict(state.get("state_dict", state))
    except Exception as error:  # pickle, safetensors and torch share no public base
        reason = " ".join(str(error).split())[:200] or "unreadable"
        raise PackError(
            f"{file} cannot be loaded as the built-in model: {reason}",
            "A checkpoint must be a state dictionary of this version's built-in model.",
        ) from error
    model.eval()
    return model


def trace_builtin(
    model: BuiltinModel, name: str, pictures: Sequence[Image.Image] | None = None
) -> Traced:
    """The model's graphs, compared with torch. Raises PackError if they differ."""
    pack = model.pack
    image, core = (
        module.to_onnx(file)
        for module, file in zip((model.image, model.core), model.files, strict=True)
    )
    given = pack.manifest["image"]["input"]
    _rename(image, {given: "pixels", image.graph.output[0].name: "embedding"})
    _rename(
        core,
        {value: key for key, value in pack.manifest["text"]["inputs"].items() if value}
        | {core.graph.output[0].name: "embedding"},
    )
    tokens, plan = tokens_of(pack), plan_of(pack)
    preprocessing = Preprocessing.from_json(pack.manifest["image"]["preprocessing"])
    shown, asked = list(pictures or samples.drawn_pictures()), samples.prompts()
    ids = token_ids(tokens, plan, asked)
    reference = parity.torch_reference(
        model.embed_pixels,
        model.embed_ids,
        lambda picture: torch.from_numpy(preprocessing.apply(picture)),
        shown,
        ids,
    )
    table = model.table.detach().numpy()
    return Traced(
        name=name,
        description="Built-in model with the weights of a checkpoint",
        origin=f"The architecture of {pack.id} with the weights of a checkpoint.",
        image=image,
        core=core,
        table=table,
        tokens=tokens,
        plan=plan,
        preprocessing=dict(pack.manifest["image"]["preprocessing"]),
        temperature=float(pack.manifest["calibration"]["temperature"]),
        pictures=shown,
        given_pictures=pictures is not None,
        prompts=asked,
        reference=reference,
        errors=compare(image, core, table, ids, plan, preprocessing, shown, reference),
    )


def plan_of(pack: ModelPack) -> TextPlan:
    """How the pack's text core is run."""
    text = pack.manifest["text"]
    return TextPlan(
        text["padding"],
        int(text["max_tokens"]),
        int(text.get("pad_id", 0)),
        uses_ids=bool(text["inputs"]["ids"]),
        uses_mask=bool(text["inputs"]["mask"]),
    )


def tokens_of(pack: ModelPack) -> PackTokens:
    """The pack's tokenizer, whose ids stay."""
    data = gunzip_if(pack.read(pack.manifest["tokenizer"]["file"]), TOKENIZER_LIMIT)
    compact: dict[str, Any] = json.loads(data)
    rows = int(pack.manifest["tokens"]["rows"])
    pad = int(pack.manifest["text"].get("pad_id", 0))
    return PackTokens(
        compact["tokenizer"], compact["vocab"], compact["kind"], list(range(rows)), -1, pad
    )


def vocabulary_of(model: BuiltinModel) -> Vocabulary | None:
    """The pack's ready-made words, embedded with the model's weights."""
    spec = model.pack.manifest.get("vocabulary")
    if spec is None:
        return None
    words = read_container(model.pack.read(spec["file"]), "vocabulary")[0]["words"]
    ids = token_ids(tokens_of(model.pack), plan_of(model.pack), words)
    embeddings: NDArray[np.float32] = model.embed_ids(ids).numpy()
    return Vocabulary(words, embeddings)


def _rename(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Give inputs and outputs the names that exported packs have."""
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
        for place, name in enumerate(node.output):
            node.output[place] = names.get(name, name)
    for item in [*model.graph.input, *model.graph.output]:
        item.name = names.get(item.name, item.name)
