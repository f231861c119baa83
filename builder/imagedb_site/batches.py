"""Seeded splits, batches and samples of a collection, the same as the JavaScript library's (api/batches.ts).

An image's part depends only on its id and the seed, so images added later move no other image. Nothing is
stored: the collection, the seed and the sizes determine the batches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .errors import UsageError

Part = Literal["train", "validation", "test"]
Hashes = np.ndarray[Any, np.dtype[np.uint32]]
Rows = np.ndarray[Any, np.dtype[np.int64]]

# Salts of the hash: what decides the part, and what decides the order.
_PART, _ORDER, _SAMPLE = 0, 1, 3


MOST_PER_BATCH = 1000
"""The largest batch that an id can name."""


@dataclass(frozen=True)
class Definition:
    """How to split a collection, as short as it can be written down. Shares are in per cent."""

    size: int = 64
    """Images per batch, 1 … 1,000."""
    validation: float = 10
    """The share of the validation part in per cent, with at most three decimals."""
    test: float = 10
    seed: int = 0
    """0 … 2³² - 1."""

    def check(self) -> None:
        """Raise UsageError if a part is out of range."""
        if not 1 <= self.size <= MOST_PER_BATCH:
            raise UsageError("The size of a batch must be a whole number from 1 to 1000.")
        shares = (self.validation, self.test)
        if not all(share >= 0 and _thousandths(share) / 1000 == share for share in shares):
            raise UsageError(
                "The shares of validation and test must be numbers from 0 to 100 with at most 3 decimals."
            )
        if sum(shares) > 100:
            raise UsageError("The shares of validation and test must be at most 100 % together.")
        _check_seed(self.seed)

    def id(self, collection: str) -> str:
        """The id of the batches of a collection with this hash: it is the definition itself."""
        shares = [f"{share:.3f}".rstrip("0").rstrip(".") for share in (self.validation, self.test)]
        return f"{collection[:_HASH_DIGITS]}-{self.size}-{shares[0]}-{shares[1]}-{self.seed}"

    @classmethod
    def of(cls, text: str, collection: str) -> Definition | None:
        """The definition that an id is of; None if it is not an id of the collection with this hash."""
        match = _ID.fullmatch(text)
        if match is None:
            return None
        found = cls(int(match[1]), float(match[2]), float(match[3]), int(match[4]))
        try:
            found.check()
        except UsageError:
            return None
        return found if found.id(collection) == text else None


_HASH_DIGITS = 12
_SHARE = r"([0-9]{1,3}(?:\.[0-9]{1,3})?)"
_ID = re.compile(rf"[0-9a-f]{{{_HASH_DIGITS}}}-([0-9]{{1,4}})-{_SHARE}-{_SHARE}-([0-9]{{1,10}})")


def _thousandths(share: float) -> float:
    # NaN and infinity have none.
    return float(np.floor(np.float64(share) * 1000 + 0.5)) if share <= 100 else -1


@dataclass(frozen=True)
class Batches:
    """A collection split into the parts `train`, `validation` and `test`, each read in batches of rows."""

    collection: str
    """SHA-256 of the image ids: it identifies the state of the collection."""
    size: int
    """How many rows a batch has; the last one of a part may have fewer."""
    rows: Mapping[Part, Sequence[int]]
    """All rows of each part, in the random order of the seed."""
    id: str | None = None
    """The definition as one word, which gives the same batches on every site of the collection; None if the
    size or a share is one that an id cannot have."""

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
    _check_seed(seed)
    blocks = np.frombuffer(bytes.fromhex("".join(ids)), dtype="<u4").reshape(-1, 2)
    start = np.array([seed ^ ((salt + 1) * 0x9E3779B9 & 0xFFFFFFFF)], dtype=np.uint32)
    found = np.repeat(_scramble(start), len(blocks))
    for at in range(2):
        block = blocks[:, at].astype(np.uint32) * np.uint32(0xCC9E2D51)
        found ^= _rotate(block, 15) * np.uint32(0x1B873593)
        found = _rotate(found, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    return _scramble(found ^ np.uint32(8))


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise UsageError("A seed is a whole number from 0 to 4294967295.")


def _rotate(values: Hashes, bits: int) -> Hashes:
    return (values << np.uint32(bits)) | (values >> np.uint32(32 - bits))


def _scramble(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def shuffled(
    ids: Sequence[str], rows: Sequence[int] | Rows, seed: int, salt: int = _SAMPLE
) -> list[int]:
    """`rows` in the random order of a seed: by two hashes of their ids, then by id."""
    of_rows = [ids[row] for row in rows]
    if not of_rows:
        return []
    first, second = hash_ids(of_rows, seed, salt), hash_ids(of_rows, seed, salt + 1)
    numbers = np.frombuffer(bytes.fromhex("".join(of_rows)), dtype=">u8")
    order = np.lexsort((numbers, second, first))
    found: list[int] = np.asarray(rows, dtype=np.int64)[order].tolist()
    return found


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
    return Batches(collection, size, rows, _id(collection, size, validation, test, seed))


def batches_of(ids: Sequence[str], collection: str, definition: Definition) -> Batches:
    """The batches of a definition. Raises UsageError if it is out of range."""
    definition.check()
    shares = (definition.validation / 100, definition.test / 100)
    rows = split(ids, validation=shares[0], test=shares[1], seed=definition.seed)
    return Batches(collection, definition.size, rows, definition.id(collection))


def _id(collection: str, size: int, validation: float, test: float, seed: int) -> str | None:
    """The id of batches given by shares from 0 to 1, if they are those of a definition."""
    percent = [_thousandths(share * 100) / 1000 for share in (validation, test)]
    if [share / 100 for share in percent] != [validation, test]:
        return None
    definition = Definition(size, percent[0], percent[1], seed)
    try:
        definition.check()
    except UsageError:
        return None
    return definition.id(collection)
