"""A library with something in every table, and changes of it."""

from __future__ import annotations

from pathlib import Path

import apsw
import numpy as np
from library_samples import DIM, FIELDS, content, fill, record, vectors

from imagedb_site.library import Item, Library, StoredLayout, XmpFile


def whole(path: Path, count: int = 4) -> None:
    """A library with something in every table, as a build leaves it."""
    with Library.open(path) as library:
        hashes, _ = fill(library, count)
        for at, content_hash in enumerate(hashes):
            library.put_derivative(content_hash, "big", bytes([at]) * 9000, 2, 1)
        library.put_text_embeddings("enc", ["a" * 32], vectors(1))
        library.put_refusal(content(99), "it is damaged", decoder="d")
        library.put_xmp_file(XmpFile(Path("0.xmp"), "1", {"title": "x"}))
        with library.stage([record(f"{n}.jpg") for n in range(count)]) as stage:
            placed = stage.placed()
            placed.put(
                Item(image.item, f"{n + 1:016x}", image.image, b"%d" % n, {"title": f"boat {n}"})
                for n, image in enumerate(stage.images())
            )
            items, ids = placed.ordered()
            placed.place(items)
            placed.remember(FIELDS, layout_of(ids))
        library.set_meta("model", "none")


def layout_of(ids: np.ndarray) -> StoredLayout:
    count = len(ids)
    return StoredLayout(
        ids=ids,
        pack=np.zeros(count, dtype=np.int32),
        slot=np.arange(count, dtype=np.int32),
        packed=True,
        order=np.arange(count, dtype=np.uint32)[::-1].copy(),
        mean=np.arange(DIM, dtype=np.float32),
        scale=np.ones(DIM, dtype=np.float32),
        thumbnails="thumb",
        encoder="enc",
        grown=2,
        coarse=np.arange(9, dtype=np.uint8),
        cells=np.arange(200, dtype=np.uint8),
    )


def change(path: Path, sql: str, *values: object) -> None:
    db = apsw.Connection(str(path))
    db.execute(sql, values)
    assert db.changes()
    db.close()
