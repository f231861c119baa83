"""A trained run as a pack, by the exporter that every model goes through.

Training ends on the shipped grids (`snap.py`), so rounding finds the weights it is given.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from imagedb_site.openclip.builtin import as_trained
from imagedb_site.openclip.exporter import Options, assemble
from imagedb_site.openclip.graphs import TextPlan
from imagedb_site.openclip.tokenizers import PackTokens
from imagedb_site.openclip.trace import Towers, Traced, trace_towers
from imagedb_site.packs.writer import Vocabulary

from .backbone import load_backbone
from .distil import load
from .imagemodel import Head, ImageTower
from .preprocess import tensor
from .settings import DIM, MAX_TOKENS, PREPROCESSING, Paths
from .textmodel import embed, pack_ids

NAME = "builtin"
ROWS_PER_SHARD = 256


def load_image(paths: Paths, name: str) -> ImageTower:
    """A trained image tower."""
    state = torch.load(paths.file(f"{name}.image.pt"), weights_only=True)
    net = load_backbone()
    tower = ImageTower(net, Head(net.fc, torch.zeros(1000, DIM)))
    tower.load_state_dict(state)
    return tower.eval()


def towers(paths: Paths, name: str) -> Towers:
    """The towers of the run `name`."""
    image = load_image(paths, name)
    text = load(paths, f"{name}.text.pt").eval()
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    spec = json.loads(tokenizer.to_str())
    vocab = sorted(spec["model"]["vocab"], key=spec["model"]["vocab"].__getitem__)
    table = text.table.weight.detach().numpy()
    return Towers(
        name=NAME,
        description="Small general encoder for pictures and English words, trained for imagedb-site",
        origin="Trained by this project.",
        image=image,
        core=text.core,
        table=table,
        tokens=PackTokens(spec, vocab, "WordPiece", list(range(len(table))), -1, 0),
        plan=TextPlan("none", MAX_TOKENS, uses_mask=True),
        preprocessing=PREPROCESSING,
        temperature=0.05,
        prepare=lambda picture: torch.from_numpy(tensor(picture)),
        embed_pixels=image,
        embed_ids=lambda ids: text(*pack_ids(ids)),
    )


@lru_cache(maxsize=1)
def traced(paths: Paths, name: str) -> Traced:
    """Float graphs of both towers, which agree with torch."""
    return trace_towers(towers(paths, name))


def write(
    paths: Paths, name: str, folder: Path, licence: dict[str, Any], card: str,
    vocabulary: list[str], temperature: float,
) -> dict[str, Any]:  # fmt: skip
    """Write the pack of the run `name` into `folder`; returns its pack.json."""
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    words = embed(load(paths, f"{name}.text.pt"), tokenizer, vocabulary).numpy()
    options = Options(
        precision="int4",
        image_precision="int8",
        licence=licence,
        choose_text=as_trained,
        choose_image=as_trained,
        vocabulary=Vocabulary(vocabulary, words),
        rows_per_shard=ROWS_PER_SHARD,
        card=card,
    )
    found = replace(traced(paths, name), temperature=temperature)
    return dict(assemble(found, folder, options).manifest)
