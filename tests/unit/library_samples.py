"""Small libraries for the tests of the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from imagedb_site.library import Library, RowRecord, StoredImage
from imagedb_site.records import FieldSpec, PictureRef, Record

DIM = 8
FIELDS = [
    FieldSpec("title", "Title", "text", fts=True),
    FieldSpec("tags", "Tags", "tags", fts=True),
    FieldSpec("score", "Score", "number"),
]


def file(key: str, mtime_ns: int = 1, size: int = 2) -> PictureRef:
    return PictureRef(Path(key), mtime_ns, size)


def record(key: str, mtime_ns: int = 1, size: int = 2) -> Record:
    return Record(key, {}, file(key, mtime_ns, size))


def listed(key: str, content_hash: str) -> tuple[str, PictureRef, str]:
    """What `put_files` takes of `record(key)`."""
    return key, file(key), content_hash


def content(number: int) -> str:
    return f"{number:064x}"


def vectors(count: int, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def fill(library: Library, count: int) -> tuple[list[str], np.ndarray]:
    hashes, embeddings = [content(n) for n in range(count)], vectors(count)
    with library.transaction():
        for at, content_hash in enumerate(hashes):
            library.put_image(StoredImage(content_hash, 4, 3, {"title": f"t{at}"}, b"ph"))
            library.put_derivative(content_hash, "thumb", b"webp%d" % at, 2, 1)
            library.put_files([(f"{at}.jpg", file(f"{at}.jpg"), content_hash)])
        library.put_embeddings("enc", hashes, embeddings)
    return hashes, embeddings


def to_derive(
    library: Library,
    records: list[Record],
    recipes: list[str],
    encoder: str | None = None,
    details: str = "",
) -> list[tuple[str, int, bool]]:
    """What a build would have to derive: the key, the missing recipes as bits, an embedding or not."""
    with library.stage(records, details=details) as stage:
        assert stage.plan(recipes, encoder) == len(list(stage.works()))
        return [(key, bits, wants) for key, _, bits, wants in stage.works()]


def rows(hashes: list[str]) -> list[RowRecord]:
    titles = ["Zürich by night", "A boat", "Running dogs", "東京タワー"]
    return [
        RowRecord(f"{at:016x}", f"{at}.jpg", h, 4, 3, {"title": title, "tags": ["x", f"y{at}"]})
        for at, (h, title) in enumerate(zip(hashes, titles, strict=True))
    ]
