"""The image tower: its upper blocks and head learn from words and from the ensemble.

Targets are the ensemble's embeddings of scenes, its rankings of the finished text tower's strings, and the
words of every view themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from . import ensemble, metrics, report, snap
from .alignment_data import Data
from .averages import Average
from .distil import load
from .imagemodel import FastUpper, Head, ImageTower, class_loss, contrast
from .known import KnownTexts, Sampler
from .settings import CUT, DIM, Paths, device, seeded
from .textmodel import TextTower, embed
from .views import MAP, snapped_backbone


@dataclass(frozen=True)
class Plan:
    """Sizes and rates: first the head on the original features, then the upper blocks with it."""

    warm: int = 700
    warm_batch: int = 512
    steps: int = 400
    batch: int = 256
    tilted: int = 64
    captioned: float = 0.62
    rate_warm: float = 1.5e-3
    rate_head: float = 5e-4
    rate_upper: float = 3e-4
    snapped: float = 0.6
    contrast: float = 1.0
    match: float = 4.0
    rank: float = 1.0
    polish: int = 470
    """Last steps, on the grid, with more of what has names: folders, drawings, moved features."""


def hidden(maps: Tensor) -> Tensor:
    """Maps with a random small rectangle blanked: what the student alone has to cope with."""
    n, _, height, _ = maps.shape
    size = torch.randint(0, height // 2 + 1, (n, 2, 1))
    low = (torch.rand(n, 2, 1) * (height - size + 1)).long()
    at = torch.arange(height)
    inside = (at >= low) & (at < low + size)
    gone = inside[:, 0, :, None] & inside[:, 1, None, :] & (torch.rand(n) < 0.5)[:, None, None]
    return maps.masked_fill(gone[:, None].to(maps.device), 0)


@torch.no_grad()
def vectors(data: Data, tower: ImageTower, rows: list[int]) -> Tensor:
    """Embeddings of cached views."""
    tower.eval()
    out = []
    for i in range(0, len(rows), 256):
        maps = torch.from_numpy(data.maps[rows[i : i + 256]].astype(np.float32))
        out.append(tower.head(tower.backbone.upper(maps, CUT)))
    return torch.cat(out)


def measure(
    paths: Paths, data: Data, tower: ImageTower, text: TextTower, name: str
) -> report.Figures:
    """Print and keep the figures of a pair of towers."""
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    found = report.figures(
        data,
        lambda rows: vectors(data, tower, rows),
        lambda texts: embed(text, tokenizer, texts),
        tower.head,
    )
    report.write(paths, name, found)
    return found


def spoken(paths: Paths, text: TextTower, sampler: Sampler, known: KnownTexts) -> Tensor:
    """The text tower's embeddings [texts, DIM] of all strings that `sampler` can draw."""
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    used = sorted({i for c in (*sampler.choices.values(), *sampler.named) for i in c})
    out = torch.zeros(len(known.texts), DIM)
    out[used] = embed(text, tokenizer, [known.texts[i] for i in used])
    return out


def assemble(upper: nn.Module, head: nn.Module) -> ImageTower:
    """A whole tower with the present full-precision weights, in eval mode."""
    net = snapped_backbone()
    blocks, own = FastUpper(net, MAP[1]), Head(net.fc, torch.zeros(1000, DIM))
    blocks.load_state_dict(snap.latent(upper))
    own.load_state_dict(snap.latent(head))
    blocks.into(net)
    return ImageTower(net, own).eval()


class Lesson:
    """What both phases learn from: views, words for them, the ensemble, and the losses."""

    def __init__(self, paths: Paths, data: Data, text: TextTower, plan: Plan) -> None:
        self.data, self.plan, self.place = data, plan, device()
        known = KnownTexts(paths, "text.target.npy")
        self.sampler = Sampler(data, known, plan.captioned)
        self.table = spoken(paths, text, self.sampler, known).to(self.place)
        self.teacher = ensemble.load(paths).to(self.place)
        self.net = snapped_backbone().to(self.place)
        self.tilted, self.named = plan.tilted, 1.0
        self.scale = nn.Parameter(torch.tensor(3.0, device=self.place))
        pools = data.pools
        self.scenes = np.concatenate([pools[s] for s in ("captioned", "photo") if s in pools])

    def classes(self) -> Tensor:
        """[1000, DIM]: the mean embedding of each ImageNet class's names."""
        named = self.sampler.named
        return torch.stack([F.normalize(self.table[r].mean(0), dim=0) for r in named])

    def loss(
        self, head: Head, upper: FastUpper | None, size: int, rng: np.random.Generator
    ) -> tuple[Tensor, float]:
        """The loss of one batch and the cosine to the ensemble's targets."""
        plan, place = self.plan, self.place
        rows, picked = self.sampler.draw(size, rng)
        before = torch.tensor(self.data.feats[rows].astype(np.float32), device=place)
        features = before
        if upper is not None:
            maps = hidden(torch.from_numpy(self.data.maps[rows]).to(place)).to(torch.bfloat16)
            with torch.autocast(place.type, torch.bfloat16):
                features = upper(maps)
        wanted = rng.integers(0, 1000, self.tilted)
        base = before[: self.tilted]
        tilt = metrics.tilted(self.net, base, torch.tensor(wanted, device=place), rng)
        with torch.no_grad():
            posterior = self.net.fc(torch.cat([before, tilt])).softmax(-1)
        raw, logits = head.parts(torch.cat([features, tilt]))
        images = F.normalize(raw, dim=-1)
        words = self.table[picked + self.sampler.name(wanted, rng)]
        # The ensemble is best at scenes; names, folders and drawings teach the rest by themselves.
        taught = torch.from_numpy(np.isin(rows, self.scenes)).to(place)
        mine, right = images[:size][taught], self.teacher.see(before[taught])
        cosine = (mine * right).sum(-1).mean()
        goal = (right @ words.T / 0.05).softmax(-1)
        ranks = F.kl_div((mine @ words.T / 0.05).log_softmax(-1), goal, reduction="batchmean")
        total = plan.match * (1 - cosine) + plan.rank * ranks
        total = total + plan.contrast * contrast(images, words, self.scale.exp().clamp(max=60))
        names = self.table[self.sampler.names]
        named = class_loss(images[size:], names, posterior[size:], 0.05)
        total = total + self.named * named
        total = total + 0.3 * F.kl_div(logits.log_softmax(-1), posterior, reduction="batchmean")
        return total, cosine.item()


