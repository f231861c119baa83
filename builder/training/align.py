"""Joint training of both towers: contrastive on every source, with both teachers as anchors."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from . import metrics, warm, words
from .alignment_data import Data
from .backbone import load_backbone
from .distil import Corpus, load, relational, save
from .export import load_image
from .imagemodel import FastUpper, Head, ImageTower, class_loss, contrast
from .settings import CUT, Paths, device, seeded
from .textmodel import TextTower, embed, speak, tokenize
from .views import MAP
from .wordnet import imagenet_classes


@dataclass
class Recipe:
    """What one run trains, and for how long. `without` names sources that it never sees.

    The learning rates are planned for `steps`; with `stop` the run ends earlier, on its averages.
    """

    name: str = "final"
    steps: int = 440
    stop: int = 0
    warm: int = 450
    batch: int = 320
    tilted: int = 48
    corpus: int = 64
    rate_head: float = 1e-3
    rate_upper: float = 2e-4
    rate_text: float = 1.5e-4
    tune_upper: bool = True
    without: tuple[str, ...] = ()
    text_start: str = "text.distilled.pt"
    start: str = ""
    augment: bool = False
    captioned: float = 0.42
    weights: dict[str, float] = field(
        default_factory=lambda: {"anchor": 2.0, "relation": 0.5, "classes": 1.0, "logits": 0.3}
    )


def disturb(maps: Tensor) -> Tensor:
    """Half of the maps mirrored, and a random rectangle of each blanked: augmentation for nothing."""
    flip = torch.rand(len(maps), device=maps.device) < 0.5
    maps = torch.where(flip[:, None, None, None], maps.flip(3), maps)
    side = maps.shape[2]
    low = torch.randint(0, side, (len(maps), 2, 1), device=maps.device)
    size = torch.randint(0, side // 2, (len(maps), 2, 1), device=maps.device)
    at = torch.arange(side, device=maps.device)
    inside = (at >= low) & (at < low + size)
    return maps.masked_fill((inside[:, 0, :, None] & inside[:, 1, None, :])[:, None], 0)


def thin(row: list[int], rng: np.random.Generator) -> list[int]:
    """Token ids with a tenth of the words of longer texts left out."""
    if len(row) < 8:
        return row
    kept = rng.random(len(row)) > 0.1
    kept[[0, -1]] = True
    return [t for t, k in zip(row, kept.tolist(), strict=True) if k]


class Average:
    """Exponential moving average of modules' weights."""

    def __init__(self, modules: list[nn.Module], decay: float) -> None:
        self.modules, self.decay = modules, decay
        self.shadow = [copy.deepcopy(m.state_dict()) for m in modules]

    @torch.no_grad()
    def update(self) -> None:
        """Move the averages towards the current weights."""
        for module, shadow in zip(self.modules, self.shadow, strict=True):
            for key, value in module.state_dict().items():
                shadow[key].lerp_(value, 1 - self.decay)

    def save(self, path: Path) -> None:
        """Keep the averages so far, in case the run is stopped."""
        torch.save(self.shadow, path)

    def apply(self) -> None:
        """Load the averages into the modules."""
        for module, shadow in zip(self.modules, self.shadow, strict=True):
            module.load_state_dict(shadow)


def class_embeddings(tower: TextTower, tokenizer: Tokenizer) -> Tensor:
    """[1000, DIM]: mean of a class's names (the first counts most) and gloss."""
    out = []
    for synset in imagenet_classes():
        first = synset.lemmas[0]
        names = [first, first, first, *synset.lemmas, f"a photo of a {first}", synset.gloss]
        out.append(names)
    flat = embed(tower, tokenizer, [n for names in out for n in names])
    parts = torch.split(flat, [len(names) for names in out])
    return torch.stack([F.normalize(p.mean(0), dim=0) for p in parts])


