"""The flat vector tier: int8 codes of all rows, interleaved, in shards (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry
from imagedb_site.rowsets import encode_rows
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.look_alike import Projection
from imagedb_site.site.quantizer import (
    checked_quantizer,
    encode,
    fit_quantizer,
    in_blocks,
    survey,
)
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import Embeddings, Quantizer, SiteSettings

CHUNK = 16
GROUP = 4
_SHARD_BYTES = 1 << 20


@dataclass(frozen=True)
class Vectors:
    """`manifest` is the manifest's `vectors`; `reduced` float32 [n, d] are the rows asked for, in fewer
    dimensions."""

    manifest: dict[str, Any]
    quantizer: Quantizer
    reduced: NDArray[np.float32]


def write_vectors(
    files: SiteFiles,
    embeddings: Embeddings,
    count: int,
    quantizer: Quantizer | None,
    wanted: NDArray[np.bool_],
    pictures: NDArray[np.bool_] | None,
    settings: SiteSettings,
) -> Vectors:
    """Write the quantizer and the shards of all `count` embeddings, which are read twice.

    `quantizer`: the one to keep, or None to fit one. `wanted`: bool [count], the rows to reduce. `pictures`:
    bool [count], the rows with a picture, or None for all.
    """
    found = survey(embeddings, count)
    if quantizer is None:
        quantizer = fit_quantizer(found)
    quantizer = checked_quantizer(quantizer, embeddings.dim)
    projection = Projection(found.sample)
    reduced = np.empty((int(wanted.sum()), projection.dim), dtype=np.float32)
    block = settings.vector_block or shard_rows(embeddings.dim)
    shards = ListWriter(files, "vectors", settings.fanout)
    first = done = 0
    for part in in_blocks(embeddings, count, block):
        codes = encode(part, quantizer)
        codes[~found.present[first : first + len(part)]] = 0
        shards.add(_write_shard(files, first, codes))
        chosen = part[wanted[first : first + len(part)]]
        reduced[done : done + len(chosen)] = projection(chosen)
        done += len(chosen)
        first += len(part)
    entry = files.put_container(
        "quantizer",
        "quantizer",
        {"dim": embeddings.dim},
        {"mean": quantizer.mean, "scale": quantizer.scale},
        compress=False,
    )
    texts = np.zeros(count, dtype=np.bool_) if pictures is None else found.present & ~pictures
    source = _source(found.present, texts)
    both = {"texts": _write_rows(files, "vectors-texts", texts)} if source == "both" else {}
    manifest = {
        "tier": "flat",
        "codec": "int8",
        "source": source,
        "missing": _write_rows(files, "vectors-missing", ~found.present),
        **both,
        "count": count,
        "dim": embeddings.dim,
        "block": block,
        "quantizer": entry.to_json(),
        "files": shards.finish(),
    }
    return Vectors(manifest, quantizer, reduced)


def _source(present: NDArray[np.bool_], texts: NDArray[np.bool_]) -> str:
    if not texts.any():
        return "pictures"
    return "texts" if np.array_equal(present, texts) else "both"


def _write_rows(files: SiteFiles, name: str, mask: NDArray[np.bool_]) -> dict[str, Any] | None:
    """Write a set of rows, bool [count]; returns its number of rows and its file, or None if it is empty."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return None
    data = encode_rows(rows, len(mask))
    entry = files.put_entry("data", name, "bin", data, compress=True)
    return {"count": len(rows), "file": entry.to_json()}


def padded(dim: int) -> int:
    """Returns `dim` rounded up to whole chunks of 16 dimensions."""
    return -(-dim // CHUNK) * CHUNK


def shard_rows(dim: int) -> int:
    """Returns the largest multiple of four rows whose codes take at most 1 MiB, and at least four."""
    return max(GROUP, _SHARD_BYTES // padded(dim) // GROUP * GROUP)


def interleave(codes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Returns int8 [n, dim] as the flat array of the format: groups of four rows, 16 dimensions in turn."""
    count, dim = codes.shape
    whole = np.zeros((-(-count // GROUP) * GROUP, padded(dim)), dtype=np.int8)
    whole[:count, :dim] = codes
    groups = whole.reshape(-1, GROUP, whole.shape[1] // CHUNK, CHUNK)
    return np.ascontiguousarray(groups.transpose(0, 2, 1, 3)).reshape(-1)


def _write_shard(files: SiteFiles, first: int, codes: NDArray[np.int8]) -> FileEntry:
    count, dim = codes.shape
    header = {
        "codec": "int8",
        "first": first,
        "count": count,
        "dim": dim,
        "padded_dim": padded(dim),
    }
    # Codes are close to noise for gzip: compressing them would only cost the browser time.
    arrays = {"codes": interleave(codes)}
    return files.put_container("vectors", "vectors", header, arrays, compress=False)
