"""Texts per second of the built-in pack, and R@10 of captions by other captions of the same picture."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from imagedb_site.encoders import Encoder
from imagedb_site.models import resolve


def main(captions: Path, count: int = 1000) -> None:
    lines = [json.loads(line) for line in captions.read_text("utf-8").splitlines()]
    # The built-in pack has learned from the captions of the split "train".
    rows = [line["captions"] for line in lines if line["split"] != "train"]
    rows = [row for row in rows if len(row) > 1][:count]
    encoder = Encoder(resolve("builtin"))
    encoder.encode_texts(["warm"])
    start = time.perf_counter()
    stored = encoder.encode_texts([row[0] for row in rows])
    seconds = time.perf_counter() - start
    scores = encoder.encode_texts([row[1] for row in rows]) @ stored.T
    rank = (scores >= np.diag(scores)[:, None]).sum(axis=1) - 1
    print(
        f"rows {len(rows)} texts_per_s {len(rows) / seconds:.0f} r_at_10 {(rank < 10).mean():.3f}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