def fit(
    lesson: Lesson, head: Head, upper: FastUpper | None, steps: int, size: int,
    rates: tuple[float, float], rng: np.random.Generator, at: dict[int, Callable[[], None]],
) -> None:  # fmt: skip
    """Train head and, where given, upper blocks; `at` names things to do before a step."""
    rate, slow = rates
    groups = [
        {"params": list(head.linear.parameters()), "lr": rate},
        {"params": [head.gain, head.sharp, lesson.scale], "lr": rate, "weight_decay": 0},
        {"params": list(head.classes.parameters()), "lr": rate / 5},
    ]
    if upper is not None:
        groups.append({"params": list(head.fc.parameters()), "lr": rate / 10})
        groups.append({"params": list(upper.parameters()), "lr": slow})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [float(g["lr"]) for g in groups],
        total_steps=steps,
        pct_start=0.15,  # type: ignore[arg-type]
    )
    begin = time.time()
    for step in range(steps):
        if step in at:
            at[step]()
        head.train()
        loss, cosine = lesson.loss(head, upper, size, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if -1 in at:
            at[-1]()
        if step % 25 == 0:
            print(
                f"see {step}/{steps} loss {loss.item():.3f} cosine {cosine:.4f} scale "
                f"{lesson.scale.exp().item():.1f} gain {head.gain.item():.2f} "
                f"{time.time() - begin:.0f} s",
                flush=True,
            )


def run(paths: Paths, name: str, without: tuple[str, ...], plan: Plan) -> None:
    """Train and save `<name>.image.pt`, its weights on the grid."""
    rng = seeded(2)
    place = device()
    data = Data(paths, without)
    text = load(paths, f"{name}.text.pt")
    lesson = Lesson(paths, data, text, plan)
    net = snapped_backbone()
    head = Head(net.fc, lesson.classes().cpu(), drop=0.3).to(place)
    with torch.no_grad():
        # Training starts from the ConSE branch and adds to it.
        head.gain.fill_(3)
        for parameter in head.linear[4].parameters():
            parameter *= 0.3
    some = np.sort(rng.choice(np.concatenate(list(data.pools.values())), 4000, replace=False))
    head.standardise(torch.tensor(data.feats[some].astype(np.float32)))
    upper = FastUpper(net, MAP[1]).to(place)
    fit(lesson, head, None, plan.warm, plan.warm_batch, (plan.rate_warm, 0), rng, {})
    tower = assemble(upper, head)
    torch.save(tower.state_dict(), paths.file(f"{name}.warm.image.pt"))
    measure(paths, data, tower, text, f"{name}.warm")
    todo = {int(plan.steps * plan.snapped): lambda: snap_both(upper, head)}
    fit(lesson, head, upper, plan.steps, plan.batch, (plan.rate_head, plan.rate_upper), rng, todo)
    finish(paths, name, lesson, head, upper, text, rng)


def snap_both(upper: FastUpper, head: Head) -> None:
    """From now on both compute with weights on the grid."""
    snap.attach(upper)
    snap.attach(head)


def finish(
    paths: Paths, name: str, lesson: Lesson, head: Head, upper: FastUpper, text: TextTower,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """The last steps; saves the averaged tower on its grid and its full-precision twin."""
    plan = lesson.plan
    lesson.tilted, lesson.named = plan.tilted * 3, 2.0
    shares = lesson.sampler.shares
    for source, more in (("labelled", 2.2), ("photo", 1.4), ("emoji", 3.0)):
        if source in shares:
            shares[source] *= more
    total = sum(shares.values())
    lesson.sampler.shares = {s: v / total for s, v in shares.items() if v}
    with torch.no_grad():
        head.gain.mul_(1.8)
    average = Average([head, upper], 0.98)
    rates = (plan.rate_head * 0.7, plan.rate_upper * 0.6)
    fit(lesson, head, upper, plan.polish, plan.batch, rates, rng, {-1: average.update})
    average.apply()
    twin = assemble(upper, head)
    torch.save(twin.state_dict(), paths.file(f"{name}.latent.image.pt"))
    snap.settle(upper)
    snap.settle(head)
    tower = assemble(upper, head)
    torch.save(tower.state_dict(), paths.file(f"{name}.image.pt"))
    measure(paths, lesson.data, tower, text, name)
