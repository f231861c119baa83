"""The EXIF UserComment, whose first eight bytes name the encoding of the rest."""

from __future__ import annotations

from imagedb_site.pictures.texts import as_utf8, decode, decode_comment

_CODE = 8
_MAX_BYTES = 256 << 10


def read_user_comment(value: object, *, big_endian: bool = False) -> str:
    """Returns the comment as text, not yet cleaned; empty if it has none.

    The codes are ASCII (UTF-8 is accepted), UNICODE (UTF-16 in either byte order, and UTF-8 as some programs
    write it), JIS, and eight NULs or anything else for an encoding that is not defined: UTF-8, then
    Windows-1252. `big_endian` is the file's own byte order; it decides if the text does not tell.
    """
    if isinstance(value, str):
        # Written as plain text, against the standard; Pillow read it as Latin-1.
        value = as_utf8(value).encode("utf-8", "replace")
    if isinstance(value, (tuple, list)) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        value = bytes(value)
    if not isinstance(value, bytes):
        return ""
    code, body = value[:_CODE], value[_CODE:_MAX_BYTES]
    match code.rstrip(b"\0 ").upper():
        case b"ASCII":
            return decode_comment(body)
        case b"UNICODE":
            return _unicode(body, big_endian)
        case b"JIS":
            return _japanese(body)
        case b"":
            return _unicode(body, big_endian) if _zeros(body) else decode_comment(body)
        case _:
            # No code at all: the text begins at once.
            return decode_comment(value[:_MAX_BYTES])


def _unicode(body: bytes, big_endian: bool) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "ignore").rstrip("\0")
    if body[:3] == b"\xef\xbb\xbf":
        return body[3:].decode("utf-8", "ignore").rstrip("\0")
    narrow = body.rstrip(b"\0")
    if b"\0" not in narrow and _is_utf8(narrow):
        return narrow.decode("utf-8")
    wide = body[: len(body) & ~1]
    little, big = (wide.decode(f"utf-16-{order}", "ignore").rstrip("\0") for order in ("le", "be"))
    if _plausible(little) == _plausible(big):
        return big if big_endian else little
    return max(little, big, key=_plausible)


def _is_utf8(text: bytes) -> bool:
    """Returns whether bytes without NUL are narrow text and not UTF-16 of Chinese or Japanese."""
    try:
        found = text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    letters = sum(char.isalpha() or char.isspace() for char in found)
    return not found.isascii() or (len(found) > 5 and letters * 20 >= len(found) * 17)


def _zeros(body: bytes) -> bool:
    """Returns whether every second byte is NUL, as in UTF-16 of Latin text."""
    text = body.rstrip(b"\0")[:400]
    return len(text) >= 4 and max(text[0::2].count(0), text[1::2].count(0)) * 3 > len(text)


def _plausible(text: str) -> tuple[int, int]:
    """How much a text looks like one that people write: common characters, and few different blocks."""
    common = sum(_is_common(ord(c)) for c in text)
    blocks = len({ord(c) >> 8 for c in text})
    return common * 256 // max(1, len(text)), -blocks


def _is_common(code: int) -> bool:
    return (
        code in (0x09, 0x0A, 0x0D)
        or 0x20 <= code < 0x7F
        or 0xA0 <= code < 0x0700
        or 0x0900 <= code < 0x1100
        or 0x1E00 <= code < 0x2070
        or 0x3000 <= code < 0x3100
        or 0x4E00 <= code < 0xA000
        or 0xAC00 <= code < 0xD7A4
        or 0xFF00 <= code < 0xFFF0
        or code > 0xFFFF
    )


def _japanese(body: bytes) -> str:
    text = body.rstrip(b"\0 ")
    # Two bytes of Shift_JIS are hardly ever valid in the other two, so that it comes last.
    names = ["iso2022_jp"] if b"\x1b" in text else ["utf-8", "euc_jp", "shift_jis"]
    for name in names:
        try:
            return text.decode(name)
        except UnicodeDecodeError:
            continue
    return decode(text)
