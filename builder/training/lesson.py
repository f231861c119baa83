"""What the image tower learns from: views and words for them, the ensemble, and the losses."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from . import ensemble, metrics
from .alignment_data import Data
from .imagemodel import FastUpper, Head, class_loss, contrast
from .known import KnownTexts, Sampler
from .settings import DIM, Paths, device
from .textmodel import TextTower, embed
from .views import snapped_backbone

SHARES = {
    "captioned": 0.52, "photo": 0.12, "labelled": 0.09, "food": 0.02, "clothing": 0.02,
    "emoji": 0.13, "art": 0.02, "graphic": 0.01, "made": 0.07,
}  # fmt: skip
"""Fraction of each batch drawn from each source: drawings and photographs take many steps to remember."""
RIVALS = {"captioned": 768, "photo": 256, "emoji": 768, "labelled": 96}
"""Extra negative texts per step, by source."""


@dataclass(frozen=True)
class Weights:
    """How much each loss counts."""

    contrast: float = 1.0
    match: float = 4.0
    rank: float = 1.0
    named: float = 2.0
    sure: float = 0.3
    logits: float = 0.3


@dataclass(frozen=True)
class Plan:
    """Sizes and rates: first the head on the original features, then the upper blocks with it."""

    warm: int = 700
    warm_batch: int = 512
    steps: int = 2500
    batch: int = 256
    tilted: int = 128
    rate_warm: float = 1.5e-3
    rate_head: float = 5e-4
    rate_upper: float = 3e-4
    quick: float = 10.0
    """How many times faster than the head its gain and sharpness learn, which are single numbers."""
    drop_warm: float = 0.3
    drop: float = 0.25
    snapped: float = 0.7
    """The share of the steps after which weights are on the grid and averaged."""
    decay: float = 0.995
    emphasis: float = 1.2
    """What the gain is multiplied by in the end: names of classes for a little of the captions."""
    weights: Weights = field(default_factory=Weights)


def hidden(maps: Tensor) -> Tensor:
    """Maps with a random small rectangle blanked: what the student alone has to cope with."""
    n, _, height, _ = maps.shape
    size = torch.randint(0, height // 2 + 1, (n, 2, 1))
    low = (torch.rand(n, 2, 1) * (height - size + 1)).long()
    at = torch.arange(height)
    inside = (at >= low) & (at < low + size)
    gone = inside[:, 0, :, None] & inside[:, 1, None, :] & (torch.rand(n) < 0.5)[:, None, None]
    return maps.masked_fill(gone[:, None].to(maps.device), 0)


def spoken(paths: Paths, text: TextTower, sampler: Sampler, known: KnownTexts) -> Tensor:
    """The text tower's embeddings [texts, DIM] of all strings that `sampler` can draw."""
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    used = sorted({i for c in (*sampler.choices.values(), *sampler.named) for i in c})
    out = torch.zeros(len(known.texts), DIM)
    with torch.autocast(device().type, torch.bfloat16):
        out[used] = embed(text, tokenizer, [known.texts[i] for i in used])
    return out


def things(data: Data) -> NDArray[np.int64]:
    """A number for each view; views of one picture, or of one class folder, share it."""
    folders = sorted({p.label for p in data.pictures if p.source == "labelled"})
    number = {f: -2 - k for k, f in enumerate(folders)}
    out = []
    for index, recipe, _ in data.rows:
        if recipe >= 0:
            out.append(len(data.pictures) + recipe)
        else:
            picture = data.pictures[index]
            out.append(number[picture.label] if picture.source == "labelled" else index)
    return np.array(out)


