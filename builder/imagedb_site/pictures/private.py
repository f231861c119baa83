"""Originals without the place and the device they were taken with.

The pixels are not touched: only the segments around them are left out, and a small EXIF block with what
may stay (orientation, date, camera, exposure, author, rights) takes their place.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from imagedb_site.picture_files import read_picture
from imagedb_site.pictures.metadata import read_secrets
from imagedb_site.pictures.privacy import Secrets, reveals
from imagedb_site.pictures.texts import as_utf8, to_text
from imagedb_site.pictures.types import DecodeError
from imagedb_site.records import PictureRef

_KEPT = {
    *(0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x013B, 0x8298),
}
_KEPT_DETAIL = {
    *(0x829A, 0x829D, 0x8822, 0x8827, 0x9003, 0x9004, 0x9204, 0x9207, 0x9209, 0x920A),
    *(0xA001, 0xA402, 0xA403, 0xA405, 0xA406, 0xA432, 0xA433, 0xA434),
}
_MAX_TEXT = 10_000
_MAX_PROFILE = 16 << 20
_EXIF_IFD = 0x8769
_MAX_BYTES = 512 << 20
_KEPT_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs "
    b"acTL fcTL fdAT".split()
)
_KEPT_RIFF = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_BAD = (ValueError, IndexError, struct.error, zlib.error, OSError, SyntaxError, TypeError, KeyError)


def strip_private(picture: PictureRef | Path, sha256: str | None = None) -> bytes | None:
    """Returns the picture's bytes without position, serial numbers, owner and maker notes.

    Works on JPEG (the first picture of a file that holds several), PNG and WebP; `None` for any other
    format and for files too damaged to be sure. Raises `DecodeError` if the file cannot be read, or if its
    content is not the one with the hash `sha256`.
    """
    try:
        data = read_picture(picture, _MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "input/output error").lower()
        raise DecodeError(f"the file cannot be read: {reason}", "missing") from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise DecodeError("the file changed during the build", "missing")
    if len(data) > _MAX_BYTES:
        return None
    try:
        if data[:3] == b"\xff\xd8\xff":
            return _strip_jpeg(data, _secrets(data))
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return _strip_png(data, _secrets(data))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _strip_webp(data, _secrets(data))
    except _BAD:
        return None
    return None


def _public_exif(block: bytes, secrets: Secrets) -> bytes:
    """Returns a new EXIF block ("Exif\\0\\0" and TIFF) with the harmless tags of `block`."""
    try:
        old = Image.Exif()
        old.load(block)
        new = Image.Exif()
        for tag in _KEPT & set(old):
            if _is_public(old[tag], secrets):
                new[tag] = old[tag]
        detail = old.get_ifd(_EXIF_IFD)
        kept = {
            tag: detail[tag]
            for tag in _KEPT_DETAIL & set(detail)
            if _is_public(detail[tag], secrets)
        }
        if kept:
            new.get_ifd(_EXIF_IFD).update(kept)
        return bytes(new.tobytes()) if len(new) or kept else b""
    except Exception:  # hostile EXIF: nothing of it is kept
        return b""


def _is_public(value: object, secrets: Secrets) -> bool:
    """Whether a value has neither the owner's name nor anything that a text may reveal."""
    # Pillow reads all texts as Latin-1; "©" in UTF-8 must not hide the name behind it.
    text = as_utf8(value) if isinstance(value, str) else value
    return not (isinstance(text, str | bytes) and secrets.has(to_text(text, _MAX_TEXT)))


def _secrets(data: bytes) -> Secrets:
    """Returns the owners and serial numbers that the file names, to find them in its other texts."""
    try:
        return read_secrets(Image.open(io.BytesIO(data)), data)
    except Exception as error:  # hostile files
        raise ValueError("no picture") from error


def _strip_jpeg(data: bytes, secrets: Secrets) -> bytes:
    kept: list[bytes] = []
    exif = b""
    for marker, segment, rest in jpeg_segments(data):
        body = segment[4:]
        if marker == 0xE1 and body.startswith(b"Exif\0") and not exif:
            exif = _public_exif(body, secrets)
        if _is_kept(marker, body):
            kept.append(_bare_segment(marker, segment))
        if marker == 0xDA:
            _check_profile(b"".join(one[18:] for one in kept if one[1] == 0xE2))
            head = [b"\xff\xd8"]
            if exif and len(exif) < 65_000:
                head.append(b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif)
            return b"".join([*head, *kept, *_scans(data, rest)])
    raise ValueError("no scan")


