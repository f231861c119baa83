"""Stage 1 of the text tower: learn the teacher's projected space from the corpus alone."""

from __future__ import annotations

import json
import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from .settings import Paths, device, seeded
from .textmodel import TextTower, from_teacher, pack_ids, tokenize

BATCH = 256
HEAVY = ("captioned", "captions", "things", "queries", "classes")


def relational(mine: Tensor, right: Tensor, temperature: float = 0.05) -> Tensor:
    """KL between the in-batch similarity distributions of student and teacher."""
    off = torch.eye(len(mine), device=mine.device) * 1e4
    goal = (right @ right.T / temperature - off).softmax(-1)
    return F.kl_div(
        (mine @ mine.T / temperature - off).log_softmax(-1), goal, reduction="batchmean"
    )


class Corpus:
    """Token ids and targets of all strings; typos point at the target of the right spelling."""

    def __init__(self, paths: Paths) -> None:
        raw = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
        self.texts: list[str] = raw["texts"] + [typo for typo, _ in raw["same"]]
        self.goal = np.concatenate([np.arange(len(raw["texts"])), [i for _, i in raw["same"]]])
        self.targets = np.load(paths.file("text.teacher.npy"))
        index = {t: i for i, t in enumerate(raw["texts"])}
        heavy = [index[t.strip()] for k in HEAVY for t in raw["kinds"][k] if t.strip() in index]
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


def run(paths: Paths, epochs: float = 1.3, rate: float = 5e-4, seconds: float = 1e9) -> None:
    """Train and save `text.distilled.pt` and `tokenizer.json`."""
    rng = seeded(1)
    tower, tokenizer = from_teacher(paths)
    tokenizer.save(str(paths.file("tokenizer.json")))
    corpus = Corpus(paths)
    rows = tokenize(tokenizer, corpus.texts)
    lengths = np.array([len(r) for r in rows])
    plan = [b for _ in range(int(np.ceil(epochs))) for b in batches(lengths, corpus.order, rng)]
    plan = plan[: int(len(corpus.order) / BATCH * epochs)]
    tower.to(device()).train()
    optimizer = torch.optim.AdamW(tower.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=len(plan), pct_start=0.05
    )
    start = time.time()
    running = 0.0
    for step, part in enumerate(plan):
        ids, mask = pack_ids([rows[i] for i in part])
        goal = corpus.target(part).to(device())
        with torch.autocast(device().type, torch.bfloat16):
            mine = tower(ids.to(device()), mask.to(device()))
        mine = mine.float()
        cosine = (mine * goal).sum(-1).mean()
        loss = 4 * (1 - cosine) + relational(mine, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        running = 0.98 * running + 0.02 * cosine.item()
        if step % 100 == 0:
            print(
                f"distil {step}/{len(plan)} cosine {running / (1 - 0.98 ** (step + 1)):.4f} "
                f"{time.time() - start:.0f} s",
                flush=True,
            )
        if time.time() - start > seconds:
            break
    save(tower, paths, "text.distilled.pt")


def save(tower: TextTower, paths: Paths, name: str) -> None:
    """Save the tower's weights on the CPU."""
    torch.save({k: v.cpu() for k, v in tower.state_dict().items()}, paths.file(name))


def load(paths: Paths, name: str) -> TextTower:
    """A saved tower."""
    state = torch.load(paths.file(name), weights_only=True)
    tower = TextTower(len(state["table.weight"]))
    tower.load_state_dict(state)
    return tower
