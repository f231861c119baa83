"""Messages between the build and its workers: a JSON header and binary parts.

Only data is read from a worker, never a pickle: it may have been taken over by the file it reads.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

_LENGTH = struct.Struct("<I")
_MAX_HEADER = 4 << 20
_MAX_PARTS = 4 << 30


class Broken(Exception):
    """The other side is gone, or sent something that is not a message."""


def send(
    stream: BinaryIO, header: dict[str, Any], parts: Sequence[bytes | memoryview] = ()
) -> None:
    """Writes a message; raises `Broken` if nobody reads it."""
    text = json.dumps({**header, "parts": [len(part) for part in parts]}).encode()
    try:
        stream.write(_LENGTH.pack(len(text)) + text)
        for part in parts:
            stream.write(part)
        stream.flush()
    except (OSError, ValueError) as error:
        raise Broken from error


def receive(stream: BinaryIO) -> tuple[dict[str, Any], list[bytes]]:
    """Reads a message; raises `Broken` at the end of the stream and for anything malformed."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _MAX_HEADER:
        raise Broken
    try:
        header = json.loads(_exactly(stream, length))
        sizes = header["parts"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Broken from error
    if not isinstance(sizes, list) or not all(type(n) is int and n >= 0 for n in sizes):
        raise Broken
    if sum(sizes) > _MAX_PARTS:
        raise Broken
    return header, [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, count: int) -> bytes:
    try:
        data = stream.read(count)
    except (OSError, ValueError) as error:
        raise Broken from error
    if data is None or len(data) != count:
        raise Broken
    return data
