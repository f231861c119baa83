"""What it costs that results which are alike keep their places (docs/QUERY.md, "Steady places").

    python benchmarks/steady_places.py

For captions of validation pictures, to which nothing was fitted: the first answer is ranked by static rows,
the final one by the text tower. For each margin, in temperatures: recall of the picture of a caption, and
how many of the first 24 places have the same picture in both answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from harness import emit
from query_index import captioned, embed_files

from imagedb_site.encoders import Encoder
from imagedb_site.encoders.static import StaticEncoder
from imagedb_site.packs import BUILTIN_FOLDER, load_pack

MARGINS = (0.0, 0.25, 0.5, 1.0, 2.0)
PAGE = 120
SCREEN = 24
EVERY = 3
"""Every third caption is searched for."""


def placed(
    ranked: Sequence[int], scores: Sequence[float], shown: Sequence[int], margin: float
) -> list[int]:
    """`ranked` in a new order: as many as possible where they are in `shown`."""
    place_of = {row: place for place, row in enumerate(shown)}
    left, order = dict.fromkeys(ranked), list[int]()
    for place in range(len(ranked)):
        best = next(iter(left))
        least = scores[best] - margin
        row = shown[place]
        if row not in left or scores[row] < least:
            free = (r for r in left if scores[r] >= least and place_of.get(r, -1) <= place)
            row = next(free, best)
        del left[row]
        order.append(row)
    return order


def steady_places() -> dict[str, Any]:
    """By margin: `r1`, `r5`, `r10` and `kept`; `static` is the first answer itself."""
    encoder = Encoder(load_pack(BUILTIN_FOLDER))
    files, captions = captioned("val")
    pictures = embed_files(encoder, files, "captioned-val")
    pairs = [(text, row) for row, told in enumerate(captions) for text in told][::EVERY]
    texts = [text for text, _ in pairs]
    nothing = np.zeros(encoder.dim, dtype=np.float32)
    rough = [
        nothing if one is None else one for one in StaticEncoder(encoder.pack).encode_queries(texts)
    ]
    before, after = np.stack(rough) @ pictures.T, encoder.encode_texts(texts) @ pictures.T
    temperature = encoder.pack.manifest["calibration"]["temperature"]
    shown = np.argsort(-before, axis=1, kind="stable")[:, :PAGE].tolist()
    ranked = np.argsort(-after, axis=1, kind="stable")[:, :PAGE].tolist()

    def measured(orders: list[list[int]]) -> dict[str, float]:
        own = [
            order.index(row) if row in order else PAGE
            for (_, row), order in zip(pairs, orders, strict=True)
        ]
        kept = [
            sum(a == b for a, b in zip(old[:SCREEN], new[:SCREEN], strict=True))
            for old, new in zip(shown, orders, strict=True)
        ]
        recall = {f"r{k}": round(float(np.mean(np.less(own, k))), 3) for k in (1, 5, 10)}
        return {**recall, "kept": round(float(np.mean(kept)), 1)}

    found: dict[str, Any] = {"captions": len(texts), "static": measured(shown)}
    for margin in MARGINS:
        orders = [
            placed(ranked[i], after[i], shown[i], margin * temperature) for i in range(len(texts))
        ]
        found[f"margin_{margin}"] = measured(orders)
    return found


if __name__ == "__main__":
    emit(steady_places())
