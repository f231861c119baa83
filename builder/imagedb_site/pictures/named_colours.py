"""Where a file names its colour space by numbers: the `colr` box of AVIF and HEIF, chunks of PNG."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imagedb_site.pictures.gamut import ColourSpace, from_cicp, from_png

_MAX_BOXES = 4_096
_MAX_CHUNKS = 4_096


def named_space(data: bytes) -> ColourSpace | None:
    """Returns the colour space that a file names without a profile or beside one; None if there is none.

    Nothing a file contains makes this raise.
    """
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return _of_png(data)
        return _of_boxes(data) if data[4:8] == b"ftyp" else None
    except (struct.error, IndexError, ValueError, ArithmeticError):
        return None


def _of_png(data: bytes) -> ColourSpace | None:
    """cICP goes before a profile and sRGB, which go before gAMA and cHRM."""
    gamma: int | None = None
    corners: tuple[int, ...] | None = None
    plain = True
    at = 8
    for _ in range(_MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + min(length, 32)]
        at += 12 + length
        if kind == b"IDAT":
            break
        if kind == b"cICP" and length == 4 and body[2:] == b"\0\1":
            return from_cicp(body[0], body[1])
        if kind in (b"sRGB", b"iCCP"):
            plain = False
        elif kind == b"gAMA" and length == 4:
            (gamma,) = struct.unpack(">I", body)
        elif kind == b"cHRM" and length == 32:
            corners = struct.unpack(">8I", body)
    return from_png(gamma, corners) if plain else None


def _of_boxes(data: bytes) -> ColourSpace | None:
    """The `nclx` colours of the main picture; a profile goes before them."""
    meta = next((body for kind, body in _boxes(data) if kind == b"meta"), b"")
    main: int | None = None
    properties: list[tuple[bytes, bytes]] = []
    linked: dict[int, list[int]] = {}
    for kind, body in _boxes(meta[4:]):
        if kind == b"pitm":
            main = int.from_bytes(body[4:6] if body[0] == 0 else body[4:8], "big")
        elif kind == b"iprp":
            for inner, content in _boxes(body):
                if inner == b"ipco":
                    properties = list(_boxes(content))
                elif inner == b"ipma":
                    linked.update(_links(content))
    if main is None:
        return None
    named = None
    for number in linked.get(main, []):
        kind, body = properties[number - 1] if 0 < number <= len(properties) else (b"", b"")
        if kind == b"colr" and body[:4] in (b"prof", b"rICC"):
            return None
        if kind == b"colr" and body[:4] == b"nclx" and named is None:
            named = struct.unpack_from(">HH", body, 4)
    return from_cicp(*named) if named else None


def _links(body: bytes) -> dict[int, list[int]]:
    """Which properties, counted from 1, each item has."""
    version, wide = body[0], body[3] & 1
    (count,) = struct.unpack_from(">I", body, 4)
    found: dict[int, list[int]] = {}
    at = 8
    for _ in range(min(count, _MAX_BOXES)):
        size = 2 if version < 1 else 4
        item = int.from_bytes(body[at : at + size], "big")
        number = body[at + size]
        at += size + 1
        step = 2 if wide else 1
        found[item] = [
            int.from_bytes(body[at + n * step : at + (n + 1) * step], "big")
            & (0x7FFF if wide else 0x7F)
            for n in range(number)
        ]
        at += number * step
    return found


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_MAX_BOXES):
        if at + 8 > len(data):
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        end = len(data) if size == 0 else at + size
        if end < at + head:
            return
        # A box of pixels may be large; only `meta` is copied.
        yield kind, data[at + head : end] if kind != b"mdat" else b""
        at = end