class Lesson:
    """Batches and their losses, for both phases of the image tower."""

    def __init__(self, paths: Paths, data: Data, text: TextTower, plan: Plan) -> None:
        self.data, self.plan, self.place = data, plan, device()
        known = KnownTexts(paths, "text.target.npy")
        self.sampler = Sampler(data, known, SHARES["captioned"], repeat=3)
        self.sampler.mix(SHARES)
        self.table = spoken(paths, text, self.sampler, known).to(self.place)
        self.teacher = ensemble.load(paths).to(self.place)
        self.net = snapped_backbone().to(self.place)
        self.scale = nn.Parameter(torch.tensor(3.0, device=self.place))
        self.things = things(data)
        # The ensemble is best at captioned scenes; words teach the rest by themselves.
        scenes = data.pools.get("captioned", data.pools.get("photo"))
        self.taught = np.isin(np.arange(len(data.rows)), scenes)
        self.source = np.full(len(data.rows), -1)
        for number, source in enumerate(RIVALS):
            if source in data.pools:
                self.source[data.pools[source]] = number

    def classes(self) -> Tensor:
        """[1000, DIM]: the mean embedding of each ImageNet class's names."""
        named = self.sampler.named
        return torch.stack([F.normalize(self.table[r].mean(0), dim=0) for r in named])

    def rivals(self, rng: np.random.Generator) -> tuple[NDArray[np.int64], list[int]]:
        """Rows of random views, and a string for each: captions, and names of drawings and folders."""
        sampler = self.sampler
        pools = [
            (s, sampler.pools[s], n) for s, n in RIVALS.items() if len(sampler.pools.get(s, ()))
        ]
        rows = np.concatenate([rng.choice(pool, n) for _, pool, n in pools])
        texts = [sampler.pick(sampler.choices[r], rng) for r in rows.tolist()]
        start = 0
        for source, _, n in pools:
            if source == "emoji":
                texts[start : start + n] = [sampler.choices[r][0] for r in rows[start : start + n]]
            start += n
        return rows, texts

    def apart(
        self, rows: NDArray[np.int64], more: NDArray[np.int64], extra: int
    ) -> tuple[Tensor, Tensor]:
        """Which texts may be negatives: bool [size + extra, size + extra] and [size + extra, more]."""
        size = len(rows)
        inner = torch.ones(size + extra, size + extra, dtype=torch.bool)
        mine, theirs = self.things[rows], self.things[more]
        inner[:size, :size] = torch.from_numpy(mine[:, None] != mine[None])
        outer = torch.zeros(size + extra, len(more), dtype=torch.bool)
        alike = self.source[rows][:, None] == self.source[more][None]
        outer[:size] = torch.from_numpy(alike & (mine[:, None] != theirs[None]))
        return inner, outer

    def loss(
        self, head: Head, upper: FastUpper | None, size: int, rng: np.random.Generator
    ) -> tuple[Tensor, float]:
        """The loss of one batch and the cosine to the ensemble's targets."""
        plan, place, weights = self.plan, self.place, self.plan.weights
        rows, picked = self.sampler.draw(size, rng)
        before = torch.tensor(self.data.feats[rows].astype(np.float32), device=place)
        features = before
        if upper is not None:
            maps = hidden(torch.from_numpy(self.data.maps[rows]).to(place)).to(torch.bfloat16)
            with torch.autocast(place.type, torch.bfloat16):
                features = upper(maps)
        wanted = rng.integers(0, 1000, plan.tilted)
        base = before[torch.from_numpy(rng.permutation(size)[: plan.tilted]).to(place)]
        tilt = metrics.tilted(self.net, base, torch.tensor(wanted, device=place), rng)
        with torch.no_grad():
            posterior = self.net.fc(torch.cat([before, tilt])).softmax(-1)
        raw, logits = head.parts(torch.cat([features, tilt]))
        images = F.normalize(raw, dim=-1)
        words = self.table[picked + self.sampler.name(wanted, rng)]
        others, said = self.rivals(rng)
        more = self.table[said]
        inner, outer = self.apart(rows, others, plan.tilted)
        apart = torch.cat([inner, outer], 1).to(place)
        scale = self.scale.exp().clamp(max=60)
        total = weights.contrast * contrast(images, words, scale, apart, more)

        taught = torch.from_numpy(self.taught[rows]).to(place)
        mine, right = images[:size][taught], self.teacher.see(before[taught])
        cosine = (mine * right).sum(-1).mean()
        bank = torch.cat([words, more[: RIVALS["captioned"]]])
        goal = (right @ bank.T / 0.05).softmax(-1)
        ranks = F.kl_div((mine @ bank.T / 0.05).log_softmax(-1), goal, reduction="batchmean")
        total = total + weights.match * (1 - cosine) + weights.rank * ranks

        names = self.table[self.sampler.names]
        named = class_loss(images[size:], names, posterior[size:], 0.05)
        total = total + weights.named * named
        sure = posterior[:size].max(-1).values > 0.5
        if sure.any():
            seen = class_loss(images[:size][sure], names, posterior[:size][sure], 0.05)
            total = total + weights.sure * seen
        kept = F.kl_div(logits.log_softmax(-1), posterior, reduction="batchmean")
        return total + weights.logits * kept, cosine.item()
