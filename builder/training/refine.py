"""Last stage: both final linear layers, long, on the cached outputs of the tuned towers.

The upper blocks and the transformer are done; their outputs for every view and every string are computed
once, and thousands of large batches train the image head and the text tower's last layer on them.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from . import align, metrics
from .alignment_data import SHARES, Data
from .backbone import load_backbone
from .corpus import TEMPLATES
from .distil import Corpus, load, relational, save
from .export import load_image
from .imagemodel import FastUpper, ImageTower, class_loss, contrast
from .settings import Paths, device, seeded
from .textmodel import TextTower, pack_ids, tokenize
from .views import MAP
from .wordnet import imagenet_classes


@dataclass
class Refinement:
    """Sizes of the stage; `shares` are the sources' parts of a batch."""

    steps: int = 2000
    batch: int = 768
    tilted: int = 64
    corpus: int = 256
    rate: float = 1e-3
    text_rate: float = 3e-4
    captioned: float = 0.55


@torch.no_grad()
def tuned_features(data: Data, tower: ImageTower, rows: NDArray[np.int64]) -> Tensor:
    """Features [len(rows), 1280] of cached views from the tuned upper blocks."""
    upper = FastUpper(tower.backbone, MAP[1]).to(device())
    out = torch.empty(len(rows), 1280)
    for start in range(0, len(rows), 256):
        maps = torch.from_numpy(data.maps[rows[start : start + 256]]).to(device())
        with torch.autocast(device().type, torch.bfloat16):
            out[start : start + 256] = upper(maps.to(torch.bfloat16)).cpu()
    return out


@torch.no_grad()
def pooled(text: TextTower, rows: list[list[int]]) -> Tensor:
    """What the text tower's last layer gets, [n, 384]."""
    out = torch.empty(len(rows), text.core.head.in_features)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(order), 256):
        part = order[start : start + 256]
        ids, mask = pack_ids([rows[i] for i in part])
        with torch.autocast(device().type, torch.bfloat16):
            found = text.core.pooled(text.table(ids.to(device())), mask.to(device()))
        out[part] = found.float().cpu()
    return out