def _is_kept(marker: int, body: bytes) -> bool:
    if marker == 0xE2:
        return body.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return body.startswith(b"Adobe")
    if marker == 0xE0:
        return body.startswith(b"JFIF\0")
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _bare_segment(marker: int, segment: bytes) -> bytes:
    """The segment without a thumbnail in its JFIF header, and without what follows the known bytes."""
    if marker == 0xE0:
        return b"\xff\xe0\0\x10" + segment[4:16].ljust(12, b"\0") + b"\0\0"
    if marker == 0xEE:
        return b"\xff\xee\0\x0e" + segment[4:16].ljust(12, b"\0")
    return segment


def _check_profile(profile: bytes) -> None:
    """Raise ValueError if the texts of a colour profile reveal something: it cannot be changed."""
    texts = (profile.decode("latin-1"), profile.decode("utf-16-be", "ignore"))
    if any(reveals(text, ()) for text in texts):
        raise ValueError("a colour profile that reveals something")


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yields marker, whole segment and the place after it, up to the first start of scan."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        while data[at + 1] == 0xFF:
            at += 1
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xD8, 0xD9) or 0xD0 <= marker <= 0xD7:
            raise ValueError("misplaced marker")
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise ValueError("cut short")
        yield marker, data[at:end], end
        at = end


def _scans(data: bytes, at: int, *, whole: bool = False) -> Iterator[bytes]:
    """Yields the entropy-coded data and the tables between scans, to the end of this picture.

    With `whole` also the segments between scans that are not kept.
    """
    while True:
        end = at
        while True:
            end = data.index(b"\xff", end)
            following = data[end + 1]
            if following == 0xFF:
                end += 1
            elif following == 0 or 0xD0 <= following <= 0xD7:
                end += 2
            else:
                break
        yield data[at:end]
        if data[end + 1] == 0xD9:
            yield b"\xff\xd9"
            return
        for marker, segment, after in jpeg_segments(b"\xff\xd8" + data[end : end + 65_600]):
            if whole or _is_kept(marker, segment[4:]):
                yield segment
            at = end + after - 2
            break


def jpeg_end(data: bytes, at: int) -> int:
    """Returns where a JPEG's first picture ends; `at` is the place after its first start of scan."""
    return at + sum(len(part) for part in _scans(data, at, whole=True))


def _strip_png(data: bytes, secrets: Secrets) -> bytes:
    kept = [data[:8]]
    exif = b""
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise ValueError("cut short")
        if kind == b"eXIf":
            exif = _public_exif(b"Exif\0\0" + data[at + 8 : at + 8 + length], secrets)
        if kind == b"iCCP":
            body = data[at + 8 : at + 8 + length]
            packed = body.partition(b"\0")[2][1:]
            _check_profile(body[:80] + zlib.decompressobj().decompress(packed, _MAX_PROFILE))
        if kind in _KEPT_CHUNKS:
            kept.append(data[at:end])
        at = end
        if kind == b"IEND":
            if exif:
                kept.insert(2, _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
            return b"".join(kept)
    raise ValueError("no end")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _strip_webp(data: bytes, secrets: Secrets) -> bytes:
    header = b""
    kept: list[bytes] = []
    exif = b""
    at, stop = 12, min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while at + 8 <= stop:
        kind = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        end = at + 8 + length + length % 2
        if at + 8 + length > len(data):
            raise ValueError("cut short")
        body = data[at + 8 : at + 8 + length]
        if kind == b"VP8X":
            header = body
        elif kind == b"EXIF":
            exif = _public_exif(
                body if body.startswith(b"Exif\0\0") else b"Exif\0\0" + body, secrets
            )
        elif kind in _KEPT_RIFF:
            if kind == b"ICCP":
                _check_profile(body)
            kept.append(_riff(kind, _bare_frame(body) if kind == b"ANMF" else body))
        at = end
    if not kept:
        raise ValueError("no picture")
    if header:
        # Bits 2 and 3 say that XMP and EXIF follow.
        flags = header[0] & ~0x0C | (0x08 if exif else 0)
        kept.insert(0, _riff(b"VP8X", bytes([flags]) + header[1:]))
        if exif:
            kept.append(_riff(b"EXIF", exif.removeprefix(b"Exif\0\0")))
    content = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _bare_frame(body: bytes) -> bytes:
    """A frame of an animation without unknown chunks."""
    kept = [body[:16]]
    at = 16
    while at + 8 <= len(body):
        (length,) = struct.unpack_from("<I", body, at + 4)
        if body[at : at + 4] in _KEPT_RIFF:
            kept.append(_riff(body[at : at + 4], body[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return b"".join(kept)


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
