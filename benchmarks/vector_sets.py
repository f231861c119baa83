"""Sets of embeddings with queries and exact answers, for benchmarks of vector search.

    nice python benchmarks/vector_sets.py real fitted256 fitted512 isotropic smooth
    IMAGEDB_VECTOR_SETS=/big/disk python benchmarks/vector_sets.py …

They take 2.2 GB, in ~/.cache/imagedb-bench/vectors unless the variable says otherwise.

A set is a folder of `X.npy` (float16 [rows, dim]), `text_queries.npy` and `picture_queries.npy` (float32),
`text_truth.npy` and `picture_truth.npy` (int32 [queries, 10]: the ten nearest rows by inner product in
float32), `learn_texts.npy` (float32: other texts, to learn rotations and routing from) and `about.json`.

real        real embeddings of the built-in pack: all test pictures, and views of them (vector_views.py)
fitted256   1,000,000 rows fitted to the first view of each picture (vector_fit.py)
fitted512   the same lifted to 512 dimensions (`lifted`): there is no encoder of 512 dimensions here
isotropic   1,000,000 × 256, hard: a slow spectrum, weak clusters, two outlier dimensions, texts off the rest
smooth      1,000,000 × 256, hard: a 40-dimensional curved surface without clusters, and noise

Text queries of real and fitted sets are captions and alt texts of pictures, and class names. No picture that
is a query, and no other view of it, is a row; drawn picture queries are drawn as the rows are.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from harness import DATA, emit, note
from numpy.typing import NDArray
from vector_fit import Floats, fit, likeness, nearest, unit
from vector_hard import HARD
from vector_views import ROWS, SETS, embed_views, pictures, views

from imagedb_site.encoders import Encoder
from imagedb_site.packs import BUILTIN_FOLDER, load_pack

MILLION = 1_000_000
QUERIES = 400
K = 10
NAMES = ("real", "fitted256", "fitted512", *HARD)


@dataclass(frozen=True)
class VectorSet:
    """A set as its files are; `rows` is mapped, float16 [rows, dim]."""

    name: str
    rows: NDArray[np.float16]
    queries: dict[str, Floats]
    truth: dict[str, NDArray[np.int32]]
    learn_texts: Floats

    @property
    def dim(self) -> int:
        return int(self.rows.shape[1])


def load(name: str, sets: Path = SETS) -> VectorSet:
    """The set; it is made first if it is not there."""
    folder = sets / name
    if not (folder / "about.json").is_file():
        make(name, sets)
    kinds = ("text", "picture")
    return VectorSet(
        name,
        np.load(folder / "X.npy", mmap_mode="r"),
        {kind: np.load(folder / f"{kind}_queries.npy") for kind in kinds},
        {kind: np.load(folder / f"{kind}_truth.npy") for kind in kinds},
        np.load(folder / "learn_texts.npy"),
    )


def texts() -> tuple[list[str], list[str]]:
    """Text queries, and texts to learn from. No caption is in both, and their pictures are different."""

    def lines(folder: str) -> list[dict[str, Any]]:
        file = DATA / folder / "captions.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    rng = np.random.default_rng(5)
    told = lines("captioned")
    unseen = [row["captions"] for row in told if row["split"] != "train"]
    described = [row["captions"][0] for row in lines("open") if row["captions"]]
    order = rng.permutation(len(described))
    classes = sorted(path.name.replace("_", " ").lower() for path in (DATA / "labelled").glob("*/"))
    asked = [captions[n % 5] for n, captions in enumerate(unseen)]
    queries = [
        *rng.choice(asked, QUERIES // 2, replace=False).tolist(),
        *(described[n] for n in order[: QUERIES // 4]),
        *rng.choice(classes, QUERIES // 4, replace=False).tolist(),
    ]
    learn = [
        captions[0] for row in told if row["split"] == "train" for captions in (row["captions"],)
    ]
    learn += [described[n] for n in order[QUERIES // 4 :]]
    wanted = set(queries)
    return queries, [text for text in learn if text not in wanted]


def embedded_texts(sets: Path) -> tuple[Floats, Floats]:
    """The embeddings of `texts`."""
    file = sets / "texts.npz"
    if not file.is_file():
        encoder = Encoder(load_pack(BUILTIN_FOLDER))
        queries, learn = texts()
        note(f"embedding {len(queries) + len(learn):,} texts")
        np.savez(file, queries=encoder.encode_texts(queries), learn=encoder.encode_texts(learn))
    found = np.load(file)
    return found["queries"], found["learn"]


def _originals(sets: Path) -> tuple[Floats, Floats]:
    """The embeddings of pictures as they are: those that are rows, and those that are queries."""
    first = views(sets / "views", 0)
    if first is None:
        embed_views(sets / "views", 1)
        first = views(sets / "views", 0)
    asked = _asked()
    kept = np.setdiff1d(np.flatnonzero(first.any(axis=1)), asked)
    return unit(first[kept]), unit(first[asked][first[asked].any(axis=1)])


def _asked() -> NDArray[np.int64]:
    """The numbers of the pictures that are queries."""
    return np.sort(np.random.default_rng(6).choice(len(pictures()), QUERIES, replace=False))


def _real(sets: Path, folder: Path) -> dict[str, Any]:
    embed_views(sets / "views", ROWS + QUERIES * 10)
    queries, learn = embedded_texts(sets)
    asked, found, view = _asked(), [], 0
    while (one := views(sets / "views", view)) is not None:
        one[asked] = 0
        found.append(one[one.any(axis=1)])
        view += 1
    _write(folder, found, sum(map(len, found)), queries, _originals(sets)[1], learn)
    return {"views_per_picture": view, "pictures": len(found[0])}


def _fitted(sets: Path, folder: Path) -> dict[str, Any]:
    real, unseen = _originals(sets)
    queries, learn = embedded_texts(sets)
    model = fit(real)
    asked = model.rows(QUERIES, 8)
    _write(folder, model.blocks(MILLION, 7), MILLION, queries, asked, learn)
    rows = np.load(folder / "X.npy", mmap_mode="r")
    return {"noise": model.noise, "likeness": likeness(real, rows, queries, unseen)}


def lifted(rows: Floats, texts: bool, seed: int) -> Floats:
    """Rows of 256 dimensions in 512: turned by a fixed rotation, with a further spectrum of their own.

    What the second half adds is independent noise that falls off as 1/√i and carries 10 % of the squared
    length (of texts 20 %, as their own directions are): the largest towers spread the same pictures over
    more directions, most of which say little. This is an assumption, not a measurement.
    """
    rng = np.random.default_rng(seed)
    dim = rows.shape[1]
    spread = 1 / np.sqrt(np.arange(1, dim + 1))
    spread = (spread / np.linalg.norm(spread)).astype(np.float32)
    share = 0.2 if texts else 0.1
    more = rng.standard_normal(rows.shape).astype(np.float32) * spread * np.float32(np.sqrt(share))
    turn = np.linalg.qr(np.random.default_rng(9).standard_normal((2 * dim, 2 * dim)))[0]
    both = np.concatenate([rows * np.float32(np.sqrt(1 - share)), more], axis=1)
    return unit(both @ turn.astype(np.float32))


def _fitted512(sets: Path, folder: Path) -> dict[str, Any]:
    base = load("fitted256", sets)
    blocks = (
        lifted(base.rows[first : first + 20_000].astype(np.float32), False, 10 + first)
        for first in range(0, len(base.rows), 20_000)
    )
    asked = {k: lifted(q, k == "text", 3 + len(k)) for k, q in base.queries.items()}
    learn = lifted(base.learn_texts, True, 5)
    _write(folder, blocks, len(base.rows), asked["text"], asked["picture"], learn)
    return {"base": "fitted256"}


def _write(
    folder: Path, blocks: Iterable[Floats], count: int, text: Floats, picture: Floats, learn: Floats
) -> None:
    """All files of a set but `about.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = None
    first = 0
    for block in blocks:
        if rows is None:
            shape = (count, block.shape[1])
            rows = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float16, shape)
        rows[first : first + len(block)] = block
        first += len(block)
    assert rows is not None and first == count
    note(f"{count:,} rows; exact answers")
    for kind, queries in (("text", text), ("picture", picture)):
        np.save(folder / f"{kind}_queries.npy", queries.astype(np.float32))
        truth = nearest(queries, rows, K)[0]
        np.save(folder / f"{kind}_truth.npy", truth.astype(np.int32))
    np.save(folder / "learn_texts.npy", learn.astype(np.float32))
    rows.flush()


def _hard(name: str, folder: Path) -> dict[str, Any]:
    source = HARD[name]()
    blocks = source.blocks(MILLION)
    _write(
        folder, blocks, MILLION, source.texts(QUERIES), source.pictures(QUERIES), source.texts(8000)
    )
    return {}


def make(name: str, sets: Path = SETS) -> dict[str, Any]:
    """Make a set and describe it in `about.json`."""
    start = time.perf_counter()
    folder = sets / name
    note(f"making {folder}")
    if name == "real":
        found = _real(sets, folder)
    elif name == "fitted256":
        found = _fitted(sets, folder)
    elif name == "fitted512":
        found = _fitted512(sets, folder)
    else:
        found = _hard(name, folder)
    shape = np.load(folder / "X.npy", mmap_mode="r").shape
    about = {"name": name, "rows": shape[0], "dim": shape[1], **found}
    about["seconds"] = round(time.perf_counter() - start, 1)
    (folder / "about.json").write_text(json.dumps(about, indent=1))
    return about


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--sets", type=Path, default=SETS, help="where vector sets are kept")
    options = parser.parse_args()
    emit({name: make(name, options.sets) for name in options.names or NAMES})


if __name__ == "__main__":
    main()