def run(
    paths: Paths, start_from: str, name: str, plan: Refinement, without: tuple[str, ...] = ()
) -> None:
    """Refine the run `start_from` and save it as `name`."""
    rng = seeded(3)
    place = device()
    data = Data(paths, without)
    corpus = Corpus(paths)
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    text = load(paths, f"{start_from}.text.pt").to(place).eval()
    tower = load_image(paths, start_from)
    rows = np.concatenate(list(data.pools.values()))
    features = tuned_features(data, tower, rows)
    at = {int(r): k for k, r in enumerate(rows)}
    classes = imagenet_classes()
    strings: dict[str, int] = {}

    def number(texts: list[str]) -> list[int]:
        return [strings.setdefault(t, len(strings)) for t in dict.fromkeys(texts)]

    choices = {int(r): number(data.all_texts(int(r))) for r in rows}
    for r in data.pools.get("labelled", np.array([], np.int64)):
        own = data.pictures[data.rows[int(r)][0]].tags
        choices[int(r)] += number([t.format(own[0]) for t in TEMPLATES]) + choices[int(r)][:1] * 3
    named = []
    for synset in classes:
        first = synset.lemmas[0]
        named.append(
            number([first]) * 4 + number([*synset.lemmas, *(t.format(first) for t in TEMPLATES)])
        )
    extra = rng.permutation(len(corpus.texts))[:30000]
    spoken = pooled(text, tokenize(tokenizer, list(strings), 40))
    anchors = pooled(text, tokenize(tokenizer, [corpus.texts[i] for i in extra], 40))
    goals = corpus.target(extra)
    print("refine: cached", len(features), "views", len(spoken), "texts", flush=True)
    net = load_backbone().to(place)
    head = tower.head.to(place).train()
    last = text.core.head
    scale = nn.Parameter(torch.tensor(3.45, device=place))
    groups = [
        {"params": list(head.linear.parameters()), "lr": plan.rate},
        {"params": [head.gain, head.sharp, scale], "lr": plan.rate, "weight_decay": 0},
        {"params": [head.classes], "lr": plan.rate / 5},
        {"params": list(last.parameters()), "lr": plan.text_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    rates = [float(g["lr"]) for g in groups]  # type: ignore[arg-type]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=plan.steps, pct_start=0.1
    )
    shares = {s: SHARES[s] for s in data.pools}
    if "captioned" in shares:
        shares["captioned"] = plan.captioned / (1 - plan.captioned) * (1 - SHARES["captioned"])
    parts = np.array(list(shares.values())) / sum(shares.values())
    simple = [n[0] for n in named]
    average = align.Average([head, last], 0.995)
    begin = time.time()
    for step in range(plan.steps):
        counts = rng.multinomial(plan.batch, parts)
        chosen = np.concatenate(
            [rng.choice(data.pools[s], c) for s, c in zip(shares, counts, strict=True)]
        )
        picked = [choices[int(r)][int(rng.integers(len(choices[int(r)])))] for r in chosen]
        own = features[[at[int(r)] for r in chosen]].to(place)
        wanted = torch.tensor(rng.integers(0, 1000, plan.tilted), device=place)
        before = torch.tensor(data.feats[chosen].astype(np.float32), device=place)
        tilt = metrics.tilted(net, before[torch.randperm(len(own))[: plan.tilted]], wanted, rng)
        picked += [named[int(c)][int(rng.integers(len(named[int(c)])))] for c in wanted]
        raw, _ = head.parts(torch.cat([own, tilt]))
        images = F.normalize(raw, dim=-1)
        words = F.normalize(last(spoken[picked].to(place)), dim=-1)
        take = torch.tensor(rng.integers(0, len(extra), plan.corpus))
        kept = F.normalize(last(anchors[take].to(place)), dim=-1)
        with torch.no_grad():
            names = F.normalize(last(spoken[simple].to(place)), dim=-1)
            posterior = net.fc(torch.cat([before, tilt])).softmax(-1)
        loss = contrast(images, words, scale.exp().clamp(max=60))
        loss = loss + 0.7 * class_loss(images, names, posterior, 0.05)
        loss = loss + 2 * (1 - (kept * goals[take].to(place)).sum(-1).mean())
        loss = loss + 0.5 * relational(kept, goals[take].to(place))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update()
        if step % 100 == 0:
            print(
                f"refine {step}/{plan.steps} loss {loss.item():.3f} gain {head.gain.item():.2f} "
                f"scale {scale.exp().item():.1f} {time.time() - begin:.0f} s",
                flush=True,
            )
    average.apply()
    save(text, paths, f"{name}.text.pt")
    tower.cpu().eval()
    torch.save(tower.state_dict(), paths.file(f"{name}.image.pt"))
    figures = align.report(paths, data, tower, text.cpu(), tokenizer)
    paths.file(f"{name}.json").write_text(json.dumps(figures, indent=1))
    print(name, json.dumps(figures, indent=1), flush=True)


def average(paths: Paths, first: str, second: str, name: str) -> None:
    """Save the mean of two runs' weights as `name`: it keeps what each of them does better."""
    for part in ("image", "text"):
        one = torch.load(paths.file(f"{first}.{part}.pt"), weights_only=True)
        two = torch.load(paths.file(f"{second}.{part}.pt"), weights_only=True)
        torch.save({k: (one[k] + two[k]) / 2 for k in one}, paths.file(f"{name}.{part}.pt"))
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    tower, text = load_image(paths, name), load(paths, f"{name}.text.pt").eval()
    figures = align.report(paths, Data(paths, ()), tower, text, tokenizer)
    paths.file(f"{name}.json").write_text(json.dumps(figures, indent=1))
