"""The teacher of both towers: heads on the original features and on the sentence encoder's embeddings.

Several members are trained from different seeds on cached outputs of both networks, which takes minutes.
The mean of their similarities is the inner product of their concatenated embeddings; the leading
principal directions of these are the space that both towers learn.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from . import metrics, report, teacher
from .alignment_data import Data
from .backbone import Backbone, load_backbone
from .imagemodel import Head, class_loss, contrast
from .known import KnownTexts, Sampler
from .settings import DIM, Paths, seeded

SPECIALISTS = 3
"""Members that see captioned scenes alone; one more sees everything."""
WEIGHTS = (0.5, 0.17, 0.17, 0.16)
"""What the similarity of each member counts, the general one first."""
STEPS = 750
BATCH = 768
TILTED = 72
INNER = 2048
CAPTIONED = 0.62
RATE = 1e-3


class Member(nn.Module):
    """One image head and one linear layer over the sentence encoder."""

    def __init__(self, net: Backbone, classes: Tensor) -> None:
        super().__init__()
        self.image = Head(net.fc, classes, INNER, 0.5)
        self.text = nn.Linear(384, 384)
        with torch.no_grad():
            self.text.weight.copy_(torch.eye(384))
            self.text.bias.zero_()

    def say(self, sentences: Tensor) -> Tensor:
        """Sentence embeddings [n, 384] -> unit embeddings [n, 384]."""
        return F.normalize(self.text(sentences), dim=-1)


class Ensemble(nn.Module):
    """The members, and the projection of their concatenated embeddings to DIM."""

    def __init__(self, members: list[Member], matrix: Tensor) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.matrix = nn.Parameter(matrix, requires_grad=False)

    @torch.no_grad()
    def see(self, features: Tensor) -> Tensor:
        """Features [n, 1280] -> unit embeddings [n, DIM]."""
        return F.normalize(self.all_seen(features) @ self.matrix, dim=-1)

    @torch.no_grad()
    def say(self, sentences: Tensor) -> Tensor:
        """Sentence embeddings [n, 384] -> unit embeddings [n, DIM]."""
        return F.normalize(self.all_said(sentences) @ self.matrix, dim=-1)

    def all_seen(self, features: Tensor) -> Tensor:
        """The members' embeddings side by side, [n, members * 384], of length 1."""
        pairs = zip(self.members, WEIGHTS, strict=True)
        return torch.cat([m.image(features) * w**0.5 for m, w in pairs], 1)  # type: ignore[operator]

    def all_said(self, sentences: Tensor) -> Tensor:
        """The same of sentence embeddings."""
        pairs = zip(self.members, WEIGHTS, strict=True)
        return torch.cat([m.say(sentences) * w**0.5 for m, w in pairs], 1)  # type: ignore[operator]


