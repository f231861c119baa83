"""The parts of a site's files, decoded with nothing but docs/FORMAT.md; `plain_site` puts them together."""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Iterator
from typing import Any

SIZES = {
    "i8": "b",
    "u8": "B",
    "i16": "h",
    "u16": "H",
    "i32": "i",
    "u32": "I",
    "f32": "f",
    "f64": "d",
}
MISSING = {"u8": 2**8 - 1, "u16": 2**16 - 1, "u32": 2**32 - 1, "i32": -(2**31)}

Entry = dict[str, Any]


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_entry(value: object) -> bool:
    return isinstance(value, dict) and {"path", "bytes", "raw_bytes", "sha256"} <= set(value)


def entries_in(value: object) -> Iterator[Entry]:
    """Section 1.5: every file entry anywhere in a JSON value."""
    if isinstance(value, dict):
        if is_entry(value):
            yield value
        for item in value.values():
            yield from entries_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from entries_in(item)


def varints(data: list[int] | bytes) -> list[int]:
    """Section 1.6: numbers of seven bits a byte, the low ones first."""
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append(value)
            value = shift = 0
    assert shift == 0
    return found


def records(sections: dict[str, list], name: str) -> list[bytes]:
    """Records one after the other, with the bytes of each in a section of their own."""
    data, found, at = bytes(sections[name]), [], 0
    for size in varints(sections[f"{name}_bytes"]):
        found.append(data[at : at + size])
        at += size
    assert at == len(data)
    return found


def posting(
    stored: bytes, places: bytes, columns: int, count: int
) -> dict[int, list[tuple[int, int]]]:
    """Section 2.8: the column and position of each place, by row."""
    size_bytes = next(at for at, byte in enumerate(stored) if byte < 128) + 1
    (size,) = varints(stored[:size_bytes])
    row_set, often = stored[size_bytes : size_bytes + size], varints(stored[size_bytes + size :])
    if row_set[0] == 0:
        gaps = varints(row_set[1:])
        rows = [gap + at for at, gap in enumerate(itertools.accumulate(gaps))]
    else:
        rows = [row for row in range(count) if row_set[1 + row // 8] >> row % 8 & 1]
    times, at = [1] * len(rows), -1
    for skipped, more in zip(often[::2], often[1::2], strict=True):
        at += skipped + 1
        times[at] = more + 2
    total = sum(times)
    of_place = list(places[len(places) - total :]) if columns > 1 else [0] * total
    steps = varints(places[: len(places) - total] if columns > 1 else places)
    found: dict[int, list[tuple[int, int]]] = {}
    at = 0
    for row, some in zip(rows, times, strict=True):
        found[row] = []
        for column, step in zip(of_place[at : at + some], steps[at : at + some], strict=True):
            before = found[row][-1] if found[row] else (-1, 0)
            position = step + (before[1] + 1 if before[0] == column else 0)
            found[row].append((column, position))
        at += some
    return found


def container(data: bytes, kind: str) -> tuple[dict[str, Any], dict[str, list]]:
    """Section 1.3."""
    assert data[:4] == b"IDB1"
    (length,) = struct.unpack_from("<I", data, 4)
    assert (8 + length) % 16 == 0
    header = json.loads(data[8 : 8 + length])
    assert data[8 : 8 + length].rstrip(b" ") == canonical(header)
    assert header["kind"] == kind
    sections, end = {}, 0
    for name, section in sorted(header["sections"].items(), key=lambda item: item[1]["offset"]):
        assert section["offset"] % 16 == 0 and section["offset"] >= end
        code = f"<{section['length']}{SIZES[section['dtype']]}"
        sections[name] = list(struct.unpack_from(code, data, 8 + length + section["offset"]))
        end = section["offset"] + struct.calcsize(code)
    assert 8 + length + end == len(data)
    return header, sections


def row_set(data: bytes, count: int) -> list[int]:
    """Section 1.6."""
    if data[0] == 1:
        assert len(data) == 1 + (count + 7) // 8
        return [row for row in range(8 * len(data) - 8) if data[1 + row // 8] >> row % 8 & 1]
    return [end - 1 for end in itertools.accumulate(gap + 1 for gap in varints(data[1:]))]


def node_entries(header: dict[str, Any], sections: dict[str, list]) -> list[Entry]:
    """The entries of a node of a list."""
    assert 1 <= header["count"] <= header["fanout"]
    assert len(sections["sha256"]) == 32 * header["count"]
    digests = bytes(sections["sha256"])
    found = []
    sizes = zip(sections["bytes"], sections["raw_bytes"], strict=True)
    for at, (size, raw_size) in enumerate(sizes):
        digest = digests[32 * at : 32 * at + 32].hex()
        path = f"{header['prefix']}{digest[:16]}{header['suffix']}"
        entry: Entry = {"path": path, "bytes": size, "raw_bytes": raw_size, "sha256": digest}
        if header["level"] > 0:
            entry["index"] = True
        found.append(entry)
    return found


def drawn_rows(sections: dict[str, list], count: int) -> list[dict[str, Any]]:
    """Section 2.3: what draws `count` rows."""
    widths = {"id": 8, "width": 1, "height": 1, "pack": 8, "offset": 1, "length": 1}
    for name, width in {**widths, "placeholder": 32}.items():
        assert len(sections[name]) == width * count
    found = []
    for at in range(count):
        holder = bytes(sections["placeholder"][32 * at : 32 * at + 32])
        assert not any(holder[1 + holder[0] :])
        found.append(
            {
                "id": bytes(sections["id"][8 * at : 8 * at + 8]).hex(),
                "width": sections["width"][at],
                "height": sections["height"][at],
                "placeholder": holder[1 : 1 + holder[0]].hex(),
                "pack": bytes(sections["pack"][8 * at : 8 * at + 8]).hex(),
                "offset": sections["offset"][at],
                "length": sections["length"][at],
            }
        )
    return found
