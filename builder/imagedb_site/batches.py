"""Seeded splits, batches and samples of a collection, the same as the JavaScript library's (api/batches.ts).

An image's part depends only on its id and the seed, so images added later move no other image. Nothing is
stored: the collection, the seed and the sizes determine the batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .errors import UsageError

Part = Literal["train", "validation", "test"]
Hashes = np.ndarray[Any, np.dtype[np.uint32]]

# Salts of the hash: what decides the part, and what decides the order.
_PART, _ORDER, _SAMPLE = 0, 1, 3


@dataclass(frozen=True)
class Batches:
    """A collection split into the parts `train`, `validation` and `test`, each read in batches of rows."""

    collection: str
    """SHA-256 of the image ids: it identifies the state of the collection."""
    size: int
    """How many rows a batch has; the last one of a part may have fewer."""
    rows: Mapping[Part, Sequence[int]]
    """All rows of each part, in the random order of the seed."""

    @property
    def count(self) -> dict[Part, int]:
        """How many batches each part has."""
        return {part: -(-len(rows) // self.size) for part, rows in self.rows.items()}

    def batch(self, part: Part, n: int) -> list[int]:
        """The rows of batch `n` of a part, counted from 0. Raises UsageError if there is no such batch."""
        if not 0 <= n < self.count[part]:
            raise UsageError(f"There is no {part} batch {n}; there are {self.count[part]}.")
        return list(self.rows[part][n * self.size : (n + 1) * self.size])


def hash_ids(ids: Sequence[str], seed: int, salt: int) -> Hashes:
    """MurmurHash3 (x86, 32 bits) of image ids, u32[n], seeded by the scrambled seed and a salt.

    Raises UsageError for a seed outside 0 … 2³² − 1.
    """
    if not 0 <= seed < 2**32:
        raise UsageError("A seed is a whole number from 0 to 4294967295.")
    blocks = np.frombuffer(bytes.fromhex("".join(ids)), dtype="<u4").reshape(-1, 2)
    start = np.array([seed ^ ((salt + 1) * 0x9E3779B9 & 0xFFFFFFFF)], dtype=np.uint32)
    found = np.repeat(_scramble(start), len(blocks))
    for at in range(2):
        block = blocks[:, at].astype(np.uint32) * np.uint32(0xCC9E2D51)
        found ^= _rotate(block, 15) * np.uint32(0x1B873593)
        found = _rotate(found, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    return _scramble(found ^ np.uint32(8))


def _rotate(values: Hashes, bits: int) -> Hashes:
    return (values << np.uint32(bits)) | (values >> np.uint32(32 - bits))


def _scramble(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def shuffled(ids: Sequence[str], rows: Sequence[int], seed: int, salt: int = _SAMPLE) -> list[int]:
    """`rows` in the random order of a seed: by two hashes of their ids, then by id."""
    of_rows = [ids[row] for row in rows]
    first, second = hash_ids(of_rows, seed, salt), hash_ids(of_rows, seed, salt + 1)
    order = sorted(range(len(rows)), key=lambda at: (first[at], second[at], of_rows[at]))
    return [int(rows[at]) for at in order]


def split(
    ids: Sequence[str], *, validation: float = 0, test: float = 0, seed: int = 0
) -> dict[Part, list[int]]:
    """The rows of the three parts, each in its random order; `validation` and `test` are shares from 0 to 1.

    Raises:
        UsageError: a share or the seed is out of range.
    """
    if not (validation >= 0 and test >= 0 and validation + test <= 1):
        raise UsageError(
            "The shares of validation and test must be at least 0, and at most 1 together."
        )
    share = hash_ids(ids, seed, _PART) / 2**32
    in_test = share < test
    in_validation = ~in_test & (share < test + validation)
    parts: dict[Part, Any] = {
        "train": ~in_test & ~in_validation,
        "validation": in_validation,
        "test": in_test,
    }
    return {
        part: shuffled(ids, [int(row) for row in np.flatnonzero(rows)], seed, _ORDER)
        for part, rows in parts.items()
    }


def make_batches(
    ids: Sequence[str],
    collection: str,
    *,
    size: int,
    validation: float = 0,
    test: float = 0,
    seed: int = 0,
) -> Batches:
    """Split a collection into batches. Raises UsageError if the size, a share or the seed is out of range."""
    if size < 1:
        raise UsageError("The size of a batch must be a whole number of at least 1.")
    rows = split(ids, validation=validation, test=test, seed=seed)
    return Batches(collection, size, rows)
