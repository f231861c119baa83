"""Paths, sizes and seeds that every stage shares."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

DIM = 256
SIZE = 224
MEAN = (127 / 255, 127 / 255, 127 / 255)
STD = (128 / 255, 128 / 255, 128 / 255)
PREPROCESSING = {
    "size": [SIZE, SIZE],
    "resize": "squash",
    "interpolation": "bilinear",
    "crop": "none",
    "mean": list(MEAN),
    "std": list(STD),
    "fill": [255, 255, 255],
}
CUT = 13
"""Blocks of the backbone below this index stay frozen, on the shipped grid; their outputs are cached."""
GROUP = 32
"""Values that share a scale if weights have 4 bits."""
MAX_TOKENS = 64
SEED = 20


@dataclass(frozen=True)
class Paths:
    """Where the inputs are (`data`, read only) and where caches and results go (`work`)."""

    data: Path
    work: Path

    def file(self, name: str) -> Path:
        """A file of the work folder; its parent is created."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def device() -> torch.device:
    """The GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seeded(offset: int = 0) -> np.random.Generator:
    """Fix torch's generator and return numpy's, both from SEED + offset."""
    torch.manual_seed(SEED + offset)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    return np.random.default_rng(SEED + offset)
