"""Decoders of the binary files (docs/FORMAT.md 2.2, 2.3, 2.6): untrusted bytes in, checked arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagedb_site.container import read_container
from imagedb_site.errors import FormatError
from imagedb_site.reader.shape import as_texts

Arrays = dict[str, np.ndarray[Any, Any]]
ColumnValue = float | int | str | list[str] | None

_NUMBER_TYPES = ("u8", "u16", "u32", "i32", "f32", "f64")
_CODE_TYPES = ("u8", "u16", "u32")


@dataclass(frozen=True)
class Thumbnail:
    """`hash16` names the file; the picture's bytes are `offset … offset+length` of it."""

    hash16: str
    offset: int
    length: int


@dataclass(frozen=True)
class RowInfo:
    """One row: size of the image in pixels, where its thumbnail lies, its ThumbHash."""

    width: int
    height: int
    thumbnail: Thumbnail | None
    placeholder: bytes


def decode_words(data: bytes, count: int, rows: int) -> list[tuple[str, int]]:
    """The `count` words of the texts of `rows` images, most frequent first (docs/FORMAT.md 2.7)."""
    header, arrays = read_container(data, "words")
    words = as_texts(header.get("words"), "words")
    counts = _section(header, arrays, "counts", ("u32",), count).tolist()
    if len(words) != count or any(not 1 <= number <= rows for number in counts):
        raise FormatError("The words and their counts do not fit each other.")
    if any(before < after for before, after in pairwise(counts)):
        raise FormatError("The words are not in the order of their counts.")
    return list(zip(words, counts, strict=True))


def decode_rows(data: bytes, first: int, count: int) -> list[RowInfo]:
    """A block of rows that must begin at `first` and hold `count`."""
    header, arrays = read_container(data, "rows")
    if header.get("first") != first or header.get("count") != count:
        raise FormatError("A rows file is not the block it should be.")
    for name in ("width", "height", "offset", "length"):
        _section(header, arrays, name, ("u32",), count)
    packs = _section(header, arrays, "pack", ("u8",), 8 * count).tobytes()
    holders = _section(header, arrays, "placeholder", ("u8",), 32 * count).tobytes()
    rows = []
    columns = (arrays[name].tolist() for name in ("width", "height", "offset", "length"))
    for index, (width, height, offset, length) in enumerate(zip(*columns, strict=True)):
        size, holder = holders[32 * index], holders[32 * index + 1 : 32 * index + 32]
        if size > 31 or any(holder[size:]):
            raise FormatError(f"Row {first + index:,} has a damaged placeholder.")
        name = packs[8 * index : 8 * index + 8].hex()
        thumbnail = Thumbnail(name, offset, length) if length else None
        rows.append(RowInfo(width, height, thumbnail, holder[:size]))
    return rows


def decode_ids(data: bytes, count: int) -> list[str]:
    """The image ids in row order."""
    header, arrays = read_container(data, "ids")
    if header.get("count") != count:
        raise FormatError("The ids file is of another collection.")
    text = _section(header, arrays, "ids", ("u8",), 8 * count).tobytes().hex()
    ids = [text[start : start + 16] for start in range(0, len(text), 16)]
    if len(set(ids)) != count:
        raise FormatError("Two images have the same id.")
    return ids


def decode_column(data: bytes, field_type: str, count: int) -> list[ColumnValue]:
    """A field's value for every row, None where missing.

    Numbers and dates (in seconds) are numbers, categories and booleans their text, tags lists.
    """
    header, arrays = read_container(data, "column")
    if header.get("count") != count:
        raise FormatError("A column is of another collection.")
    if field_type in ("number", "date"):
        allowed = ("f64",) if field_type == "date" else _NUMBER_TYPES
        values = _section(header, arrays, "values", allowed, count)
        missing = is_missing(values)
        pairs = zip(values.tolist(), missing.tolist(), strict=True)
        return [None if absent else value for value, absent in pairs]
    names = as_texts(header.get("values"), "A column's values")
    if len(set(names)) != len(names):
        raise FormatError("A column names a value twice.")
    if field_type == "tags":
        return list(_decode_tags(header, arrays, names, count))
    codes = _section(header, arrays, "codes", _CODE_TYPES, count)
    absent_code = int(np.iinfo(codes.dtype).max)
    texts: list[ColumnValue] = []
    for code in codes.tolist():
        if code != absent_code and code >= len(names):
            raise FormatError("A column has a code without a value.")
        texts.append(None if code == absent_code else names[code])
    return texts


