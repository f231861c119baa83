"""The text tower: a narrow token table and a four-layer transformer core, cut out of the teacher."""

from __future__ import annotations

import copy
import json
from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from .settings import DIM, MAX_TOKENS, Paths
from .teacher import load

WIDTH = 256
HIDDEN = 384
HEADS = 12
INNER = 768
LAYERS = (0, 2, 4, 5)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


class Layer(nn.Module):
    """A post-norm transformer layer as in BERT."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.out = nn.Linear(HIDDEN, HIDDEN)
        self.norm1 = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.up = nn.Linear(HIDDEN, INNER)
        self.down = nn.Linear(INNER, HIDDEN)
        self.norm2 = nn.LayerNorm(HIDDEN, eps=1e-12)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        n, t = x.shape[0], x.shape[1]
        q, k, v = self.qkv(x).view(n, t, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) * (HIDDEN // HEADS) ** -0.5 + bias
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, HIDDEN)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class TextCore(nn.Module):
    """Rows of the token table [n, t, WIDTH] and mask int64 [n, t] -> unit embeddings [n, DIM]."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Linear(WIDTH, HIDDEN)
        self.position = nn.Parameter(torch.zeros(MAX_TOKENS, HIDDEN))
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.layers = nn.ModuleList([Layer() for _ in LAYERS])
        self.head = nn.Linear(HIDDEN, DIM)

    def forward(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        out = self.head(self.pooled(embeddings, mask))
        return out / (out * out).sum(-1, keepdim=True).sqrt()

    def pooled(self, embeddings: Tensor, mask: Tensor) -> Tensor:
        """The mean of the last layer's states over the tokens, [n, HIDDEN]."""
        weight = mask.to(embeddings.dtype)
        x = self.norm(self.widen(embeddings) + self.position[: embeddings.shape[1]])
        bias = (weight[:, None, None, :] - 1) * 1e4
        for layer in self.layers:
            x = layer(x, bias)
        return (x * weight[..., None]).sum(1) / weight.sum(1, keepdim=True)


class TextTower(nn.Module):
    """Token table and core."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.table = nn.Embedding(rows, WIDTH)
        self.core = TextCore()

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = self.core(self.table(ids), mask)
        return out


def make_tokenizer(paths: Paths) -> tuple[Tokenizer, NDArray[np.int64], NDArray[np.int64]]:
    """The teacher's WordPiece renumbered by falling frequency in the corpus; special tokens first.

    Returns it with the teacher's id of every new id, and the counts. Unused tokens are dropped.
    """
    tokenizer = load()[1]
    corpus = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
    kinds = corpus["kinds"]
    counts: Counter[int] = Counter()
    for kind, repeat in (
        ("captioned", 1),
        ("captions", 2),
        ("things", 8),
        ("phrases", 1),
        ("lemmas", 1),
    ):
        for encoding in tokenizer.encode_batch(kinds[kind]):
            for token in encoding.ids:
                counts[token] += repeat
    old = tokenizer.get_vocab()
    words = [w for w in old if w not in SPECIAL and not w.startswith("[unused")]
    words.sort(key=lambda w: (-counts[old[w]], old[w]))
    ordered = [*SPECIAL, *words]
    spec = json.loads(tokenizer.to_str())
    spec["model"]["vocab"] = {w: i for i, w in enumerate(ordered)}
    spec["padding"] = None
    spec["truncation"] = None
    for entry in spec["added_tokens"]:
        entry["id"] = spec["model"]["vocab"][entry["content"]]
    spec["added_tokens"].sort(key=lambda e: e["id"])
    post = spec["post_processor"]
    if post["type"] == "TemplateProcessing":
        for name, entry in post["special_tokens"].items():
            entry["ids"] = [spec["model"]["vocab"][name]]
    else:
        for key in ("sep", "cls"):
            post[key][1] = spec["model"]["vocab"][post[key][0]]
    renumbered = Tokenizer.from_str(json.dumps(spec))
    teacher_ids = np.array([old[w] for w in ordered])
    return renumbered, teacher_ids, np.array([counts[i] for i in teacher_ids])


def _important(layer: nn.Module, keep: int) -> Tensor:
    up, down = layer.intermediate.dense.weight, layer.output.dense.weight
    score = up.norm(dim=1) * down.norm(dim=0)
    return score.topk(keep).indices.sort().values


@torch.no_grad()
def from_teacher(paths: Paths) -> tuple[TextTower, Tokenizer]:
    """A tower whose layers start as LAYERS of the teacher with the strongest half of each FFN.

    The table starts as the frequency-weighted principal components of the teacher's.
    """
    bert = load()[0]
    tokenizer, teacher_ids, counts = make_tokenizer(paths)
    words = bert.embeddings.word_embeddings.weight[torch.tensor(teacher_ids)].double()
    weight = torch.tensor(counts + 0.3, dtype=torch.float64).pow(0.5)[:, None]
    mean = (words * weight).sum(0) / weight.sum()
    centred = words - mean
    _, vectors = torch.linalg.eigh((centred * weight).T @ centred)
    axes = vectors.flip(1)[:, :WIDTH]
    tower = TextTower(len(teacher_ids))
    core = tower.core
    small = centred @ axes
    unit = small.std()
    tower.table.weight.copy_(small / unit)
    core.widen.weight.copy_(axes * unit)
    core.widen.bias.copy_(mean + bert.embeddings.token_type_embeddings.weight[0])
    core.position.copy_(bert.embeddings.position_embeddings.weight[:MAX_TOKENS])
    core.norm.load_state_dict(copy.deepcopy(bert.embeddings.LayerNorm.state_dict()))
    for mine, number in zip(core.layers, LAYERS, strict=True):
        theirs = bert.encoder.layer[number]
        attention = theirs.attention.self
        parts = (attention.query, attention.key, attention.value)
        mine.qkv.weight.copy_(torch.cat([p.weight for p in parts]))
        mine.qkv.bias.copy_(torch.cat([p.bias for p in parts]))
        mine.out.load_state_dict(theirs.attention.output.dense.state_dict())
        mine.norm1.load_state_dict(theirs.attention.output.LayerNorm.state_dict())
        kept = _important(theirs, INNER)
        mine.up.weight.copy_(theirs.intermediate.dense.weight[kept])
        mine.up.bias.copy_(theirs.intermediate.dense.bias[kept])
        mine.down.weight.copy_(theirs.output.dense.weight[:, kept])
        mine.down.bias.copy_(theirs.output.dense.bias)
        mine.norm2.load_state_dict(theirs.output.LayerNorm.state_dict())
    # The head starts as the best linear map from the teacher's sentences to the targets.
    sentences = torch.from_numpy(np.load(paths.file("text.minilm.npy"))).float()
    goals = torch.from_numpy(np.load(paths.file("text.target.npy"))).float()
    moment = sentences.T @ sentences + 1e-3 * len(sentences) * torch.eye(HIDDEN)
    core.head.weight.copy_(torch.linalg.solve(moment, sentences.T @ goals).T)
    core.head.bias.zero_()
    return tower, tokenizer


def pack_ids(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Pad token id lists with 0: ids and mask, int64 [n, longest]."""
    longest = max(len(r) for r in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    for k, row in enumerate(rows):
        ids[k, : len(row)] = torch.tensor(row)
    mask = (torch.arange(longest)[None] < torch.tensor([len(r) for r in rows])[:, None]).long()
    return ids, mask


def speak(tower: TextTower, rows: list[list[int]], chunks: int = 4) -> Tensor:
    """Embeddings [n, DIM] of token id lists, run in chunks of like length to waste less padding."""
    order = np.argsort([len(r) for r in rows], kind="stable")
    place = tower.table.weight.device
    parts = []
    for chunk in np.array_split(order, chunks):
        ids, mask = pack_ids([rows[i] for i in chunk])
        with torch.autocast(place.type, torch.bfloat16):
            parts.append(tower(ids.to(place), mask.to(place)).float())
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return torch.cat(parts)[torch.from_numpy(back).to(place)]


def tokenize(tokenizer: Tokenizer, texts: list[str], limit: int = MAX_TOKENS) -> list[list[int]]:
    """Ids of each text; long ones keep their first tokens and the last special token."""
    rows = [e.ids for e in tokenizer.encode_batch(texts)]
    return [r if len(r) <= limit else [*r[: limit - 1], r[-1]] for r in rows]


@torch.no_grad()
def embed(tower: TextTower, tokenizer: Tokenizer, texts: list[str], batch: int = 256) -> Tensor:
    """Unit embeddings [n, DIM] of texts, in evaluation mode, float32."""
    tower.eval()
    rows = tokenize(tokenizer, texts)
    place = tower.table.weight.device
    out = torch.empty(len(rows), DIM)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        ids, mask = pack_ids([rows[i] for i in part])
        out[part] = tower(ids.to(place), mask.to(place)).float().cpu()
    return out
