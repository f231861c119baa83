"""Makes tests/golden/packed.json: packed coarse codes and their values, for numpy, scripts and WebAssembly.

PYTHONPATH=builder python tests/golden/make_packed.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from imagedb_site.site.coarse import pack_bits

TARGET = Path(__file__).with_name("packed.json")


def cases() -> list[dict[str, Any]]:
    """Every number of bits, alone and beside others, in rows that end inside and at the end of a byte."""
    rng = np.random.default_rng(15)
    layouts = [[bits] * dims for bits in range(1, 8) for dims in (1, 16, 19)]
    layouts += [[1, 7] * 20, [7, 1, 1] * 11, [7] * 15 + [1] * 18, [3, 2, 7, 5] * 8]
    layouts += [rng.integers(1, 8, dims).tolist() for dims in (2, 15, 17, 31, 33, 64, 100, 257)]
    found = []
    for layout in layouts:
        bits = np.array(layout, dtype=np.uint8)
        most = (1 << bits.astype(np.int64)) - 1
        codes = rng.integers(0, most + 1, (6, len(bits)))
        codes[0], codes[1] = 0, most
        values = 2 * codes - most
        packed = pack_bits(codes.astype(np.uint8), bits)
        found.append({"bits": layout, "packed": packed.tobytes().hex(), "values": values.tolist()})
    return found


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case, sort_keys=True) for case in cases())
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
