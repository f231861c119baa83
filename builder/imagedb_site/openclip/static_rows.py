"""Fits the static rows of a pack: one vector per token, whose sum over a text points where the text tower's
embedding of the text points (docs/FORMAT.md 3.7).

The sum, not the mean, and by cosine alone: a row's length then says how much its token matters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from imagedb_site.container import gunzip_if
from imagedb_site.encoders.encoder import Encoder
from imagedb_site.encoders.tokenizer import TOKENIZER_LIMIT
from imagedb_site.openclip.sentences import calibration_texts
from imagedb_site.packs import ModelPack

_BATCH = 1024
_RATE = 0.02
_CHUNK = 256
_HELD = 20
"""One in this many texts is kept out of the fit; the agreement is measured on these."""

Ids = Sequence[Sequence[int]]
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class StaticRows:
    """`rows` float32 [tokens, dim]. `cosine`: to the text tower, on average over `texts` texts kept out."""

    rows: NDArray[np.float32]
    cosine: float
    texts: int


def fit_rows(
    ids: Ids, targets: NDArray[np.float32], tokens: int, *, epochs: int = 10, seed: int = 0
) -> NDArray[np.float32]:
    """Rows float32 [tokens, dim] whose sums over `ids` point like `targets`, float32 [texts, dim].

    The same on one machine each time. Rows of tokens that occur in no text are 0.
    """
    torch.manual_seed(seed)
    wanted = torch.from_numpy(np.asarray(targets, dtype=np.float32))
    start = torch.randn(tokens, wanted.shape[1]) * 0.01
    seen = torch.zeros(tokens, dtype=torch.bool)
    seen[sorted({token for text in ids for token in text})] = True
    rows = torch.nn.Parameter(start * seen[:, None])
    optimizer = torch.optim.Adam([rows], lr=_RATE, betas=(0.9, 0.99))
    batch = min(_BATCH, len(ids))
    steps, step = epochs * (len(ids) // batch), 0
    for epoch in range(epochs):
        order = np.random.RandomState(epoch).permutation(len(ids))
        for at in range(0, len(ids) - batch + 1, batch):
            some = order[at : at + batch]
            found = functional.normalize(_sums(rows, [ids[i] for i in some]), dim=1)
            loss = (1 - (found * wanted[some]).sum(1)).mean()
            for group in optimizer.param_groups:
                group["lr"] = _RATE * (1 - step / steps)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    fitted: NDArray[np.float32] = rows.detach().numpy()
    return fitted


def fit_pack(pack: ModelPack, texts: Sequence[str], report: Report) -> StaticRows:
    """Fit rows to what a pack's text tower says of texts. `report` gets how many of how many are embedded."""
    encoder = Encoder(pack)
    parts = []
    for at in range(0, len(texts), _CHUNK):
        parts.append(encoder.encode_texts(texts[at : at + _CHUNK]))
        report(min(at + _CHUNK, len(texts)), len(texts))
    targets = np.concatenate(parts)
    ids = known_ids(encoder, texts)
    held = np.arange(len(texts)) % _HELD == _HELD - 1
    kept = [one for one, out in zip(ids, held, strict=True) if not out]
    rows = fit_rows(kept, targets[~held], int(pack.manifest["tokens"]["rows"]))
    with torch.no_grad():
        others = [one for one, out in zip(ids, held, strict=True) if out]
        found = functional.normalize(_sums(torch.from_numpy(rows), others), dim=1).numpy()
    cosine = float((found * targets[held]).sum(axis=1).mean())
    return StaticRows(rows, cosine, int(held.sum()))


def known_ids(encoder: Encoder, texts: Sequence[str]) -> list[list[int]]:
    """The token ids of each text, without those that every text has."""
    tokenizer = encoder.text.tokenizer
    bare = set(tokenizer.encode(""))
    return [[i for i in tokenizer.encode_known(text) or () if i not in bare] for text in texts]


def texts_for(pack: ModelPack, count: int) -> list[str]:
    """`count` texts to fit rows to: half of them frequent words of the tokenizer, the others put together."""
    data = gunzip_if(pack.read(pack.manifest["tokenizer"]["file"]), TOKENIZER_LIMIT)
    vocab = [one if isinstance(one, str) else one[0] for one in json.loads(data)["vocab"]]
    bare = (token.removesuffix("</w>").strip("▁Ġ") for token in vocab)
    words = list(dict.fromkeys(word for word in bare if word.isalpha()))[: count // 2]
    return [*words, *calibration_texts(count - len(words))]


def _sums(rows: torch.Tensor, ids: Ids) -> torch.Tensor:
    """float32 [texts, dim]; zeros for a text without tokens."""
    flat = torch.tensor([token for text in ids for token in text], dtype=torch.long)
    starts = np.cumsum([0, *(len(text) for text in ids[:-1])])
    return functional.embedding_bag(flat, rows, torch.from_numpy(starts), mode="sum")