def is_missing(values: np.ndarray[Any, Any]) -> NDArray[np.bool_]:
    """Which numbers of a column stand for “missing”."""
    if values.dtype.kind == "f":
        if np.isinf(values).any():
            raise FormatError("A column holds an infinite number.")
        return np.asarray(np.isnan(values))
    limits = np.iinfo(values.dtype)
    return np.asarray(values == (limits.max if values.dtype.kind == "u" else limits.min))


def _decode_tags(
    header: dict[str, Any], arrays: Arrays, names: list[str], count: int
) -> list[list[str]]:
    offsets = _section(header, arrays, "offsets", ("u32",), count + 1).astype(np.int64)
    codes = _section(header, arrays, "codes", ("u16", "u32"), None)
    if offsets[0] != 0 or offsets[-1] != len(codes) or (np.diff(offsets) < 0).any():
        raise FormatError("A column of tags has damaged offsets.")
    if len(codes) and int(codes.max()) >= len(names):
        raise FormatError("A column has a code without a value.")
    tags = [names[code] for code in codes.tolist()]
    bounds = offsets.tolist()
    return [tags[start:end] for start, end in pairwise(bounds)]


@dataclass(frozen=True)
class FlatVectors:
    """`mean` and `scale`: float32 [dim]; `codes`: int8 [count, dim]."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    codes: NDArray[np.int8]

    def embeddings(self) -> NDArray[np.float32]:
        """float32 [count, dim], as near to the encoder's as the codes allow."""
        return np.asarray(self.mean + self.scale * self.codes, dtype=np.float32)

    def similarities(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Similarity of every row to `query`, float32 [dim]: float32 [count]."""
        weights = (query * self.scale).astype(np.float64)
        bias = float(query.astype(np.float64) @ self.mean)
        return np.asarray(self.codes @ weights + bias, dtype=np.float32)


def decode_vectors(data: bytes, count: int, dim: int) -> FlatVectors:
    header, arrays = read_container(data, "vectors")
    padded = -(-dim // 16) * 16
    expected = {"codec": "int8", "count": count, "dim": dim, "padded_dim": padded}
    for key, value in expected.items():
        if header.get(key) != value:
            raise FormatError(f"The vectors' {key} is not {value}.")
    mean = _section(header, arrays, "mean", ("f32",), dim)
    scale = _section(header, arrays, "scale", ("f32",), dim)
    groups = -(-count // 4)
    flat = _section(header, arrays, "codes", ("i8",), 4 * padded * groups)
    if not (np.isfinite(mean).all() and np.isfinite(scale).all() and (scale > 0).all()):
        raise FormatError("The vectors' mean or scale holds an impossible number.")
    if len(flat) and int(flat.min()) < -127:
        raise FormatError("The vectors hold a code below -127.")
    codes = flat.reshape(groups, padded // 16, 4, 16).transpose(0, 2, 1, 3).reshape(-1, padded)
    if codes[count:].any() or codes[:, dim:].any():
        raise FormatError("The vectors' padding is not 0.")
    return FlatVectors(mean, scale, np.ascontiguousarray(codes[:count, :dim]))


def _section(
    header: dict[str, Any],
    arrays: Arrays,
    name: str,
    dtypes: tuple[str, ...],
    length: int | None,
) -> np.ndarray[Any, Any]:
    array = arrays.get(name)
    if array is None:
        raise FormatError(f"The section “{name}” is missing.")
    if header["sections"][name]["dtype"] not in dtypes:
        raise FormatError(f"The section “{name}” has the wrong type.")
    if length is not None and len(array) != length:
        raise FormatError(f"The section “{name}” has {len(array):,} elements, not {length:,}.")
    return array


def block_span(index: int, block: int, count: int) -> tuple[int, int]:
    """First row and number of rows of the block `index`."""
    first = index * block
    return first, min(block, count - first)
