"""Decodes a file to disk, so that its content is never in memory as a whole (docs/FORMAT.md 1.2)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from imagedb_site.errors import FormatError, StorageError

_CHUNK = 1 << 20


def unpack(data: bytes, size: int, target: Path) -> None:
    """Write the content of `data`, which may be gzip-compressed and must have `size` bytes.

    Raises FormatError if it is damaged or has another size, StorageError if it cannot be written.
    """
    written = 0
    try:
        with target.open("wb") as out:
            for part in _decoded(data):
                written += len(part)
                if written > size:
                    raise FormatError(f"It has more than the {size:,} bytes that were announced.")
                out.write(part)
    except OSError as error:
        raise StorageError(
            f"Cannot write {target}: {error.strerror or error}.",
            "Free some space, or set TMPDIR to a folder that has more.",
        ) from error
    if written != size:
        raise FormatError(f"It has {written:,} bytes, not {size:,}.")


def _decoded(data: bytes) -> Iterator[bytes]:
    """The content of a gzip member in pieces, or the data themselves."""
    if data[:2] != b"\x1f\x8b":
        yield data
        return
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    rest = data
    try:
        while not unpacker.eof:
            part = unpacker.decompress(rest, _CHUNK)
            rest = unpacker.unconsumed_tail
            if not part and not rest and not unpacker.eof:
                raise FormatError("A gzip-compressed file is cut short.")
            yield part
    except zlib.error as error:
        raise FormatError("A gzip-compressed file is damaged.") from error
    if unpacker.unused_data:
        raise FormatError("A gzip-compressed file has bytes after its end.")
