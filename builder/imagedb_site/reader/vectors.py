"""The flat vector tier of a published site (docs/FORMAT.md 2.9), scanned shard by shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError, UsageError
from imagedb_site.reader.decode import section
from imagedb_site.reader.manifest import Vectors
from imagedb_site.reader.spill import Spill
from imagedb_site.rowsets import decode_rows

Codes = NDArray[np.int8]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_CHUNK_ROWS = 512
"""How many rows of codes are converted to floats at once, so that the floats stay in the cache."""
_ROUNDING = 2.0**-24
"""Relative error of one rounding to float32."""
_AHEAD = 2


@dataclass(frozen=True)
class Quantizer:
    """`mean` and `scale`: float32 [dim]; an embedding is `mean + scale · code`."""

    mean: Floats
    scale: Floats


def decode_quantizer(data: bytes, dim: int) -> Quantizer:
    """The quantizer of `dim` dimensions. Raises FormatError for impossible numbers."""
    header, arrays = read_container(data, "quantizer")
    if header.get("dim") != dim:
        raise FormatError(f"The quantizer does not have {dim} dimensions.")
    mean = section(header, arrays, "mean", ("f32",), dim)
    scale = section(header, arrays, "scale", ("f32",), dim)
    if not (np.isfinite(mean).all() and np.isfinite(scale).all() and (scale > 0).all()):
        raise FormatError("The quantizer holds an impossible number.")
    return Quantizer(mean, scale)


def read_missing(vectors: Vectors | None, read: Callable[[FileEntry], bytes]) -> Mask | None:
    """Which rows have no embedding, bool [rows]; None if all have one. Raises FormatError."""
    if vectors is None or vectors.missing is None:
        return None
    mask = np.zeros(vectors.count, dtype=np.bool_)
    mask[decode_rows(read(vectors.missing.file), vectors.count, vectors.missing.count)] = True
    return mask


def read_texts(vectors: Vectors | None, read: Callable[[FileEntry], bytes]) -> Mask | None:
    """Which rows have the embedding of a text, bool [rows]; None if there is none. Raises FormatError."""
    if vectors is None or vectors.source == "pictures":
        return None
    missing = read_missing(vectors, read)
    if vectors.texts is None:
        return np.ones(vectors.count, dtype=np.bool_) if missing is None else ~missing
    mask = np.zeros(vectors.count, dtype=np.bool_)
    mask[decode_rows(read(vectors.texts.file), vectors.count, vectors.texts.count)] = True
    if missing is not None and (mask & missing).any():
        raise FormatError("vectors.texts has a row without an embedding.")
    return mask


def decode_shard(data: bytes, first: int, count: int, dim: int) -> Codes:
    """The codes of the rows `first …`, int8 [count, dim]. Raises FormatError if they break a rule."""
    header, arrays = read_container(data, "vectors")
    padded = -(-dim // 16) * 16
    expected = {"codec": "int8", "first": first, "count": count, "dim": dim, "padded_dim": padded}
    for key, value in expected.items():
        if header.get(key) != value:
            raise FormatError(f"The vectors' {key} is not {value}.")
    groups = -(-count // 4)
    flat = section(header, arrays, "codes", ("i8",), 4 * padded * groups)
    if len(flat) and int(flat.min()) < -127:
        raise FormatError("The vectors hold a code below -127.")
    # Moved in units of 16 bytes: many times faster than code by code.
    chunks = flat.view("V16").reshape(groups, padded // 16, 4).transpose(0, 2, 1)
    codes = np.ascontiguousarray(chunks).reshape(-1).view(np.int8).reshape(-1, padded)
    if codes[count:].any() or codes[:, dim:].any():
        raise FormatError("The vectors' padding is not 0.")
    return codes[:count, :dim] if padded != dim or len(codes) != count else codes


class FlatVectors:
    """The codes of all rows, read one shard at a time; no array has a float per row and dimension."""

    def __init__(
        self,
        quantizer: Quantizer,
        count: int,
        block: int,
        load: Callable[[int], Codes],
        *,
        spill: bool,
    ) -> None:
        """`load` reads and checks the shard of that number.

        With `spill`, shards that do not fit into memory are kept in a temporary file, because it costs
        more to load them again.
        """
        self.quantizer = quantizer
        self.count = count
        self.dim = len(quantizer.mean)
        self._block = block
        self._load = load
        self._kept = Spill(to_disk=spill)

    def scan(self, query: Floats) -> Iterator[tuple[int, Codes, Floats]]:
        """Every shard in order: its first row, its codes, and the similarities float32 [n] of its rows.

        They are within `margin(query)` of the exact ones. Raises UsageError for a query of another shape.
        """
        weights, base = self._folded(query)
        short = weights.astype(np.float32)
        for number, codes in enumerate(self._shards()):
            similarities = _products(codes, short)
            similarities += np.float32(base)
            yield number * self._block, codes, similarities

    def margin(self, query: Floats) -> float:
        """How far at most the similarities of a scan are from the exact ones.

        Each of the float32 sum's roundings is bounded by the sum of the absolute values (Higham,
        Accuracy and Stability of Numerical Algorithms, 3.1).
        """
        weights, base = self._folded(query)
        most = 127 * float(np.abs(weights).sum()) + abs(base)
        return (self.dim + 4) * _ROUNDING * most

    def exact(self, query: Floats, codes: Codes) -> Floats:
        """The similarities of rows with these codes [n, dim], summed in float64: float32 [n]."""
        weights, base = self._folded(query)
        return np.asarray(_products(codes, weights) + base, dtype=np.float32)

    def codes(self, rows: Rows) -> Codes:
        """The codes of the given rows, int8 [n, dim]."""
        found = np.empty((len(rows), self.dim), dtype=np.int8)
        numbers = rows // self._block
        for number in np.unique(numbers).tolist():
            places = np.flatnonzero(numbers == number)
            found[places] = self._shard(number)[rows[places] - number * self._block]
        return found

    def embeddings(self, rows: Rows) -> Floats:
        """The embeddings float32 [n, dim] of rows; their length is 1 only nearly.

        Those of rows without an embedding mean nothing. Computed in float64, as JavaScript does.
        """
        return self._embedded(self.codes(rows))

    def blocks(self) -> Iterator[tuple[Rows, Floats]]:
        """Rows int64 [n] and their embeddings float32 [n, dim], until all were there, as in `embeddings`."""
        for number in range(self._count_shards()):
            codes = self._shard(number)
            yield number * self._block + np.arange(len(codes)), self._embedded(codes)

    def _embedded(self, codes: Codes) -> Floats:
        scale = self.quantizer.scale.astype(np.float64)
        return np.asarray(self.quantizer.mean + scale * codes, dtype=np.float32)

    def verify(self) -> None:
        """Read and check every shard."""
        for number in range(self._count_shards()):
            self._load(number)

    def close(self) -> None:
        self._kept.close()

    def _folded(self, query: Floats) -> tuple[NDArray[np.float64], float]:
        if query.shape != (self.dim,):
            raise UsageError(f"The query has the shape {query.shape}, not ({self.dim},).")
        weights = (query * self.quantizer.scale).astype(np.float64)
        return weights, float(query.astype(np.float64) @ self.quantizer.mean)

    def _count_shards(self) -> int:
        return -(-self.count // self._block)

    def _shards(self) -> Iterator[Codes]:
        """All shards in order, read a little ahead in other threads: hashing and copying leave the lock."""
        total = self._count_shards()
        with ThreadPoolExecutor(_AHEAD) as pool:
            waiting: dict[int, Any] = {}
            for number in range(total):
                for ahead in range(number, min(number + _AHEAD + 1, total)):
                    if ahead not in waiting and ahead not in self._kept:
                        waiting[ahead] = pool.submit(self._load, ahead)
                if number in waiting:
                    codes: Codes = waiting.pop(number).result()
                    self._kept.put(number, codes)
                else:
                    codes = self._shard(number)
                yield codes

    def _shard(self, number: int) -> Codes:
        codes = self._kept.get(number)
        if codes is None:
            codes = self._load(number)
            self._kept.put(number, codes)
        return codes


def _products(codes: Codes, weights: NDArray[Any]) -> NDArray[Any]:
    """The inner product of each row of codes [n, dim] with `weights` [dim], in the type of `weights`.

    A row's result depends on that row alone, so equal codes have equal similarities. BLAS is not used: it
    does not promise that, and its idle threads take processor time from those that read the next shards.
    """
    found = np.empty(len(codes), dtype=weights.dtype)
    for first in range(0, len(codes), _CHUNK_ROWS):
        part = slice(first, first + _CHUNK_ROWS)
        np.einsum("ij,j->i", codes[part].astype(weights.dtype), weights, out=found[part])
    return found
