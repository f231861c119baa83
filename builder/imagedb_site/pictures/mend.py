"""Damaged files made readable: what can still be used of their bytes, without the parts that are wrong.

No pixel is made up here: segments and chunks that cannot be read are left out, and a file that ends too
early is given an end.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_MAX_TEXT = 1 << 20
_MAX_PADDING = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_PACKED_TEXT = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_WEBP_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_LONE_MARKERS = frozenset({0x00, 0x01, *range(0xD0, 0xD8)})


def mend_png(data: bytes) -> tuple[bytes, str | None] | None:
    """Returns a still PNG of the chunks that are whole, and what was wrong beside the pixels.

    Chunks with a wrong checksum are left out unless they hold pixels, and so are texts and profiles that
    unpack to more than 1 MiB. None if the header itself is damaged.
    """
    if data[:8] != _PNG or data[12:16] != b"IHDR":
        return None
    kept, reason, at = [_PNG], None, 8
    while at + 12 < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        whole = at + 12 + length <= len(data)
        sound = whole and zlib.crc32(kind + body) == int.from_bytes(
            data[at + 8 + length : at + 12 + length], "big"
        )
        at += 12 + length
        if kind == b"IDAT":
            kept.append(_chunk(kind, body))
        elif kind in _CRITICAL and not sound:
            if kind != b"IEND":
                return None
        elif sound and kind in _PACKED_TEXT and _unpacks_too_far(kind, body):
            reason = reason or f"its {kind.decode()} chunk is too large"
        elif sound and kind not in _ANIMATION:
            kept.append(_chunk(kind, body))
        elif not sound and whole:
            reason = reason or "a chunk beside the pixels has a wrong checksum"
        if kind == b"IEND":
            break
    if kept[-1][4:8] != b"IEND":
        kept.append(_chunk(b"IEND", b""))
    return b"".join(kept), reason


def largest_png(data: bytes) -> bytes | None:
    """Returns the bytes from the largest picture of an icon (ICO) on, if that is a PNG."""
    if data[:4] != b"\0\0\1\0":
        return None
    entries = [data[at : at + 16] for at in range(6, 6 + 16 * min(data[4], 64), 16)]
    # A side of 256 is written as 0.
    sizes = [((e[0] or 256) * (e[1] or 256), e[12:16]) for e in entries if len(e) == 16]
    if not sizes:
        return None
    picture = data[int.from_bytes(max(sizes)[1], "little") :]
    return picture if picture[:8] == _PNG else None


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _unpacks_too_far(kind: bytes, body: bytes) -> bool:
    """Whether the compressed part of a chunk is damaged or larger than a text may be."""
    start = body.find(b"\0") + 2
    if kind == b"iTXt":
        if body[start - 1 : start] != b"\x01":
            return len(body) > _MAX_TEXT
        language = body.find(b"\0", start + 1)
        start = body.find(b"\0", language + 1) + 1
        if language < 0 or start < 1:
            return True
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(body[start:], _MAX_TEXT)
    except zlib.error:
        return True
    return not unpacker.eof


def mend_jpeg(data: bytes) -> bytes | None:
    """Returns the JPEG with the segments that are whole, up to the first wrong one after its pixels begin.

    None if no scan is found.
    """
    kept, scans = [b"\xff\xd8"], 0
    for marker, start, end in _segments(data):
        if marker == 0xDA:
            scans += 1
            end = _scan_end(data, end)
        kept.append(data[start:end])
    return b"".join([*kept, b"\xff\xd9"]) if scans else None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yields marker, start and end of each segment. Wrong ones are skipped before the first scan."""
    at, pixels = 2, False
    while 0 <= at < len(data) - 4:
        marker = data[at + 1]
        if data[at] != 0xFF or marker == 0xFF or marker in _LONE_MARKERS:
            # Decoders skip what stands between two segments, and markers that have no segment.
            at = data.find(b"\xff", at + 1)
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xD9:
            return
        if end < at + 4 or end > len(data) or marker < 0xC0:
            if pixels:
                return
            at = data.find(b"\xff", at + 1)
            continue
        yield marker, at, end
        pixels = pixels or marker == 0xDA
        at = _scan_end(data, end) if marker == 0xDA else end


def _scan_end(data: bytes, at: int) -> int:
    """Returns where the entropy-coded data that begin at `at` end."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def mend_webp(data: bytes, filler: bytes) -> bytes | None:
    """Returns the WebP of the chunks that are whole; a cut chunk with the only pixels is padded.

    `filler` is repeated up to the length that the chunk announces: what differs between two fillers was
    not in the file. None if more than half of the chunk is missing.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kept, pixels, at = [b"WEBP"], False, 12
    while at + 8 <= len(data):
        kind = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        missing = length - len(body)
        if missing and not (kind in _WEBP_PIXELS and not pixels):
            break
        if missing > min(len(body), _MAX_PADDING):
            return None
        body += (filler * (missing // len(filler) + 1))[:missing]
        kept.append(kind + struct.pack("<I", length) + body + b"\0" * (length % 2))
        pixels = pixels or kind in _WEBP_PIXELS
        at += 8 + length + length % 2
    content = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(content)) + content if pixels else None
