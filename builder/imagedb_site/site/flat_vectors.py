"""The flat tier: int8 codes of all rows, interleaved, in shards, and coarse codes (docs/FORMAT.md 2.9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry
from imagedb_site.run import RowWorkers
from imagedb_site.site.coarse import coarse_bytes, encode_coarse, fit_coarse
from imagedb_site.site.lists import ListWriter
from imagedb_site.site.quantizer import encode
from imagedb_site.site.scheme import Coarse, Quantizer
from imagedb_site.site.storage import SiteFiles
from imagedb_site.site.types import SiteSettings

CHUNK = 16
GROUP = 4
_SHARD_BYTES = 1 << 20
_COARSE_FROM = 1024
"""From how many rows coarse codes are worth a request of their own."""
_COARSE_BLOCK = 1 << 14

Floats = NDArray[np.float32]


class FlatCodes:
    """Writes the codes of rows in their order."""

    tier = "flat"
    cells = None

    def __init__(
        self,
        files: SiteFiles,
        sample: Floats,
        count: int,
        quantizer: Quantizer,
        coarse: Coarse | None,
        settings: SiteSettings,
    ) -> None:
        """`sample`: float32 [n, dim], of the embeddings. `coarse`: what to keep, or None to fit it."""
        dim = sample.shape[1]
        self.block = settings.vector_block or shard_rows(dim)
        self.coarse: Coarse | None = None
        if count >= _COARSE_FROM if settings.coarse is None else settings.coarse:
            self.coarse = coarse or fit_coarse(sample - quantizer.mean, coarse_bytes(dim))
        self._files = files
        self._quantizer = quantizer
        self._shards = ListWriter(files, "vectors", settings.fanout)
        self._list = ListWriter(files, "coarse-codes", settings.fanout)
        self._waiting: list[NDArray[np.uint8]] = []
        self._first = 0

    def take(
        self, parts: Iterable[tuple[int, Floats, NDArray[np.bool_]]], workers: RowWorkers
    ) -> None:
        """Write all rows in parts of `block` rows: the first row, embeddings float32 [n, dim], and which of
        them are known. The workers are not needed: the collection is small."""
        for part in parts:
            self.add(*part)

    def add(self, first: int, part: Floats, present: NDArray[np.bool_]) -> None:
        """Write the next `block` rows: embeddings float32 [n, dim], and which of them are known."""
        codes = encode(part, self._quantizer)
        codes[~present] = 0
        self._shards.add(_write_shard(self._files, first, codes))
        if self.coarse is None:
            return
        coarse = encode_coarse(part - self._quantizer.mean, self.coarse)
        coarse[~present] = 0
        self._waiting.append(coarse)
        while sum(map(len, self._waiting)) >= _COARSE_BLOCK:
            self._write_coarse()

    def finish(self) -> dict[str, Any]:
        """Returns the tier's part of the manifest."""
        found = {"block": self.block, "files": self._shards.finish()}
        if self.coarse is None:
            return found
        while self._waiting:
            self._write_coarse()
        data = self.coarse.to_bytes()
        file = self._files.put_entry("data", "coarse", "bin", data, compress=False)
        files = self._list.finish()
        return {**found, "coarse": {"file": file.to_json(), "block": _COARSE_BLOCK, "files": files}}

    def _write_coarse(self) -> None:
        whole = np.concatenate(self._waiting)
        part, rest = whole[:_COARSE_BLOCK], whole[_COARSE_BLOCK:]
        self._waiting = [rest] if len(rest) else []
        header = {"first": self._first, "count": len(part), "row_bytes": part.shape[1]}
        self._list.add(
            self._files.put_container(
                "coarse-codes", "coarse-codes", header, {"codes": part}, compress=False
            )
        )
        self._first += len(part)


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
