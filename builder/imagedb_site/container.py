"""File entries, the gzip rule and the binary container of docs/FORMAT.md, sections 1.2 and 1.3.

A container is a JSON header followed by named arrays, each starting on a multiple of 16 bytes. Every
file of a published site and of a model pack is written and read through this module.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from imagedb_site.errors import FormatError

MAGIC = b"IDB1"
ALIGNMENT = 16
DTYPES: dict[str, np.dtype[Any]] = {
    "i8": np.dtype("<i1"),
    "u8": np.dtype("<u1"),
    "i16": np.dtype("<i2"),
    "u16": np.dtype("<u2"),
    "i32": np.dtype("<i4"),
    "u32": np.dtype("<u4"),
    "f32": np.dtype("<f4"),
    "f64": np.dtype("<f8"),
}
_NAMES = {(dtype.kind, dtype.itemsize): name for name, dtype in DTYPES.items()}
_GZIP_MAGIC = b"\x1f\x8b"
# No flags, no time stamp, "maximum compression", no operating system: the same everywhere.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


@dataclass(frozen=True)
class FileEntry:
    """Where a file is stored and what it must be: `size` as stored, `raw_size` as decoded, in bytes.

    `index`: the file holds further entries (docs/FORMAT.md 1.4 and 1.5).
    """

    path: str
    size: int
    raw_size: int
    sha256: str
    index: bool = False

    def to_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "path": self.path,
            "bytes": self.size,
            "raw_bytes": self.raw_size,
            "sha256": self.sha256,
        }
        if self.index:
            entry["index"] = True
        return entry


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys and no insignificant space; raises ValueError on NaN and infinities."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def write_container(
    kind: str, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]
) -> bytes:
    """Encode `arrays` (flattened in C order) under a header of `kind` and the given further keys.

    Sections follow one another in the order of `arrays`. Raises FormatError for a dtype that the format
    does not have and for a header key that the container sets itself.
    """
    for key in ("kind", "sections"):
        if key in header:
            raise FormatError(f"The header key “{key}” of a container is set by the writer.")
    sections: dict[str, dict[str, Any]] = {}
    payload: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        dtype = _NAMES.get((array.dtype.kind, array.dtype.itemsize))
        if dtype is None:
            raise FormatError(f"A section cannot hold {array.dtype} (section “{name}”).")
        padding = -offset % ALIGNMENT
        payload.append(b"\0" * padding)
        offset += padding
        data = np.ascontiguousarray(array, dtype=DTYPES[dtype]).tobytes()
        sections[name] = {"dtype": dtype, "offset": offset, "length": int(array.size)}
        payload.append(data)
        offset += len(data)
    text = canonical_json({**header, "kind": kind, "sections": sections})
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *payload])


def read_container(
    data: bytes | memoryview, kind: str
) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Decode a container; returns its header (with `kind` and `sections`) and read-only arrays.

    Every check of docs/FORMAT.md 1.3 is made; a violation raises FormatError.
    """
    view = memoryview(data)
    header, start = _read_header(view, kind)
    size = len(view) - start
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    spans: list[tuple[int, int, str]] = []
    for name, section in header["sections"].items():
        dtype, offset, length = _read_section(name, section)
        end = offset + length * dtype.itemsize
        if end > size:
            raise FormatError(f"Section “{name}” of a {kind} file ends outside the file.")
        if length:
            spans.append((offset, end, name))
        array = np.frombuffer(view, dtype=dtype, count=length, offset=start + offset)
        array.flags.writeable = False
        arrays[name] = array
    spans.sort()
    for (_, end, first), (offset, _, second) in pairwise(spans):
        if offset < end:
            raise FormatError(f"Sections “{first}” and “{second}” of a {kind} file overlap.")
    return header, arrays


def _read_header(view: memoryview, kind: str) -> tuple[dict[str, Any], int]:
    if len(view) < 8 or bytes(view[:4]) != MAGIC:
        raise FormatError(f"A {kind} file does not start with the container's magic “IDB1”.")
    (length,) = struct.unpack("<I", view[4:8])
    start = 8 + int(length)
    if start > len(view):
        raise FormatError(f"The header of a {kind} file ends outside the file.")
    if start % ALIGNMENT:
        raise FormatError(f"The payload of a {kind} file does not start on a multiple of 16.")
    try:
        header = json.loads(bytes(view[8:start]).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"The header of a {kind} file is not JSON.") from error
    if not isinstance(header, dict) or not isinstance(header.get("sections"), dict):
        raise FormatError(f"The header of a {kind} file is not an object with sections.")
    if header.get("kind") != kind:
        found = str(header.get("kind"))[:40]
        raise FormatError(f"A {kind} file was expected, but its kind is “{found}”.")
    return header, start


def _read_section(name: str, section: object) -> tuple[np.dtype[Any], int, int]:
    if not isinstance(section, dict):
        raise FormatError(f"Section “{name[:40]}” is not an object.")
    dtype = section.get("dtype")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise FormatError(f"Section “{name[:40]}” has an unknown dtype.")
    numbers = []
    for key in ("offset", "length"):
        value = section.get(key)
        if type(value) is not int or value < 0:
            raise FormatError(f"Section “{name[:40]}” has no valid {key}.")
        numbers.append(value)
    offset, length = numbers
    if offset % ALIGNMENT:
        raise FormatError(f"Section “{name[:40]}” does not start on a multiple of 16.")
    return DTYPES[dtype], offset, length


def gzip_bytes(data: bytes | memoryview, level: int = 9) -> bytes:
    """One gzip member without name or time stamp, so that the same bytes give the same file."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    body, end = packer.compress(data), packer.flush()
    checks = struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"".join([_GZIP_HEADER, body, end, checks])


def gunzip_if(data: bytes, limit: int) -> bytes:
    """Returns `data` itself, or its decompressed content if it starts with the gzip magic.

    Raises FormatError if the gzip data are damaged or the result has more than `limit` bytes; never
    more than that is held in memory.
    """
    if data[:2] == _GZIP_MAGIC:
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            data = unpacker.decompress(data, limit + 1)
            if len(data) <= limit and not unpacker.eof:
                # An output of exactly `limit` bytes can leave the member's checksum unread.
                data += unpacker.decompress(unpacker.unconsumed_tail, 1)
        except zlib.error as error:
            raise FormatError("A gzip-compressed file is damaged.") from error
        if len(data) <= limit and not unpacker.eof:
            raise FormatError("A gzip-compressed file is cut short.")
        if unpacker.unused_data:
            raise FormatError("A gzip-compressed file has bytes after its end.")
    if len(data) > limit:
        raise FormatError(f"A file holds more than the {limit:,} bytes that were announced.")
    return data
