"""Makes the map of a collection: places, topics, names and quality."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagedb_site.mapping import cache, fit
from imagedb_site.mapping.clusters import NONE, Numbers, find_topics
from imagedb_site.mapping.names import PackWords, TopicWords, choose, terms_of, text_fields
from imagedb_site.mapping.nearest import Floats, evenly
from imagedb_site.mapping.quality import measure
from imagedb_site.packs import ModelPack
from imagedb_site.records import FieldSpec, Progress, Value
from imagedb_site.run import RowWorkers
from imagedb_site.site import MapTopic, MeaningMap

LEAST = 5
"""The fewest different embeddings that have a map."""
REFIT = 0.2
"""The map is fitted again if more than this share of its rows are new or gone."""
MISSING = 0xFFFF
_TILES = 4
_VERSION = 1


@dataclass(frozen=True)
class MapRows:
    """What a map is made of, in row order: uint64 `ids`, float32 `vectors` [rows, dim] (zeros for a
    row without an embedding), which rows have the embedding of a text, and the fields of the rows."""

    ids: NDArray[np.uint64]
    vectors: Floats
    texts: NDArray[np.bool_]
    fields: Sequence[FieldSpec]
    values: Iterable[Mapping[str, Value]]


@dataclass(frozen=True)
class Refusal:
    """Why there is no map."""

    reason: str


def make_map(
    rows: MapRows,
    pack: ModelPack,
    folder: Path,
    progress: Progress,
    *,
    again: bool = False,
    workers: RowWorkers | None = None,
) -> MeaningMap | Refusal:
    """Returns the map of the rows. `folder` keeps the places for the next build; `again`: fit it again.

    `workers` place the rows that a large map is not fitted to; this process by default.
    """
    known = np.flatnonzero(rows.vectors.any(axis=1))
    # In the order of the ids, so that the map does not depend on the rows.
    known = known[np.argsort(rows.ids[known], kind="stable")]
    vectors = _comparable(rows.vectors[known], rows.texts[known])
    if len(known) < LEAST:
        return Refusal(f"a map needs at least {LEAST} embeddings, and there are {len(known)}")
    digests = np.array([zlib.crc32(vector.tobytes()) for vector in vectors], dtype=np.uint32)
    if len(np.unique(digests)) < LEAST:
        return Refusal(f"a map needs at least {LEAST} different pictures or texts")
    progress("map", 0, 3)
    key = f"{_VERSION} {pack.encoder_hash} {rows.texts.any()} {fit.SEED}"
    before = None if again else cache.load(folder, key)
    kept = _places(vectors, rows.ids[known], digests, before, workers)
    cache.store(folder, key, kept)
    progress("map", 1, 3)
    topics = find_topics(kept.flat)
    names = _names(rows, known, vectors, topics, pack)
    progress("map", 2, 3)
    flat, space = _whole(len(rows.ids), known, kept.flat), _whole(len(rows.ids), known, kept.space)
    numbers = np.full(len(rows.ids), MISSING, dtype=np.uint16)
    numbers[known] = np.where(topics == NONE, MISSING, topics)
    quality = measure(vectors, kept.flat)
    progress("map", 3, 3)
    return MeaningMap(
        flat=flat,
        space=space,
        row_topics=numbers,
        topics=[
            _topic(words, np.sort(known[topics == number]), flat)
            for number, words in enumerate(names)
        ],
        method={
            "name": "umap",
            "neighbours": fit.NEIGHBOURS,
            "min_dist": fit.MIN_DIST,
            "seed": fit.SEED,
            "fitted": int(np.count_nonzero(kept.fitted)),
        },
        quality=quality,
    )


def map_notes(made: MeaningMap | Refusal | None) -> list[str]:
    """What a report says about the map."""
    if made is None:
        return []
    if isinstance(made, Refusal):
        return [f"There is no map: {made.reason}."]
    count = int(np.count_nonzero(made.flat[:, 0] != MISSING))
    text = f"The map has {count:,} points and {len(made.topics):,} topics."
    if made.quality is not None:
        kept, trust = made.quality["neighbours_kept"], made.quality["trustworthiness"]
        text += (
            f" Its trustworthiness is {trust:.2f}; {kept:.0%} of the nearest pictures stay near."
        )
    return [text]


def _comparable(vectors: Floats, texts: NDArray[np.bool_]) -> Floats:
    """Embeddings of pictures and texts lie apart: each kind is taken from its own middle."""
    if texts.any() and not texts.all():
        vectors = vectors.copy()
        for kind in (texts, ~texts):
            vectors[kind] -= vectors[kind].mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def _places(
    vectors: Floats,
    ids: NDArray[np.uint64],
    digests: NDArray[np.uint32],
    before: cache.Kept | None,
    workers: RowWorkers | None = None,
) -> cache.Kept:
    """The places of rows in the order of their ids: those of `before`, or of a new fit."""
    flat = np.zeros((len(ids), 2), dtype=np.uint16)
    space = np.zeros((len(ids), 3), dtype=np.uint16)
    there = np.zeros(len(ids), dtype=np.bool_)
    fitted = np.zeros(len(ids), dtype=np.bool_)
    if before is not None and len(before.ids):
        at = np.minimum(np.searchsorted(before.ids, ids), len(before.ids) - 1)
        there = (before.ids[at] == ids) & (before.digests[at] == digests)
        flat[there], space[there] = before.flat[at[there]], before.space[at[there]]
        fitted[there] = before.fitted[at[there]]
        # Rows that were placed since the last fit count as new, too.
        wanted = min(len(ids), fit.FIT_LIMIT)
        gone = int(np.count_nonzero(before.fitted)) - int(np.count_nonzero(fitted))
        if gone > REFIT * wanted or np.count_nonzero(fitted) < (1 - REFIT) * wanted:
            there[:] = False
    if not there.any():
        fitted[:] = False
        chosen = evenly(len(ids), fit.FIT_LIMIT)
        fitted[chosen] = there[chosen] = True
        flat[chosen], space[chosen] = fit.fit(vectors[chosen])
    if not there.all():
        base = fitted & there
        flat[~there], space[~there] = fit.place(
            *(vectors[~there], vectors[base], flat[base], space[base]),
            workers=workers if len(ids) > fit.FIT_LIMIT else None,
        )
    return cache.Kept(ids, digests, fitted, flat, space)


def _names(
    rows: MapRows,
    known: NDArray[np.int64],
    vectors: Floats,
    topics: Numbers,
    pack: ModelPack,
) -> list[list[str]]:
    """The words of each topic, from the texts of its rows, or from the model pack."""
    count = int(topics.max(initial=NONE)) + 1
    by_row = np.full(len(rows.ids), NONE, dtype=np.int64)
    by_row[known] = topics
    words, fields = TopicWords(by_row), text_fields(rows.fields)
    if count:
        for row, values in enumerate(rows.values):
            words.add(row, terms_of(values, fields))
    best = [words.best(number) for number in range(count)]
    if any(len(found) < 2 for found in best):
        middle, near = vectors.mean(axis=0), PackWords.of(pack)
        for number, found in enumerate(best):
            if len(found) < 2 and near is not None:
                direction = vectors[topics == number].mean(axis=0) - middle
                best[number] = [*found, *(one for one in near.near(direction) if one not in found)]
    return choose(best)


def _whole(count: int, known: NDArray[np.int64], places: fit.Places) -> fit.Places:
    whole = np.full((count, places.shape[1]), MISSING, dtype=np.uint16)
    whole[known] = places
    return whole


def _topic(words: Sequence[str], rows: NDArray[np.int64], flat: fit.Places) -> MapTopic:
    """A topic of some rows. Its middle is the median, which stays among the points."""
    points = flat[rows].astype(np.float64)
    middle = np.rint(np.median(points, axis=0))
    near = np.argsort(np.square(points - middle).sum(axis=1), kind="stable")[:_TILES]
    name = ", ".join(words) or f"{len(rows):,} pictures"
    return MapTopic(
        name, list(words), len(rows), int(middle[0]), int(middle[1]), rows[near].tolist()
    )
