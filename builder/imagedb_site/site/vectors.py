"""The flat vector tier: int8 codes, centred per dimension, interleaved (docs/FORMAT.md 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.site.storage import SiteFolder

CHUNK = 16
GROUP = 4


@dataclass(frozen=True)
class Quantized:
    """`mean` and `scale`: float32 [dim]; `codes`: int8 [n, dim] in -127 … 127."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    codes: NDArray[np.int8]


def quantize(embeddings: NDArray[np.float32]) -> Quantized:
    """Centre each dimension and spread its largest deviation over 127 steps.

    `embeddings`: float32 [n, dim], finite.
    """
    count, dim = embeddings.shape
    if not count:
        return Quantized(
            np.zeros(dim, np.float32), np.ones(dim, np.float32), np.zeros((0, dim), np.int8)
        )
    mean = embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = embeddings - mean
    peak = np.abs(centred).max(axis=0)
    scale = np.maximum(peak / np.float32(127), np.float32(1e-12)).astype(np.float32)
    codes = np.clip(np.rint(centred / scale), -127, 127).astype(np.int8)
    return Quantized(mean, scale, codes)


def interleave(codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """int8 [n, dim] as the flat array of the format: groups of four rows, 16 dimensions in turn."""
    count, dim = codes.shape
    padded = np.zeros((-(-count // GROUP) * GROUP, -(-dim // CHUNK) * CHUNK), dtype=np.int8)
    padded[:count, :dim] = codes
    groups = padded.reshape(-1, GROUP, padded.shape[1] // CHUNK, CHUNK)
    return np.ascontiguousarray(groups.transpose(0, 2, 1, 3)).reshape(-1)


def write_vectors(folder: SiteFolder, embeddings: NDArray[np.float32]) -> dict[str, Any]:
    """Write the vector file; gives the manifest's `vectors`."""
    count, dim = embeddings.shape
    quantized = quantize(embeddings)
    header = {
        "codec": "int8",
        "count": count,
        "dim": dim,
        "padded_dim": -(-dim // CHUNK) * CHUNK,
    }
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "mean": quantized.mean,
        "scale": quantized.scale,
        "codes": interleave(quantized.codes),
    }
    # The codes are near noise for gzip: it would only cost the browser time.
    entry = folder.put_container("vectors", "vectors", header, arrays, compress=False)
    return {
        "tier": "flat",
        "codec": "int8",
        "count": count,
        "dim": dim,
        "file": entry.to_json(),
    }