def run(paths: Paths, recipe: Recipe) -> None:
    """Train, print figures on the held-out parts, save `<name>.image.pt` and `<name>.text.pt`."""
    rng = seeded(2)
    place = device()
    data = Data(paths, recipe.without, recipe.captioned)
    corpus = Corpus(paths)
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    corpus_ids = tokenize(tokenizer, corpus.texts)
    text = load(paths, recipe.text_start)
    net = load_backbone()
    classes = imagenet_classes()
    head = Head(net.fc, class_embeddings(text, tokenizer))
    if recipe.start:
        begun = load_image(paths, recipe.start)
        head = begun.head.train()
        upper = FastUpper(begun.backbone, MAP[1])
        text = load(paths, f"{recipe.start}.text.pt")
    else:
        upper = FastUpper(net, MAP[1])
    text, head, upper, frozen = text.to(place), head.to(place), upper.to(place), net.to(place)
    scale = nn.Parameter(torch.tensor(3.45 if recipe.start else 2.9, device=place))
    groups = [
        {"params": list(head.linear.parameters()), "lr": recipe.rate_head},
        {"params": [head.gain, head.sharp, scale], "lr": recipe.rate_head * 5, "weight_decay": 0},
        {"params": [head.classes, *head.fc.parameters()], "lr": recipe.rate_head / 10},
        {"params": list(text.parameters()), "lr": recipe.rate_text},
    ]
    if recipe.tune_upper:
        groups.append({"params": list(upper.parameters()), "lr": recipe.rate_upper})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05)
    rates = [float(g["lr"]) for g in groups]  # type: ignore[arg-type]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=recipe.steps, pct_start=0.08
    )
    average = Average([head, upper, text], 0.99)
    photos = np.concatenate([data.pools[s] for s in ("captioned", "photo") if s in data.pools])
    if recipe.warm:
        warm.run(paths, data, head, frozen, classes, recipe.warm, rng)
    names = embed(text, tokenizer, [s.lemmas[0] for s in classes]).to(place)
    start = time.time()
    for step in range(recipe.steps):
        head.train(), text.train()
        if step % 50 == 0 and step:
            with torch.no_grad():
                simple = [s.lemmas[0] for s in classes]
                names = embed(text, tokenizer, simple).to(place)
            text.train()
        rows, texts = data.sample(recipe.batch, rng)
        features0 = torch.tensor(data.feats[rows].astype(np.float32), device=place)
        if recipe.tune_upper:
            maps = torch.from_numpy(data.maps[rows]).to(place)
            if recipe.augment:
                maps = disturb(maps)
            with torch.autocast(place.type, torch.bfloat16):
                features = upper(maps.to(torch.bfloat16))
        else:
            features = features0
        base = torch.tensor(data.feats[rng.choice(photos, recipe.tilted)].astype(np.float32))
        wanted = torch.tensor(rng.integers(0, 1000, recipe.tilted))
        tilt = metrics.tilted(frozen, base.to(place), wanted.to(place), rng)
        texts += [words.for_class(classes[int(c)], rng) for c in wanted]
        raw, logits = head.parts(torch.cat([features, tilt]))
        images = F.normalize(raw, dim=-1)
        extra = rng.integers(0, len(corpus_ids), recipe.corpus)
        heard = tokenize(tokenizer, texts, 28)
        if recipe.augment:
            heard = [thin(r, rng) for r in heard]
        spoken = speak(text, heard + [corpus_ids[i] for i in extra])
        pairs = len(images)
        loss = contrast(images, spoken[:pairs], scale.exp().clamp(max=60))
        anchors = corpus.target(extra).to(place)
        own = spoken[pairs:]
        w = recipe.weights
        loss = loss + w["anchor"] * (1 - (own * anchors).sum(-1).mean())
        loss = loss + w["relation"] * relational(own, anchors)
        with torch.no_grad():
            right = frozen.fc(torch.cat([features0, tilt]))
            posterior = right.softmax(-1)
        loss = loss + w["classes"] * class_loss(images, names, posterior, 0.05)
        loss = loss + w["logits"] * F.kl_div(
            logits.log_softmax(-1), posterior, reduction="batchmean"
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update()
        if step + 1 == recipe.stop:
            break
        if step % 100 == 99:
            average.save(paths.file(f"{recipe.name}.part.pt"))
        if step % 25 == 0:
            print(
                f"{recipe.name} {step}/{recipe.steps} loss {loss.item():.3f} scale "
                f"{scale.exp().item():.1f} gain {head.gain.item():.2f} {time.time() - start:.0f} s",
                flush=True,
            )
    average.apply()
    save(text, paths, f"{recipe.name}.text.pt")
    upper.cpu().into(net.cpu())
    tower = ImageTower(net, head.cpu().eval())
    torch.save(tower.state_dict(), paths.file(f"{recipe.name}.image.pt"))
    figures = report(paths, data, tower, text.cpu(), tokenizer)
    paths.file(f"{recipe.name}.json").write_text(json.dumps(figures, indent=1))
    print(recipe.name, json.dumps(figures, indent=1), flush=True)


@torch.no_grad()
def vectors(data: Data, tower: ImageTower, rows: list[int]) -> Tensor:
    """Embeddings of cached views."""
    tower.eval()
    out = []
    for i in range(0, len(rows), 256):
        maps = torch.from_numpy(data.maps[rows[i : i + 256]].astype(np.float32))
        out.append(tower.head(tower.backbone.upper(maps, CUT)))
    return torch.cat(out)


@torch.no_grad()
def report(
    paths: Paths, data: Data, tower: ImageTower, text: TextTower, tokenizer: Tokenizer
) -> dict[str, dict[str, float]]:
    """Figures of float towers on held-out captions, class folders and tilted features."""
    out = {}
    for source in ("captioned", "photo"):
        rows = data.clean(source, "val")
        spoken = [t for i in rows for t in data.pictures[i].texts[:5]]
        owner = torch.tensor([k for k, i in enumerate(rows) for _ in data.pictures[i].texts[:5]])
        found = metrics.recall(vectors(data, tower, rows), embed(text, tokenizer, spoken), owner)
        out[source] = found
    for name, splits in (("labelled_held", ("val",)), ("labelled_all", ("val", "train"))):
        rows = [i for s in splits for i in data.clean("labelled", s)]
        folders = sorted({data.pictures[i].label for i in rows})
        own = {data.pictures[i].label: data.pictures[i].tags[0] for i in rows}
        label = torch.tensor([folders.index(data.pictures[i].label) for i in rows])
        spoken = embed(text, tokenizer, [own[f] for f in folders])
        out[name] = metrics.class_precision(vectors(data, tower, rows), spoken, label)
    rng = np.random.default_rng(7)
    val = data.clean("captioned", "val")
    base = torch.tensor(data.feats[val].astype(np.float32))
    fresh = load_backbone()
    moved = metrics.tilted(fresh, base, torch.arange(1000), rng)
    spoken = embed(text, tokenizer, [s.lemmas[0] for s in imagenet_classes()])
    out["tilted_names"] = metrics.name_recall(tower.head(moved), spoken)
    rows = data.clean("emoji", "train")
    spoken = embed(text, tokenizer, [data.pictures[i].texts[0] for i in rows])
    out["emoji_seen"] = metrics.name_recall(vectors(data, tower, rows), spoken)
    return out
