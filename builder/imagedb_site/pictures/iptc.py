"""The IPTC block of a file, as the names of its datasets and their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PIL import Image

from imagedb_site.pictures.texts import decode

_NAMES = {
    5: "ObjectName",
    25: "Keywords",
    80: "By-line",
    90: "City",
    92: "Sublocation",
    95: "Province-State",
    101: "Country",
    105: "Headline",
    110: "Credit",
    116: "CopyrightNotice",
    120: "Caption",
}
_RESOURCE = 0x0404
_TIFF_TAG = 33723
_PNG_PROFILES = ("Raw profile type iptc", "Raw profile type 8bim", "Raw profile type APP13")
_MAX_VALUES = 200
_MAX_DATASETS = 5_000
_MAX_BYTES = 4 << 20


def read_iptc(image: Image.Image, texts: Mapping[str, list[str]]) -> dict[int, list[str]]:
    """Returns the strings of IPTC record 2 by dataset number; `texts` are those of a PNG file.

    They are UTF-8 if the block says so (`ESC % G`) or if they are valid UTF-8, else Windows-1252. Of a block
    that is damaged, what stands before the damage is read.
    """
    found: dict[int, list[str]] = {}
    utf8 = False
    for record, number, value in _datasets(_block(image, texts)):
        if (record, number) == (1, 90):
            utf8 = b"\x1b%G" in value
        elif record == 2:
            several = found.setdefault(number, [])
            if len(several) < _MAX_VALUES:
                several.append(value.decode("utf-8", "ignore") if utf8 else decode(value))
    return found


def iptc_values(iptc: Mapping[int, list[str]]) -> dict[str, list[str]]:
    """Returns the datasets that become fields by `IPTC name`."""
    return {f"IPTC {name}": iptc[number] for number, name in _NAMES.items() if number in iptc}


def _block(image: Image.Image, texts: Mapping[str, list[str]]) -> bytes:
    """Returns the block from where a JPEG, TIFF or PNG file has it; empty if there is none."""
    try:
        resources = image.info.get("photoshop")
        block = resources.get(_RESOURCE) if isinstance(resources, dict) else None
        if block is None and image.format == "TIFF":
            # Photoshop says that its bytes are 32-bit numbers; only the raw data is right.
            block = image.tag_v2._tagdata.get(_TIFF_TAG)  # type: ignore[attr-defined]
    except Exception:  # hostile files
        block = None
    if isinstance(block, bytes):
        return block[:_MAX_BYTES]
    for name in _PNG_PROFILES:
        for text in texts.get(name, ()):
            return _unwrapped(_of_hex(text))
    return b""


def _of_hex(text: str) -> bytes:
    """Returns a profile as ImageMagick and exiftool write it: a name, a length and hexadecimal digits."""
    parts = text.split(None, 2)
    try:
        return bytes.fromhex("".join(parts[2].split())) if len(parts) == 3 else b""
    except ValueError:
        return b""


def _unwrapped(block: bytes) -> bytes:
    """Returns the IPTC data of a block of Photoshop resources, or the block itself."""
    at = block.find(b"8BIM\x04\x04")
    if at < 0:
        return block
    # A name with its length, padded to an even number of bytes, comes before the size.
    at += 6
    at += (block[at] if at < len(block) else 0) // 2 * 2 + 2
    size = int.from_bytes(block[at : at + 4], "big")
    return block[at + 4 : at + 4 + size]


def _datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yields record, number and value of each dataset, up to the first that is damaged."""
    at = 0
    for _ in range(_MAX_DATASETS):
        if at + 5 > len(block) or block[at] != 0x1C:
            return
        record, number = block[at + 1], block[at + 2]
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:
            # A long dataset: the size says how many bytes its size has.
            width = size & 0x7FFF
            if width > 4:
                return
            size = int.from_bytes(block[at : at + width], "big")
            at += width
        yield record, number, block[at : at + size]
        at += size
