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
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from torch import nn

from . import datasets
from .backbone import load_backbone
from .compress import compress, moments
from .distil import load
from .imagemodel import Head, ImageTower
from .preprocess import tensor
from .settings import DIM, MAX_TOKENS, PREPROCESSING, SIZE, Paths
from .synth import flat
from .textmodel import WIDTH, TextTower, embed

OPSET = 17
NAME = "builtin"
HALF = 15000
"""Image weights of at most so many values keep 16 bits: early layers, where rounding costs most."""


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


def sample_pixels(paths: Paths, count: int = 192) -> list[dict[str, NDArray[np.float32]]]:
    """Training pictures of all sources as inputs of the image tower, 16 at a time."""
    every = [p for p in datasets.all_pictures(paths.data, paths.work) if p.split == "train"]
    chosen = [every[i] for i in np.linspace(0, len(every) - 1, count).astype(int)]
    pixels = np.stack([tensor(flat(Image.open(p.path))) for p in chosen])
    return [{"pixels": pixels[i : i + 16]} for i in range(0, count, 16)]


def small_image(paths: Paths, tower: ImageTower) -> onnx.ModelProto:
    """The shipped image tower: int8 weights, float16 for small ones, 4-bit classifier."""
    model = image_graph(tower)
    shape = tuple(tower.head.fc.weight.shape)
    four = {i.name for i in model.graph.initializer if tuple(i.dims) in (shape, shape[::-1])}
    return compress(model, moments(model, sample_pixels(paths)), four, HALF)


def small_text(text: TextTower) -> onnx.ModelProto:
    """The shipped text core: int8 weights."""
    return compress(text_graph(text.core), {})


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
            small_image(paths, load_image(paths, name)).SerializeToString(deterministic=True),
            PREPROCESSING,
        ),
        text=pack_writer.TextTower(
            small_text(text).SerializeToString(deterministic=True),
            MAX_TOKENS,
            mask="mask",
        ),
        tokens=pack_writer.Tokens(
            text.table.weight.detach().numpy().astype(np.float32),
            spec,
            vocab,
            "WordPiece",
            "int8",
            128,
        ),
        temperature=temperature,
        licence=licence,
        card=card,
        vocabulary=pack_writer.Vocabulary(vocabulary, embed(text, tokenizer, vocabulary).numpy()),
    )
    return pack
