"""The image tower: its upper blocks and head learn from words and from the ensemble.

Two phases: the head alone on the original features (`warm`), then upper blocks and head together, the
last part of the way with weights on the shipped grid, whose average is what is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from . import report, snap
from .alignment_data import Data
from .averages import Average
from .distil import load
from .imagemodel import FastUpper, Head, ImageTower
from .lesson import Lesson, Plan
from .settings import DIM, Paths, device, seeded
from .textmodel import TextTower, embed
from .views import MAP, snapped_backbone

EVERY = 300
"""Steps between two measurements; each one keeps a copy of the tower."""


@torch.no_grad()
def vectors(data: Data, upper: FastUpper, head: Head, rows: list[int]) -> Tensor:
    """Embeddings of cached views."""
    head.eval()
    out = []
    for i in range(0, len(rows), 256):
        maps = torch.from_numpy(data.maps[rows[i : i + 256]]).to(device()).to(torch.bfloat16)
        with torch.autocast(device().type, torch.bfloat16):
            features = upper(maps)
        out.append(head(features).float().cpu())
    return torch.cat(out)


@torch.no_grad()
def measure(
    paths: Paths, data: Data, upper: FastUpper, head: Head, text: TextTower, name: str
) -> report.Figures:
    """Print and keep the figures of a pair of towers."""
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    place = device()
    found = report.figures(
        data,
        lambda rows: vectors(data, upper, head, rows),
        lambda texts: embed(text, tokenizer, texts),
        lambda features: head.eval()(features.to(place)).cpu(),
    )
    report.write(paths, name, found)
    return found


def assemble(upper: nn.Module, head: nn.Module) -> ImageTower:
    """A whole tower with the present full-precision weights, in eval mode."""
    net = snapped_backbone()
    blocks, own = FastUpper(net, MAP[1]), Head(net.fc, torch.zeros(1000, DIM))
    blocks.load_state_dict(snap.latent(upper))
    own.load_state_dict(snap.latent(head))
    blocks.into(net)
    return ImageTower(net, own).eval()


def keep(paths: Paths, name: str, upper: FastUpper, head: Head) -> None:
    """Save the tower as `<name>.image.pt`."""
    torch.save(assemble(upper, head).state_dict(), paths.file(f"{name}.image.pt"))


def fit(
    lesson: Lesson, head: Head, upper: FastUpper | None, steps: int, size: int,
    rates: tuple[float, float], rng: np.random.Generator, before: Callable[[int], None],
) -> None:  # fmt: skip
    """Train the head and, if given, upper blocks; `before` is called with each step's number."""
    rate, slow = rates
    quick = rate * lesson.plan.quick
    groups = [
        {"params": list(head.linear.parameters()), "lr": rate},
        {"params": [lesson.scale], "lr": rate, "weight_decay": 0},
        {"params": [head.gain, head.sharp], "lr": quick, "weight_decay": 0},
        {"params": list(head.classes.parameters()), "lr": rate / 3},
    ]
    if upper is not None:
        groups.append({"params": list(head.fc.parameters()), "lr": rate / 10})
        groups.append({"params": list(upper.parameters()), "lr": slow})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05, fused=True)
    peaks = [float(g["lr"]) for g in groups]  # type: ignore[arg-type]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peaks, total_steps=steps, pct_start=0.15
    )
    begin = time.time()
    for step in range(steps):
        before(step)
        head.train()
        loss, cosine = lesson.loss(head, upper, size, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 25 == 0:
            print(
                f"see {step}/{steps} loss {loss.item():.3f} cosine {cosine:.4f} scale "
                f"{lesson.scale.exp().item():.1f} gain {head.gain.item():.2f} sharp "
                f"{head.sharp.item():.2f} {time.time() - begin:.0f} s",
                flush=True,
            )


def start(lesson: Lesson, rng: np.random.Generator) -> tuple[Head, FastUpper]:
    """An untrained head, near ConSE, and the backbone's upper blocks."""
    data, net = lesson.data, snapped_backbone()
    head = Head(net.fc, lesson.classes().cpu(), drop=lesson.plan.drop_warm)
    with torch.no_grad():
        head.gain.fill_(4)
        for parameter in head.linear[4].parameters():
            parameter *= 0.3
    some = np.sort(rng.choice(np.concatenate(list(data.pools.values())), 4000, replace=False))
    head.standardise(torch.tensor(data.feats[some].astype(np.float32)))
    return head.to(device()), FastUpper(net, MAP[1]).to(device())


def join(
    paths: Paths, name: str, lesson: Lesson, head: Head, upper: FastUpper, text: TextTower,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Train both together, and leave in them the average over the steps on the grid."""
    plan = lesson.plan
    averages: list[Average] = []
    for layer in head.linear:
        if isinstance(layer, nn.Dropout):
            layer.p = plan.drop

    def before(step: int) -> None:
        if step == int(plan.steps * plan.snapped):
            snap.attach(upper)
            snap.attach(head)
            averages.append(Average([head, upper], plan.decay))
        for average in averages:
            average.update()
        if step and step % EVERY == 0:
            measure(paths, lesson.data, upper, head, text, f"{name}.part")
            keep(paths, f"{name}.part", upper, head)

    rates = (plan.rate_head, plan.rate_upper)
    fit(lesson, head, upper, plan.steps, plan.batch, rates, rng, before)
    for average in averages:
        average.apply()
    with torch.no_grad():
        head.gain.mul_(plan.emphasis)


def run(paths: Paths, name: str, without: tuple[str, ...], plan: Plan) -> None:
    """Train; save `<name>.image.pt`, on the grid, and its full-precision twin `<name>.latent…`."""
    rng = seeded(2)
    data = Data(paths, without)
    text = load(paths, f"{name}.text.pt")
    lesson = Lesson(paths, data, text, plan)
    head, upper = start(lesson, rng)
    fit(lesson, head, None, plan.warm, plan.warm_batch, (plan.rate_warm, 0), rng, lambda _: None)
    measure(paths, data, upper, head, text, f"{name}.warm")
    keep(paths, f"{name}.warm", upper, head)
    join(paths, name, lesson, head, upper, text, rng)
    keep(paths, f"{name}.latent", upper, head)
    snap.settle(upper)
    snap.settle(head)
    keep(paths, name, upper, head)
    measure(paths, data, upper, head, text, name)
