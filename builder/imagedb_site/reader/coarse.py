"""Coarse codes of a published site (docs/FORMAT.md 2.9): pages answer by them first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import FileEntry, read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.decode import block_span, section
from imagedb_site.reader.lists import FileList
from imagedb_site.reader.shape import ListEntry, as_count, as_entry, as_file_list, as_object

MOST_BITS = 7
_MAX_BLOCK = 1 << 24
_MAX_DIM = 1 << 16

Read = Callable[[FileEntry], bytes]


@dataclass(frozen=True)
class CoarseFiles:
    """What codes stand for, and the codes: `block` rows in each of `files`."""

    file: FileEntry
    block: int
    files: ListEntry


def parse_coarse(value: object, count: int) -> CoarseFiles | None:
    """`vectors.coarse` of a manifest. Raises FormatError."""
    if value is None:
        return None
    coarse = as_object(value, "vectors.coarse")
    block = as_count(coarse.get("block"), "vectors.coarse.block", _MAX_BLOCK)
    files = as_file_list(coarse.get("files"), "vectors.coarse.files")
    if not block or block % 4 or files.count != -(-count // block):
        raise FormatError(
            f"vectors.coarse has {files.count:,} files of {block:,} for {count:,} images."
        )
    return CoarseFiles(as_entry(coarse.get("file"), "vectors.coarse.file"), block, files)


@dataclass(frozen=True)
class Scheme:
    """What coarse codes stand for: direction d is `scale[d]·matrix[d]`, of `bits[d]` bits.

    `matrix` int8 [dims, dim], `scale` float32 [dims], `steps` float32 [dims], `bits` uint8 [dims].
    """

    matrix: NDArray[np.int8]
    scale: NDArray[np.float32]
    steps: NDArray[np.float32]
    bits: NDArray[np.uint8]

    @property
    def dim(self) -> int:
        return int(self.matrix.shape[1])

    @property
    def row_bytes(self) -> int:
        """How many bytes the code of a row takes."""
        return -(-int(self.bits.sum(dtype=np.int64)) // 8)


def decode_coarse(data: bytes, dim: int) -> Scheme:
    """What coarse codes stand for. Raises FormatError if the file breaks a rule."""
    header, arrays = read_container(data, "coarse")
    if header.get("dim") != dim:
        raise FormatError(f"The coarse codes do not have {dim} dimensions.")
    dims = as_count(header.get("dims"), "dims", _MAX_DIM)
    bits = section(header, arrays, "bits", ("u8",), dims)
    scale = section(header, arrays, "scale", ("f32",), dims)
    steps = section(header, arrays, "steps", ("f32",), dims)
    matrix = section(header, arrays, "matrix", ("i8",), dims * dim)
    if not dims or dims > dim or not ((bits >= 1) & (bits <= MOST_BITS)).all():
        raise FormatError(f"Coarse codes have 1 to {dim} directions of 1 to {MOST_BITS} bits.")
    for numbers in (scale, steps):
        if not (np.isfinite(numbers).all() and (numbers > 0).all()):
            raise FormatError("The coarse codes hold an impossible number.")
    scheme = Scheme(matrix.reshape(dims, dim), scale, steps, bits)
    if header.get("row_bytes") != scheme.row_bytes:
        raise FormatError("The coarse codes' row_bytes do not fit their bits.")
    return scheme


def verify_coarse(
    coarse: CoarseFiles, count: int, dim: int, missing: NDArray[np.bool_] | None, read: Read
) -> None:
    """Check all files. `missing`: bool [count]. Raises FormatError if one breaks a rule."""
    total = int(decode_coarse(read(coarse.file), dim).bits.sum(dtype=np.int64))
    row_bytes = -(-total // 8)
    files = FileList(coarse.files, read)
    for number in range(coarse.files.count):
        first, rows = block_span(number, coarse.block, count)
        header, arrays = read_container(read(files.entry(number)), "coarse-codes")
        for key, value in {"first": first, "count": rows, "row_bytes": row_bytes}.items():
            if header.get(key) != value:
                raise FormatError(f"The coarse codes' {key} is not {value}.")
        codes = section(header, arrays, "codes", ("u8",), rows * row_bytes).reshape(rows, row_bytes)
        if total % 8 and (codes[:, -1] >> (total % 8)).any():
            raise FormatError("The bits after a coarse code are not 0.")
        if missing is not None and codes[missing[first : first + rows]].any():
            raise FormatError("A row without an embedding has a coarse code.")
