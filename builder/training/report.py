"""Figures of float towers on held-out captions, class folders and moved features."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from . import metrics
from .alignment_data import Data
from .backbone import load_backbone
from .settings import Paths
from .wordnet import imagenet_classes

Figures = dict[str, dict[str, float]]


@torch.no_grad()
def figures(
    data: Data,
    see: Callable[[list[int]], Tensor],
    hear: Callable[[list[str]], Tensor],
    head: Callable[[Tensor], Tensor],
    sources: tuple[str, ...] = ("captioned", "photo"),
) -> Figures:
    """`see` embeds views by row, `hear` strings, `head` original features [n, 1280]."""
    out: Figures = {}
    for source in sources:
        rows = data.clean(source, "val")
        texts = [t for i in rows for t in data.pictures[i].texts[:5]]
        owner = torch.tensor([k for k, i in enumerate(rows) for _ in data.pictures[i].texts[:5]])
        out[source] = metrics.recall(see(rows), hear(texts), owner)
    for name, splits in (("labelled_held", ("val",)), ("labelled_all", ("val", "train"))):
        rows = [i for s in splits for i in data.clean("labelled", s)]
        folders = sorted({data.pictures[i].label for i in rows})
        own = {data.pictures[i].label: data.pictures[i].tags[0] for i in rows}
        label = torch.tensor([folders.index(data.pictures[i].label) for i in rows])
        out[name] = metrics.class_precision(see(rows), hear([own[f] for f in folders]), label)
    rng = np.random.default_rng(7)
    base = torch.tensor(data.feats[data.clean("captioned", "val")].astype(np.float32))
    moved = metrics.tilted(load_backbone(), base, torch.arange(1000), rng)
    names = hear([s.lemmas[0] for s in imagenet_classes()])
    out["tilted_names"] = metrics.name_recall(head(moved), names)
    out["confident_names"] = confident(data, see, names)
    rows = data.clean("emoji", "train")
    names = hear([data.pictures[i].texts[0] for i in rows])
    out["emoji_seen"] = metrics.name_recall(see(rows), names)
    return out


def confident(
    data: Data, see: Callable[[list[int]], Tensor], names: Tensor, least: float = 0.4
) -> dict[str, float]:
    """Whether held-out photographs are found by the name of the class that the frozen backbone sees.

    Only those count in which it is surer than `least`; all held-out photographs are in the way, except
    sure ones of the same class.
    """
    rows = [i for s in ("captioned", "photo", "labelled") for i in data.clean(s, "val")]
    features = torch.tensor(data.feats[rows].astype(np.float32))
    peak = load_backbone().fc(features).softmax(-1).max(-1)
    sure = torch.nonzero(peak.values > least)[:, 0]
    own = peak.indices[sure]
    scores = names[own] @ see(rows).T
    mine = scores[torch.arange(len(sure)), sure]
    ahead = scores > mine[:, None]
    ahead[:, sure] &= own[:, None] != own[None]
    rank = ahead.sum(1)
    return {f"r{k}": float((rank < k).float().mean()) for k in (1, 5, 10)} | {"pictures": len(sure)}


def short(found: Figures) -> str:
    """The leading figures in one line."""
    parts = [
        f"{s} {found[s]['t2i_r1']:.3f} {found[s]['t2i_r10']:.3f}" for s in ("captioned", "photo")
    ]
    parts += [f"{s} {found[s]['precision_at_10']:.3f}" for s in ("labelled_held", "labelled_all")]
    parts += [
        f"{s} {found[s]['r10']:.3f}" for s in ("tilted_names", "confident_names", "emoji_seen")
    ]
    return ", ".join(parts)


def write(paths: Paths, name: str, found: Figures) -> None:
    """Print the figures and keep them as `<name>.json`."""
    paths.file(f"{name}.json").write_text(json.dumps(found, indent=1))
    print(f"{name}: {short(found)}", flush=True)
