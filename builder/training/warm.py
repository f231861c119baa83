"""Warm start of the image head on fixed targets: original features against the teacher's texts.

Both sides are cached, so a thousand steps take a minute or two; the joint training that follows is a
hundred times dearer a step.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from torch.nn import functional as F

from . import metrics
from .alignment_data import Data
from .backbone import Backbone
from .imagemodel import Head, class_loss, contrast
from .settings import Paths, device
from .wordnet import Synset

BATCH = 512
TILTED = 64


class KnownTexts:
    """The teacher's embeddings by string."""

    def __init__(self, paths: Paths) -> None:
        raw = json.loads(paths.file("corpus.json").read_text(encoding="utf-8"))
        self.index = {t: i for i, t in enumerate(raw["texts"])}
        self.targets = np.load(paths.file("text.teacher.npy"))

    def rows(self, texts: list[str]) -> list[int]:
        """Numbers of those strings that are known."""
        return [self.index[t.strip()] for t in texts if t.strip() in self.index]

    def get(self, rows: list[int]) -> torch.Tensor:
        """Unit embeddings float32 of strings by number."""
        return torch.tensor(self.targets[rows].astype(np.float32), device=device())


def run(
    paths: Paths, data: Data, head: Head, net: Backbone, classes: list[Synset], steps: int,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Train `head` in place for `steps` steps."""
    known = KnownTexts(paths)
    choices: dict[int, list[int]] = {}
    for pool in data.pools.values():
        for row in pool:
            found = known.rows(data.all_texts(int(row)))
            if found:
                choices[int(row)] = found
    pools = {s: np.array([r for r in p if int(r) in choices]) for s, p in data.pools.items()}
    pools = {s: p for s, p in pools.items() if len(p)}
    total = sum(data.shares[s] for s in pools)
    parts = [data.shares[s] / total for s in pools]
    class_rows = [known.rows([c.lemmas[0], *c.lemmas]) for c in classes]
    simple = known.get([r[0] for r in class_rows])
    scale = torch.nn.Parameter(torch.tensor(2.9, device=device()))
    bare = [head.gain, head.sharp, scale]
    groups = [
        {"params": list(head.linear.parameters()), "lr": 1.5e-3},
        {"params": bare, "lr": 3e-3, "weight_decay": 0},
        {"params": [head.classes], "lr": 1e-4},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [1.5e-3, 3e-3, 1e-4], total_steps=steps, pct_start=0.1
    )
    head.train()
    for step in range(steps):
        counts = rng.multinomial(BATCH, parts)
        rows = np.concatenate(
            [rng.choice(p, c) for p, c in zip(pools.values(), counts, strict=True)]
        )
        picked = [choices[int(r)][int(rng.integers(len(choices[int(r)])))] for r in rows]
        features = torch.tensor(data.feats[rows].astype(np.float32), device=device())
        wanted = torch.tensor(rng.integers(0, 1000, TILTED), device=device())
        base = features[torch.randperm(len(features))[:TILTED]]
        tilt = metrics.tilted(net, base, wanted, rng)
        named = [class_rows[int(c)] for c in wanted]
        picked += [options[int(rng.integers(len(options)))] for options in named]
        every = torch.cat([features, tilt])
        raw, logits = head.parts(every)
        images = F.normalize(raw, dim=-1)
        with torch.no_grad():
            posterior = net.fc(every).softmax(-1)
        loss = contrast(images, known.get(picked), scale.exp().clamp(max=60))
        loss = loss + class_loss(images, simple, posterior, 0.05)
        loss = loss + 0.3 * F.kl_div(logits.log_softmax(-1), posterior, reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(
                f"warm {step}/{steps} loss {loss.item():.3f} gain {head.gain.item():.2f}",
                flush=True,
            )
