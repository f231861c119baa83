"""The start page of a site: its cover, its sections, and the pictures that they show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .config import BuildConfig
from .cover import make_cover
from .errors import UsageError
from .keys import key_of
from .mapping import Refusal
from .placed_site import PlacedEmbeddings, PlacedRows
from .records import FieldSpec
from .site import MeaningMap, SiteHome
from .site.clusters import assign, fit_cells

_USUAL = ("topics", "on-this-day")
_SHOWN = 24
"""The most pictures of a section."""
_FEWEST = 60
"""A smaller collection has no sample: its first screens show all of it."""
_FITTED = 8192
"""The most rows from which a sample is chosen."""
_GROUPS = 3
"""A sample is chosen from this number of groups for each of its pictures."""
_TAKEN = ("taken", "date", "created", "painted", "drawn", "year")
"""Names of fields that say when a picture was made, the best first."""


def make_home(
    config: BuildConfig,
    rows: PlacedRows,
    fields: Sequence[FieldSpec],
    embeddings: PlacedEmbeddings | None,
    made: MeaningMap | Refusal | None,
) -> SiteHome:
    """What the start page shows. Raises UsageError if there is no such cover, or if it cannot be used."""
    # By default the collection itself begins on the first screen, also of a phone.
    sections = tuple(name for name in config.home or _USUAL if name != "none")
    topics = made if isinstance(made, MeaningMap) else None
    recent, dated = _recent(rows, fields) if "recent" in sections else ([], None)
    return SiteHome(
        sections=sections,
        sample=_sample(rows, embeddings, topics) if "sample" in sections else [],
        recent=recent,
        dated=dated,
        cover=_cover(config, rows) if config.cover else None,
    )


def _cover(config: BuildConfig, rows: PlacedRows) -> bytes:
    given = config.cover or ""
    path = Path(given)
    key = given
    if config.source == "folder" and path.is_file():
        folder = config.pictures.resolve()
        if path.resolve().is_relative_to(folder):
            key = key_of(path.resolve().relative_to(folder).as_posix())
    row = rows.placed.row_of(key)
    if row is not None:
        data = rows.view(row) or rows.thumbnail(row)
        if data is None:
            raise UsageError(f"The cover {given} has no picture.", "Choose one that has.")
    else:
        try:
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The cover {given} is neither a picture of the collection nor a file that can be read.",
                "Give the path of a picture below the picture folder, or of any picture file.",
            ) from error
    return make_cover(data, given)


def _sample(
    rows: PlacedRows, embeddings: PlacedEmbeddings | None, made: MeaningMap | None
) -> list[int]:
    """Rows with pictures that differ from each other: of each topic, of each group, or at equal distances."""
    pictured = rows.placed.has_picture()
    if np.count_nonzero(pictured) < _FEWEST:
        return []
    if made and len(made.topics) >= _SHOWN // 2:
        middles = [
            next((row for row in topic.rows if pictured[row]), None) for topic in made.topics
        ]
        return list(dict.fromkeys(row for row in middles if row is not None))[:_SHOWN]
    able = np.flatnonzero(pictured)
    if embeddings is None:
        return [int(row) for row in able[np.arange(_SHOWN) * len(able) // _SHOWN]]
    chosen = able if len(able) <= _FITTED else able[np.arange(_FITTED) * len(able) // _FITTED]
    return [int(row) for row in chosen[different(_rows_of(embeddings, chosen), _SHOWN)]]


def _rows_of(embeddings: PlacedEmbeddings, wanted: NDArray[np.int64]) -> NDArray[np.float32]:
    """The embeddings of some rows, which rise."""
    found, first = [], 0
    for block in embeddings.blocks():
        inside = wanted[(wanted >= first) & (wanted < first + len(block))]
        found.append(block[inside - first])
        first += len(block)
    return np.concatenate(found)


def different(vectors: NDArray[np.float32], most: int) -> list[int]:
    """Returns the places in float32 [n, dim] of at most `most` rows that differ from each other.

    Each is from the middle of a group of rows that are alike, so that it is not an odd one. The first is of
    the largest group, each other one is the most unlike those before it. The same rows give the same answer.
    """
    centres = fit_cells(vectors, _GROUPS * most)
    group = assign(vectors, centres)
    distance = np.square(vectors - centres[group]).sum(axis=1)
    sizes = np.bincount(group, minlength=len(centres))
    members = [np.flatnonzero(group == number) for number in np.argsort(-sizes, kind="stable")]
    middles = [int(rows[distance[rows].argmin()]) for rows in members if len(rows)]
    near = np.full(len(middles), np.inf, dtype=np.float32)
    chosen = [0]
    while len(chosen) < min(most, len(middles)):
        apart = vectors[middles] - vectors[middles[chosen[-1]]]
        near = np.minimum(near, np.square(apart).sum(axis=1))
        # Pictures that are the same are not taken twice.
        near[chosen] = -1
        chosen.append(int(near.argmax()))
    return [middles[place] for place in chosen]


def _recent(rows: PlacedRows, fields: Sequence[FieldSpec]) -> tuple[list[int], str | None]:
    """The newest rows with pictures: by a date of the collection, else by the time of their files."""
    dates = [spec.name for spec in fields if spec.type == "date" and spec.column]
    best = sorted(dates, key=lambda name: _TAKEN.index(name) if name in _TAKEN else len(_TAKEN))
    if not best:
        return rows.placed.newest_files(_SHOWN), None
    dated = [
        (str(row.fields[best[0]]), number)
        for number, row in enumerate(rows)
        if best[0] in row.fields and row.thumbnail is not None
    ]
    # The normal form of dates has the order of texts.
    dated.sort(key=lambda pair: (pair[0], -pair[1]), reverse=True)
    return [number for _, number in dated[:_SHOWN]], best[0]
