"""Both towers as ONNX graphs, and the pack folder."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from tokenizers import Tokenizer
from torch import nn

from .backbone import load_backbone
from .compress import compress
from .distil import load
from .imagemodel import Head, ImageTower
from .settings import DIM, MAX_TOKENS, PREPROCESSING, SIZE, Paths
from .textmodel import WIDTH, embed

OPSET = 17
NAME = "builtin"


def load_image(paths: Paths, name: str) -> ImageTower:
    """A trained image tower."""
    state = torch.load(paths.file(f"{name}.image.pt"), weights_only=True)
    net = load_backbone()
    tower = ImageTower(net, Head(net.fc, torch.zeros(1000, DIM)))
    tower.load_state_dict(state)
    return tower.eval()


def _onnx(
    module: nn.Module, example: tuple[Any, ...], names: list[str], axes: dict[str, dict[int, str]]
) -> onnx.ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        module.eval(), example, buffer, dynamo=False, opset_version=OPSET, input_names=names,
        output_names=["embedding"], dynamic_axes={**axes, "embedding": {0: "n"}},
    )  # fmt: skip
    model = onnx.load_model_from_string(buffer.getvalue())
    model.producer_name, model.producer_version = "imagedb-site", ""
    for node in model.graph.node:
        node.doc_string = ""
    return model


def image_graph(tower: ImageTower) -> onnx.ModelProto:
    """Float graph of the image tower, without the unused classifier of the original backbone."""
    return _onnx(tower, (torch.zeros(1, 3, SIZE, SIZE),), ["pixels"], {"pixels": {0: "n"}})


def text_graph(core: nn.Module) -> onnx.ModelProto:
    """Float graph of the text core."""
    both = {0: "n", 1: "tokens"}
    example = (torch.zeros(2, 5, WIDTH), torch.ones(2, 5, dtype=torch.long))
    return _onnx(core, example, ["embeddings", "mask"], {"embeddings": both, "mask": both})


def write(
    paths: Paths, name: str, folder: Path, licence: dict[str, Any], card: str,
    vocabulary: list[str], temperature: float,
) -> dict[str, Any]:  # fmt: skip
    """Write the pack of the run `name` into `folder`; returns its pack.json."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from imagedb_site.encoders import pack_writer

    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    text = load(paths, f"{name}.text.pt").eval()
    spec = json.loads(tokenizer.to_str())
    vocab = sorted(spec["model"]["vocab"], key=spec["model"]["vocab"].__getitem__)
    pack: dict[str, Any] = pack_writer.write_pack(
        folder,
        name=NAME,
        description="Small general encoder for pictures and English words, trained for imagedb-site",
        dim=DIM,
        image=pack_writer.ImageTower(
            compress(image_graph(load_image(paths, name))).SerializeToString(deterministic=True),
            PREPROCESSING,
        ),
        text=pack_writer.TextTower(
            compress(text_graph(text.core)).SerializeToString(deterministic=True),
            MAX_TOKENS,
            mask="mask",
        ),
        tokens=pack_writer.Tokens(
            text.table.weight.detach().numpy().astype(np.float32),
            spec,
            vocab,
            "WordPiece",
            "int8",
            256,
        ),
        temperature=temperature,
        licence=licence,
        card=card,
        vocabulary=pack_writer.Vocabulary(vocabulary, embed(text, tokenizer, vocabulary).numpy()),
    )
    return pack
