"""Retrieval figures on the held-out parts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .backbone import Backbone


def recall(images: Tensor, texts: Tensor, owner: Tensor) -> dict[str, float]:
    """R@1/5/10 both ways and median rank; text i belongs to image owner[i]."""
    scores = texts @ images.T
    rank = (scores > scores.gather(1, owner[:, None])).sum(1)
    out = {f"t2i_r{k}": float((rank < k).float().mean()) for k in (1, 5, 10)}
    back = scores.T
    mine = owner[None] == torch.arange(len(images))[:, None]
    best = back.masked_fill(~mine, -9).max(1).values
    rank_back = ((back > best[:, None]) & ~mine).sum(1)
    out |= {f"i2t_r{k}": float((rank_back < k).float().mean()) for k in (1, 5, 10)}
    out["median_rank"] = float(rank.float().median()) + 1
    return out


def class_precision(images: Tensor, names: Tensor, label: Tensor) -> dict[str, float]:
    """Mean precision at 10 of every class name over the pictures, and zero-shot top-1."""
    scores = images @ names.T
    top = scores.topk(10, dim=0).indices
    hit = label[top] == torch.arange(len(names))[None]
    return {
        "precision_at_10": float(hit.float().mean()),
        "top1": float((scores.argmax(1) == label).float().mean()),
    }


def tilted(net: Backbone, features: Tensor, classes: Tensor, rng: np.random.Generator) -> Tensor:
    """Features of photographs [n, 1280] moved until the classifier sees class `classes` in them.

    A stand-in for photographs of classes that no picture here shows: the logit of the class is raised
    above the leading ones by a margin drawn from N(2, 2), along the class's weight less those of the
    leaders, in a few steps because features stay within 0 … 6.
    """
    with torch.no_grad():
        weight = net.fc.weight
        margin = torch.tensor(rng.normal(2, 2, len(features)), dtype=torch.float32)
        margin = margin.to(features.device)
        moved = features
        for _ in range(3):
            lead = net.fc(moved).scatter(1, classes[:, None], -99).topk(5, -1)
            toward = weight[classes] - weight[lead.indices].mean(1)
            short = lead.values[:, 0] + margin - net.fc(moved).gather(1, classes[:, None])[:, 0]
            step = short.clamp(min=0) / (toward * toward).sum(-1)
            moved = (moved + step[:, None] * toward).clamp(0, 6)
        return moved


def name_recall(images: Tensor, names: Tensor) -> dict[str, float]:
    """R@1/5/10 of name i finding image i."""
    scores = names @ images.T
    rank = (scores > scores.diag()[:, None]).sum(1)
    return {f"r{k}": float((rank < k).float().mean()) for k in (1, 5, 10)}
