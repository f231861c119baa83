"""Codes of embeddings compared: recall@10 at equal bytes a row, without and with a rerank.

    make bench NAME=codes            # 256 dimensions, sets real and fitted256, 200,000 rows at most

Every row is scored (no cells are left out), so a figure is that of the code alone. Text and picture queries
are apart. `alone` is recall@10 of the ten best by code, against the ten best in float32; `reranked` is that
of the ten best by int8 of the 60 best by code. Bytes are those of a row with all that its code needs.

one bit     signs of the rows less their mean, after a random or a learned rotation (ITQ), without and with
            RaBitQ's length and factor of each row
rabitq      RaBitQ and its extension to 2 … 4 bits
turboquant  random rotation, levels for normal values; `qjl`: one of the bits for signs of the error
water       query-aware rotation, 0 … 8 bits a dimension; `cells`: of residuals to cells of 244 rows
pq          product quantization
int8        what the rerank reads
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import vector_codes as codes
from harness import emit, note
from vector_fit import Floats, Rows, nearest
from vector_sets import K, load

ROWS = 200_000
QUERIES = 200
RERANKED = 60
CELL_ROWS = 244
SIZES = (32, 48, 64, 80, 96, 128)

Code = Callable[[], Floats]


def ways(rows: Floats, learn: Floats) -> Iterator[tuple[str, int, Code]]:
    """Name, bytes a row, and what makes the code's rows."""
    dim = rows.shape[1]
    turn, learned = codes.random_rotation(dim), codes.itq(rows)
    bit = dim // 8
    yield "one bit, random rotation", bit, lambda: codes.signs(rows, turn, corrected=False)
    yield "one bit, learned rotation", bit, lambda: codes.signs(rows, learned, corrected=False)
    yield (
        "one bit, learned rotation, factors",
        bit + 4,
        lambda: codes.signs(rows, learned, corrected=True),
    )
    for bits in (1, 2, 3, 4):
        yield f"rabitq, {bits} bit", bits * bit + 4, lambda b=bits: codes.rabitq(rows, turn, b)
    for bits in (1, 2, 3, 4):
        yield (
            f"turboquant, {bits} bit",
            bits * bit + 2,
            lambda b=bits: codes.turboquant(rows, turn, b, residual=False),
        )
    for bits in (2, 3, 4):
        yield (
            f"turboquant qjl, {bits} bit",
            bits * bit + 4,
            lambda b=bits: codes.turboquant(rows, turn, b, residual=True),
        )
    for size in (size for size in (32, 64, 128) if dim % size == 0):
        yield "pq", size, lambda s=size: codes.product_quantized(rows, s)
    for size in SIZES:
        yield "water", size, lambda s=size: codes.water_filled(rows, learn, s)
    cells = codes.make_cells(rows, max(1, len(rows) // CELL_ROWS))
    for size in SIZES:
        yield "water, cells", size, lambda s=size: codes.water_filled(rows, learn, s, cells)
    yield "int8", dim, lambda: codes.int8(rows)


def recall(found: Rows, truth: Rows) -> float:
    """The share of the exact answers [q, 10] that are among those found [q, 10]."""
    pairs = zip(found.tolist(), truth.tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs]))


def measure(name: str, rows_wanted: int, only: str | None) -> list[dict[str, Any]]:
    found = load(name)
    rows = np.asarray(found.rows[:rows_wanted], dtype=np.float32)
    queries = {kind: asked[:QUERIES] for kind, asked in found.queries.items()}
    truth = {kind: nearest(asked, rows, K)[0] for kind, asked in queries.items()}
    fine = codes.int8(rows)
    table = []
    for label, size, make in ways(rows, found.learn_texts):
        if only is not None and only not in label:
            continue
        coded = make()
        row: dict[str, Any] = {"code": label, "bytes": size}
        for kind, asked in queries.items():
            best = nearest(asked, coded, RERANKED)[0]
            exact = np.einsum("qd,qkd->qk", asked, fine[best])
            order = np.argsort(-exact, axis=1, kind="stable")[:, :K]
            row[f"{kind}_alone"] = round(recall(best[:, :K], truth[kind]), 3)
            reranked = np.take_along_axis(best, order, 1)
            row[f"{kind}_reranked"] = round(recall(reranked, truth[kind]), 3)
        note(f"  {name}: {row}")
        table.append(row)
    return table


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="*", default=["real", "fitted256"])
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows of a set are used")
    parser.add_argument("--only", help="only codes with this text in their name")
    options = parser.parse_args()
    emit({name: measure(name, options.rows, options.only) for name in options.sets})


if __name__ == "__main__":
    main()
