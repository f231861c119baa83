"""Writes row-sets.json: sets of rows and their stored form (docs/FORMAT.md 1.6), and refused forms."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np

from imagedb_site.rowsets import encode_rows

HERE = Path(__file__).parent


def cases() -> list[dict[str, object]]:
    sets = {
        "no rows": ([], 0),
        "none of many": ([], 1000),
        "the first row": ([0], 1),
        "the last row": ([999], 1000),
        "all rows": (list(range(20)), 20),
        "every second row": (list(range(0, 300, 2)), 300),
        "gaps of two bytes": ([127, 128, 300, 20000], 20001),
        "gaps of five bytes": ([5, 300_000_000, 4_294_967_294], 4_294_967_295),
        "as long as a bitmap": ([3, 9], 16),
        "rows at random": (
            np.flatnonzero(np.random.default_rng(1).random(2000) < 0.3).tolist(),
            2000,
        ),
    }
    return [
        {"name": name, "rows": rows, "count": count, "bytes": encoded(rows, count)}
        for name, (rows, count) in sets.items()
    ]


def encoded(rows: list[int], count: int) -> str:
    return base64.b64encode(encode_rows(np.array(rows, dtype=np.uint32), count)).decode()


REFUSED = [
    {"name": "no mode", "bytes": b"", "count": 10, "size": 0},
    {"name": "an unknown mode", "bytes": b"\2\0", "count": 10, "size": 1},
    {"name": "a number that is cut short", "bytes": b"\0\0\x80", "count": 1000, "size": 2},
    {
        "name": "a number that is too large",
        "bytes": b"\0\xff\xff\xff\xff\xff\1",
        "count": 10,
        "size": 1,
    },
    {"name": "a row behind the end", "bytes": b"\0\x0a", "count": 10, "size": 1},
    {"name": "more rows", "bytes": b"\0\0\0", "count": 10, "size": 1},
    {"name": "fewer rows", "bytes": b"\0\0", "count": 10, "size": 2},
    {"name": "a short bitmap", "bytes": b"\1\xff", "count": 10, "size": 8},
    {"name": "a bit behind the end", "bytes": b"\1\0\x0c", "count": 10, "size": 2},
    {"name": "more bits", "bytes": b"\1\xff\0", "count": 10, "size": 2},
    {"name": "fewer bits", "bytes": b"\1\1\0", "count": 10, "size": 2},
]


def main() -> None:
    refused = [{**case, "bytes": base64.b64encode(case["bytes"]).decode()} for case in REFUSED]
    text = json.dumps({"sets": cases(), "refused": refused}, separators=(",", ":"))
    (HERE / "row-sets.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
