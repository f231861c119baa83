"""The text chunks of a PNG file, read from its bytes.

Damage elsewhere in the file does no harm, and a compressed text is never unpacked beyond its limit.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

from imagedb_site.pictures.texts import decode

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 100_000
_MAX_TEXTS = 200
_MAX_TEXT = 2 << 20
_MAX_TOTAL = 8 << 20


def read_png_text(data: bytes) -> dict[str, list[str]]:
    """Returns the texts of the chunks tEXt, zTXt and iTXt by keyword; empty if `data` is not PNG.

    A text of more than 2 MiB is cut, and all of them together have at most 8 MiB.
    """
    found: dict[str, list[str]] = {}
    total = 0
    for count, (kind, body) in enumerate(_text_chunks(data)):
        keyword, separator, rest = body[: _MAX_TEXT + 1024].partition(b"\0")
        if count >= _MAX_TEXTS or total > _MAX_TOTAL:
            break
        if separator and 0 < len(keyword) < 80:
            text = _text(kind, rest)[:_MAX_TEXT]
            total += len(text)
            found.setdefault(keyword.decode("latin-1").strip(), []).append(text)
    return found


def _text_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:8] != _SIGNATURE:
        return
    at = 8
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return decode(rest)
    if kind == b"zTXt":
        return decode(_unpacked(rest[1:])) if rest[:1] == b"\0" else ""
    packed, method, rest = rest[:1], rest[1:2], rest[2:]
    # A language tag and a translated keyword come before the text.
    parts = rest.split(b"\0", 2)
    if len(parts) < 3 or (packed == b"\1" and method != b"\0"):
        return ""
    body = _unpacked(parts[2]) if packed == b"\1" else parts[2]
    return body.decode("utf-8", "ignore")


def _unpacked(data: bytes) -> bytes:
    """Returns what a zlib stream holds, as far as it is undamaged and within the limit."""
    stream = zlib.decompressobj()
    found = b""
    with suppress(zlib.error):
        # In small steps, so that damage costs only what follows it.
        for at in range(0, len(data), 4096):
            found += stream.decompress(data[at : at + 4096], _MAX_TEXT - len(found) or 1)
            if len(found) >= _MAX_TEXT or stream.eof:
                break
    return found[:_MAX_TEXT]
