"""The text tower learns the ensemble's text embeddings, and how they rank pictures."""

from __future__ import annotations

import json
import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from . import ensemble, snap
from .alignment_data import Data
from .settings import Paths, device, seeded
from .textmodel import TextTower, from_teacher, pack_ids, tokenize

BATCH = 256
STEPS = 2000
RATE = 6e-4
SNAPPED = 0.45
"""The share of the steps after which weights are on the shipped grid."""
BANK = 2048
HEAVY = {"captioned": 2, "captions": 1, "things": 1, "templates": 1, "classes": 1, "fragments": 1}
"""How many times more than once an epoch strings of a kind come."""


def relational(mine: Tensor, right: Tensor, temperature: float = 0.05) -> Tensor:
    """KL between the in-batch similarity distributions of student and teacher."""
    off = torch.eye(len(mine), device=mine.device) * 1e4
    goal = (right @ right.T / temperature - off).softmax(-1)
    return F.kl_div(
        (mine @ mine.T / temperature - off).log_softmax(-1), goal, reduction="batchmean"
    )


def ranking(mine: Tensor, right: Tensor, bank: Tensor, temperature: float = 0.05) -> Tensor:
    """KL between student's and teacher's distribution over a bank of picture embeddings."""
    goal = (right @ bank.T / temperature).softmax(-1)
    return F.kl_div((mine @ bank.T / temperature).log_softmax(-1), goal, reduction="batchmean")


class Corpus:
    """Token ids and targets of all strings; typos point at the target of the right spelling."""

    def __init__(self, paths: Paths) -> None:
        raw = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
        self.texts: list[str] = raw["texts"] + [typo for typo, _ in raw["same"]]
        self.goal = np.concatenate([np.arange(len(raw["texts"])), [i for _, i in raw["same"]]])
        self.targets = np.load(paths.file("text.target.npy"))
        index = {t: i for i, t in enumerate(raw["texts"])}
        heavy = [
            index[t.strip()]
            for kind, more in HEAVY.items()
            for t in raw["kinds"][kind] * more
            if t.strip() in index
        ]
        self.order = np.concatenate([np.arange(len(self.texts)), heavy])

    def target(self, rows: NDArray[np.int64]) -> Tensor:
        """Unit targets float32 of strings by number."""
        return torch.tensor(self.targets[self.goal[rows]].astype(np.float32))


def batches(
    lengths: NDArray[np.int64], order: NDArray[np.int64], rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Shuffled batches of strings of like length."""
    shuffled = rng.permutation(order)
    pools = np.array_split(shuffled, max(1, len(shuffled) // (BATCH * 40)))
    cut = []
    for pool in pools:
        ranked = pool[np.argsort(lengths[pool], kind="stable")]
        cut += [ranked[i : i + BATCH] for i in range(0, len(ranked) - BATCH + 1, BATCH)]
    return [cut[i] for i in rng.permutation(len(cut))]


def bank(paths: Paths, without: tuple[str, ...]) -> Tensor:
    """[BANK, DIM]: the ensemble's embeddings of unaltered training pictures."""
    data = Data(paths, without)
    every = [r for s in ("captioned", "photo", "labelled") for r in data.clean(s, "train")]
    every = [r for r in every if data.pictures[r].source not in without]
    rows = np.sort(np.random.default_rng(6).choice(every, min(BANK, len(every)), replace=False))
    features = torch.tensor(data.feats[rows].astype(np.float32))
    return ensemble.load(paths).see(features)


def run(paths: Paths, name: str, without: tuple[str, ...], steps: int = STEPS) -> None:
    """Train and save `<name>.text.pt`, its weights on the grid, and `tokenizer.json`."""
    rng = seeded(1)
    tower, tokenizer = from_teacher(paths)
    tokenizer.save(str(paths.file("tokenizer.json")))
    corpus = Corpus(paths)
    rows = tokenize(tokenizer, corpus.texts)
    lengths = np.array([len(r) for r in rows])
    plan: list[NDArray[np.int64]] = []
    while len(plan) < steps:
        plan += batches(lengths, corpus.order, rng)
    pictures = bank(paths, without).to(device())
    tower.to(device()).train()
    optimizer = torch.optim.AdamW(tower.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.06
    )
    start = time.time()
    running = 0.0
    for step, part in enumerate(plan[:steps]):
        if step == int(steps * SNAPPED):
            snap.attach(tower.core)
        ids, mask = pack_ids([rows[i] for i in part])
        goal = corpus.target(part).to(device())
        with torch.autocast(device().type, torch.bfloat16):
            mine = tower(ids.to(device()), mask.to(device()))
        mine = mine.float()
        cosine = (mine * goal).sum(-1).mean()
        loss = 4 * (1 - cosine) + relational(mine, goal) + ranking(mine, goal, pictures)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        running = 0.98 * running + 0.02 * cosine.item()
        if step % 50 == 0:
            print(
                f"distil {step}/{steps} cosine {running / (1 - 0.98 ** (step + 1)):.4f} "
                f"{time.time() - start:.0f} s",
                flush=True,
            )
    torch.save(snap.latent(tower), paths.file(f"{name}.latent.text.pt"))
    snap.settle(tower.core)
    with torch.no_grad():
        tower.table.weight.copy_(snap.int8(tower.table.weight))
    save(tower, paths, f"{name}.text.pt")


def save(tower: TextTower, paths: Paths, name: str) -> None:
    """Save the tower's weights on the CPU."""
    torch.save({k: v.cpu() for k, v in tower.state_dict().items()}, paths.file(name))


def load(paths: Paths, name: str) -> TextTower:
    """A saved tower."""
    state = torch.load(paths.file(name), weights_only=True)
    tower = TextTower(len(state["table.weight"]))
    tower.load_state_dict(state)
    return tower