def train(
    data: Data, known: KnownTexts, sampler: Sampler, net: Backbone, rng: np.random.Generator
) -> Member:
    """One member from the generator's present state."""
    classes = torch.stack([F.normalize(known.get(rows).mean(0), dim=0) for rows in sampler.named])
    member = Member(net, classes)
    some = np.sort(rng.choice(np.concatenate(list(data.pools.values())), 4000, replace=False))
    member.image.standardise(torch.tensor(data.feats[some].astype(np.float32)))
    member.image.fc.requires_grad_(False)
    scale = nn.Parameter(torch.tensor(2.66))
    groups = [
        {"params": list(member.image.linear.parameters()), "lr": RATE},
        {"params": [member.image.gain, member.image.sharp, scale], "lr": RATE, "weight_decay": 0},
        {"params": list(member.image.classes.parameters()), "lr": RATE / 5},
        {"params": list(member.text.parameters()), "lr": RATE / 3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    rates = [float(g["lr"]) for g in groups]  # type: ignore[arg-type]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=STEPS)
    member.train()
    begin = time.time()
    for step in range(STEPS):
        rows, picked = sampler.draw(BATCH, rng)
        features = torch.tensor(data.feats[rows].astype(np.float32))
        wanted = rng.integers(0, 1000, TILTED)
        base = features[torch.randperm(len(features))[:TILTED]]
        tilt = metrics.tilted(net, base, torch.tensor(wanted), rng)
        every = torch.cat([features, tilt])
        with torch.autocast("cpu", torch.bfloat16):
            raw, logits = member.image.parts(every)
        images, logits = F.normalize(raw.float(), dim=-1), logits.float()
        spoken = member.say(known.get(picked + sampler.name(wanted, rng)))
        loss = contrast(images, spoken, scale.exp().clamp(max=60))
        names = member.say(known.get(sampler.names))
        posterior = logits.detach().softmax(-1)
        loss = loss + 0.4 * class_loss(images[BATCH:], names, posterior[BATCH:], 0.05)
        loss = loss + 0.15 * class_loss(images[:BATCH], names, posterior[:BATCH], 0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 200 == 0 or step == STEPS - 1:
            print(f"member {step}/{STEPS} loss {loss.item():.3f} scale {scale.exp().item():.1f} "
                  f"gain {member.image.gain.item():.2f} {time.time() - begin:.0f} s", flush=True)  # fmt: skip
    return member.eval()


def specialise(data: Data, known: KnownTexts, net: Backbone, rng: np.random.Generator) -> Member:
    """A member for captions: no other source beside them makes it markedly better at these."""
    member = Member(net, torch.zeros(1000, 384))
    pool = data.pools["captioned" if "captioned" in data.pools else "photo"]
    member.image.standardise(torch.tensor(data.feats[np.sort(pool[:6000])].astype(np.float32)))
    with torch.no_grad():
        member.image.gain.zero_()
    choices = {r: known.rows(data.all_texts(r)) for r in pool.tolist()}
    pool = np.array([r for r in pool.tolist() if choices[r]])
    scale = nn.Parameter(torch.tensor(2.66))
    groups = [
        {"params": [*member.image.linear.parameters(), scale], "lr": RATE},
        {"params": list(member.text.parameters()), "lr": RATE / 3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    rates = [float(g["lr"]) for g in groups]  # type: ignore[arg-type]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=STEPS)
    member.train()
    begin = time.time()
    for step in range(STEPS):
        rows = rng.choice(pool, 512, replace=False)
        features = torch.tensor(data.feats[rows].astype(np.float32))
        picked = [Sampler.pick(choices[r], rng) for r in rows.tolist()]
        with torch.autocast("cpu", torch.bfloat16):
            raw = member.image.linear((features - member.image.middle) * member.image.spread)
        images = F.normalize(raw.float(), dim=-1)
        logits = images @ member.say(known.get(picked)).T * scale.exp().clamp(max=60)
        goal = torch.arange(len(rows))
        loss = (F.cross_entropy(logits, goal) + F.cross_entropy(logits.T, goal)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0 or step == STEPS - 1:
            print(f"specialist {step}/{STEPS} loss {loss.item():.3f} {time.time() - begin:.0f} s",
                  flush=True)  # fmt: skip
    return member.eval()


@torch.no_grad()
def space(ensemble: Ensemble, data: Data, known: KnownTexts, sampler: Sampler) -> Tensor:
    """[len(WEIGHTS) * 384, DIM]: principal directions of captions, names, queries and views alike."""
    rng = np.random.default_rng(4)
    groups: list[NDArray[np.int64]] = [
        known.kind("captioned"), known.kind("classes", "things"), known.kind("queries", "phrases")
    ]  # fmt: skip
    total: Tensor = torch.zeros(())
    for rows in groups:
        some = known.get(rng.choice(rows, min(len(rows), 6000), replace=False))
        spoken = ensemble.all_said(some)
        total = total + spoken.T @ spoken / len(spoken)
    for source in ("captioned", "photo", "labelled", "emoji"):
        if source in sampler.pools:
            rows = np.sort(rng.choice(sampler.pools[source], 3000))
            features = torch.tensor(data.feats[rows].astype(np.float32))
            seen = ensemble.all_seen(features)
            total = total + (1.5 if source == "captioned" else 0.5) * seen.T @ seen / len(seen)
    vectors = torch.linalg.eigh(total.double())[1]
    return vectors.flip(1)[:, :DIM].float().contiguous()


def load(paths: Paths) -> Ensemble:
    """The saved ensemble."""
    state = torch.load(paths.file("ensemble.pt"), weights_only=True)
    net = load_backbone()
    members = [Member(net, torch.zeros(1000, 384)) for _ in WEIGHTS]
    ensemble = Ensemble(members, torch.zeros(len(WEIGHTS) * 384, DIM))
    ensemble.load_state_dict(state)
    return ensemble.eval()


def run(paths: Paths, without: tuple[str, ...]) -> None:
    """Train, save `ensemble.pt` and the texts' targets `text.target.npy` float16 [texts, DIM]."""
    rng = seeded(5)
    data = Data(paths, without)
    known = KnownTexts(paths, "text.minilm.npy")
    sampler = Sampler(data, known, CAPTIONED)
    net = load_backbone()
    members = [train(data, known, sampler, net, rng)]
    rng = seeded(6)
    members += [specialise(data, known, net, rng) for _ in range(SPECIALISTS)]
    ensemble = Ensemble(members, torch.zeros(len(WEIGHTS) * 384, DIM)).eval()
    ensemble.matrix.copy_(space(ensemble, data, known, sampler))
    torch.save(ensemble.state_dict(), paths.file("ensemble.pt"))
    parts = [ensemble.say(t.float()) for t in known.table.split(8192)]
    np.save(paths.file("text.target.npy"), torch.cat(parts).numpy().astype(np.float16))
    judge(paths, data, ensemble)


def judge(paths: Paths, data: Data, ensemble: Ensemble) -> None:
    """Keep the figures of the ensemble and of its first specialist."""
    one = ensemble.members[1]
    assert isinstance(one, Member)

    def alone(sentences: Tensor) -> Tensor:
        with torch.no_grad():
            return one.say(sentences)

    def single(features: Tensor) -> Tensor:
        with torch.no_grad():
            found: Tensor = one.image(features)
            return found

    for name, say, see in (
        ("specialist", alone, single),
        ("ensemble", ensemble.say, ensemble.see),
    ):
        found = report.figures(
            data,
            lambda rows, see=see: see(torch.tensor(data.feats[rows].astype(np.float32))),  # type: ignore[misc]
            lambda texts, say=say: say(torch.tensor(teacher.informed(texts))),  # type: ignore[misc]
            see,
        )
        report.write(paths, name, found)
