"""How well static rows stand in for the text tower: R@10 of both on captioned validation pictures.

    python benchmarks/static_quality.py

For each caption, whether its picture is among the ten nearest to it. Neither was fitted to these pictures or
captions.
"""

from __future__ import annotations

import numpy as np
from harness import emit
from query_index import captioned, embed_files

from imagedb_site.encoders import Encoder
from imagedb_site.encoders.static import StaticEncoder
from imagedb_site.packs import BUILTIN_FOLDER, load_pack


def static_quality() -> dict[str, float]:
    """`static_r10`, `tower_r10`; `static_cosine`: the mean cosine of both embeddings of a caption."""
    encoder = Encoder(load_pack(BUILTIN_FOLDER))
    files, captions = captioned("val")
    pictures = embed_files(encoder, files, "captioned-val")
    owner = np.array([row for row, told in enumerate(captions) for _ in told])
    texts = [text for told in captions for text in told]
    tower = encoder.encode_texts(texts)
    nothing = np.zeros(encoder.dim, dtype=np.float32)
    found = StaticEncoder(encoder.pack).encode_queries(texts)
    static = np.stack([nothing if one is None else one for one in found])

    def recall(queries: np.ndarray) -> float:
        similar = queries @ pictures.T
        own = similar[np.arange(len(owner)), owner]
        return round(float(((similar > own[:, None]).sum(axis=1) < 10).mean()), 3)

    return {
        "static_r10": recall(static),
        "tower_r10": recall(tower),
        "static_cosine": round(float((static * tower).sum(axis=1).mean()), 3),
    }


if __name__ == "__main__":
    emit(static_quality())
