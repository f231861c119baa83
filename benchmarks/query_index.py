"""Collections in memory for the query benchmarks: embeddings of test data, kept between runs; full text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw
import numpy as np
from harness import ROOT, collection, note
from PIL import Image

from imagedb_site import fts
from imagedb_site.encoders import Encoder
from imagedb_site.folding import fold
from imagedb_site.query.index import Column, Floats, Mask, Near, Reach, Rows, Summary
from imagedb_site.query.relevance import SAMPLE
from imagedb_site.query.scan import sample_rows
from imagedb_site.records import FieldSpec
from imagedb_site.site.words import WordCounter
from imagedb_site.text import fts_query, fts_text

CACHE = ROOT / ".cache" / "benchmarks"


class MemoryIndex:
    """An `Index` of embeddings f32[n, dim] and one text per row."""

    fields = (FieldSpec("caption", "Caption", "text", fts=True),)
    fts_columns = ("caption",)

    def __init__(
        self,
        embeddings: Floats,
        texts: Sequence[str],
        temperature: float,
        level: float | None = None,
    ) -> None:
        self.vectors, self.temperature = embeddings, temperature
        self.level = level
        self.order = None
        self.count = len(embeddings)
        self._db = apsw.Connection(":memory:")
        self._db.execute(fts.create_table(["caption"]))
        counter = WordCounter()
        for text in texts:
            counter.add([text])
        self.folded_words = [fold(word) for word, _ in counter.most_common()]
        self._db.executemany(
            "insert into fts(rowid, caption) values (?, ?)",
            [(row + 1, fts_text(text)) for row, text in enumerate(texts)],
        )

    def similarities(self, query: Floats, rows: Rows | None = None) -> Floats:
        some = self.vectors if rows is None else self.vectors[rows]
        return np.asarray(some @ query, dtype=np.float32)

    def nearest(self, query: Floats, k: int, allowed: Mask | None) -> Near:
        similarities = self.similarities(query)
        rows = np.arange(self.count) if allowed is None else np.flatnonzero(allowed)
        best = rows[np.argsort(-similarities[rows], kind="stable")[:k]]
        return Near(best, similarities[best])

    def above(self, query: Floats, limit: float, allowed: Mask | None = None) -> Rows:
        found = self.similarities(query) >= limit
        return np.flatnonzero(found if allowed is None else found & allowed)

    texts = None

    def background(self, query: Floats, *, texts: bool = False) -> Floats:
        return self.similarities(query, sample_rows(self.count, SAMPLE))

    def expect_rows(self, rows: Rows) -> None:
        pass

    def expect_text(self) -> None:
        pass

    def match(self, expression: str, limit: int | None = None) -> Rows:
        sql = "select rowid - 1 from fts where fts match ? order by bm25(fts), rowid limit ?"
        values = (fts_query(expression), -1 if limit is None else limit)
        found = self._db.execute(sql, values).fetchall()
        return np.array([row for (row,) in found], dtype=np.int64)

    def having(self, expression: str) -> Rows:
        return np.sort(self.match(expression))

    def column(self, name: str) -> Column:
        raise KeyError(name)

    def column_blocks(self, name: str, mask: Mask) -> Iterator[tuple[int, Column]]:
        raise KeyError(name)

    def reaching_blocks(self, name: str, reaches: Reach) -> Iterator[tuple[int, Column]]:
        raise KeyError(name)

    def values(self, name: str) -> None:
        return None

    def summary(self, name: str) -> Summary:
        raise KeyError(name)

    def embeddings(self, rows: Rows) -> Floats:
        return np.asarray(self.vectors[rows], dtype=np.float32)

    def held_embeddings(self, rows: Rows) -> Floats:
        return self.embeddings(rows)

    def row_of(self, image_id: str) -> int | None:
        return int(image_id) if image_id.isdigit() and int(image_id) < self.count else None


def embed_files(encoder: Encoder, files: Sequence[Path], name: str) -> Floats:
    """The pictures' embeddings f32[n, dim], made once for a model."""
    place = CACHE / f"{name}-{encoder.pack.encoder_hash}-{len(files)}.npy"
    if place.exists():
        return np.asarray(np.load(place), dtype=np.float32)
    note(f"embedding {len(files)} pictures ({name})")
    found = []
    for at in range(0, len(files), 64):
        pictures = [Image.open(file).convert("RGB") for file in files[at : at + 64]]
        found.append(encoder.encode_images(pictures))
    embeddings = np.concatenate(found).astype(np.float32)
    CACHE.mkdir(parents=True, exist_ok=True)
    np.save(place, embeddings)
    return embeddings


def captioned(part: str) -> tuple[list[Path], list[list[str]]]:
    """Files and captions of a part of the captioned photographs."""
    folder = collection("captioned")
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    chosen = [row for row in rows if row["split"] == part]
    return [folder / row["file"] for row in chosen], [row["captions"] for row in chosen]


def labelled() -> tuple[list[Path], list[str]]:
    """Files and class names of the labelled pictures."""
    files = sorted(file for file in collection("labelled").rglob("*") if file.is_file())
    return files, [file.parent.name for file in files]
