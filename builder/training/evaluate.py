"""Measures a finished pack through the very code that `imagedb-site` runs: quantised, one at a time."""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer

from . import datasets, metrics
from .datasets import Picture
from .distil import load
from .export import load_image
from .preprocess import tensor
from .settings import SIZE, Paths
from .synth import flat
from .textmodel import embed

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from imagedb_site.container import canonical_json
from imagedb_site.encoders import Encoder
from imagedb_site.packs import load_pack

__all__ = ["Encoder", "canonical_json", "load_pack", "measure", "pictures_of"]


def pictures_of(pictures: list[Picture]) -> list[Image.Image]:
    """Decoded pictures, transparent ones on white."""
    return [flat(Image.open(p.path)) for p in pictures]


def same_top(a: NDArray[np.float32], b: NDArray[np.float32], k: int = 10) -> dict[str, float]:
    """Agreement of two score matrices [queries, images]: mean overlap of the top k, and equal sets."""
    first, second = np.argsort(-a, axis=1)[:, :k], np.argsort(-b, axis=1)[:, :k]
    shared = [len(set(x) & set(y)) for x, y in zip(first.tolist(), second.tolist(), strict=True)]
    return {
        "mean_overlap": float(np.mean(shared)) / k,
        "equal_sets": float(np.mean([s == k for s in shared])),
        "equal_first": float((first[:, 0] == second[:, 0]).mean()),
    }


def temperature(images: NDArray[np.float32], texts: NDArray[np.float32]) -> float:
    """The t that makes softmax(similarity / t) over the images most likely right; text i, image i."""
    scores = torch.tensor(texts @ images.T)
    goal = torch.arange(len(scores))
    grid = np.geomspace(0.01, 0.3, 60)
    losses = [float(torch.nn.functional.cross_entropy(scores / t, goal)) for t in grid]
    return float(grid[int(np.argmin(losses))])


def wire(folder: Path, encoder: Encoder, queries: list[str]) -> dict[str, float]:
    """Bytes on the wire (gzip 9): text core, tokenizer, shards of a typical query, image tower."""
    manifest = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    size = {f: len(gzip.compress((folder / f).read_bytes(), 9)) for f in manifest["files"]}
    per = manifest["tokens"]["rows_per_shard"]
    shards = manifest["tokens"]["shards"]
    costs = []
    for query in queries:
        ids = encoder.text.tokenizer.encode(query)
        costs.append(sum(size[shards[s]] for s in {i // per for i in ids}))
    core, tokenizer = size[manifest["text"]["file"]], size[manifest["tokenizer"]["file"]]
    return {
        "text_core": core,
        "tokenizer": tokenizer,
        "query_tokens_median": float(np.median(costs)),
        "first_query_total": core + tokenizer + float(np.median(costs)),
        "image_tower": size[manifest["image"]["file"]],
        "image_tower_stored": manifest["files"][manifest["image"]["file"]]["bytes"],
        "text_core_stored": manifest["files"][manifest["text"]["file"]]["bytes"],
        "vocabulary": size.get("vocabulary.bin", 0),
    }


def speed(encoder: Encoder, seconds: float = 3.0) -> dict[str, float]:
    """Milliseconds a short query and pictures a second of this machine, as shared as it was."""
    query = "a brown dog runs on the beach"
    encoder.encode_texts([query])
    runs, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        encoder.encode_texts([query])
        runs += 1
    text_ms = (time.perf_counter() - start) / runs * 1e3
    pixels = np.zeros((32, 3, SIZE, SIZE), np.float32)
    encoder.encode_inputs(pixels)
    start = time.perf_counter()
    encoder.encode_inputs(pixels)
    return {"text_ms": text_ms, "pictures_per_s": 32 / (time.perf_counter() - start)}


def measure(paths: Paths, name: str, folder: Path) -> dict[str, Any]:
    """All figures of the pack in `folder`, which holds the run `name`."""
    encoder = Encoder(load_pack(folder))
    pictures = datasets.all_pictures(paths.data, paths.work)
    out: dict[str, Any] = {}
    for source in ("captioned", "photo"):
        held = [p for p in pictures if p.source == source and p.split == "val"]
        images = encoder.encode_images(pictures_of(held))
        texts = [t for p in held for t in p.texts[:5]]
        spoken = encoder.encode_texts(texts)
        owner = torch.tensor([k for k, p in enumerate(held) for _ in p.texts[:5]])
        out[source] = metrics.recall(torch.tensor(images), torch.tensor(spoken), owner)
        if source == "captioned":
            firsts = np.searchsorted(owner.numpy(), np.arange(len(held)))
            out["temperature"] = temperature(images, spoken[firsts])
            asked = [texts[i] for i in firsts]
            for key, run in (("agreement", name), ("latent", f"{name}.latent")):
                out[key] = agreement(paths, run, held, images, asked, spoken[firsts])
            out["wire"] = wire(folder, encoder, texts[:500])
    held = [p for p in pictures if p.source == "labelled" and p.split == "val"]
    folders = sorted({p.label for p in held})
    words = {p.label: p.tags[0] for p in held}
    label = torch.tensor([folders.index(p.label) for p in held])
    images = torch.tensor(encoder.encode_images(pictures_of(held)))
    spoken = torch.tensor(encoder.encode_texts([words[f] for f in folders]))
    out["labelled_held"] = metrics.class_precision(images, spoken, label)
    out["speed"] = speed(encoder)
    odd = ["", " ", "x" * 10000, "🐶🏖️", "犬が走る", "qzxv wkjh", "\x00\ud7ff"]
    values = encoder.encode_texts(odd)
    out["odd_texts_finite"] = bool(np.isfinite(values).all())
    return out


def agreement(
    paths: Paths, name: str, held: list[Picture], images: NDArray[np.float32],
    texts: list[str], spoken: NDArray[np.float32],
) -> dict[str, float]:  # fmt: skip
    """Quantised against float towers on one query a picture."""
    tower = load_image(paths, name)
    exact = []
    with torch.no_grad():
        for i in range(0, len(held), 50):
            batch = np.stack([tensor(im) for im in pictures_of(held[i : i + 50])])
            exact.append(tower(torch.from_numpy(batch)).numpy())
    true = np.concatenate(exact)
    tokenizer = Tokenizer.from_file(str(paths.file("tokenizer.json")))
    right = embed(load(paths, f"{name}.text.pt"), tokenizer, texts).numpy()
    out = same_top(spoken @ images.T, right @ true.T)
    own = torch.arange(len(held))
    out["float_r10"] = metrics.recall(torch.tensor(true), torch.tensor(right), own)["t2i_r10"]
    out["shipped_r10"] = metrics.recall(torch.tensor(images), torch.tensor(spoken), own)["t2i_r10"]
    out["image_cosine"] = float((images * true).sum(1).mean())
    out["text_cosine"] = float((spoken * right).sum(1).mean())
    return out
